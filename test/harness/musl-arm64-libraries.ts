/**
 * Requirements of an executable for musl on arm64 on a machine of another processor with glibc:
 * QEMU's user-mode emulation, musl's loader, which setup unpacks from Debian's package for arm64,
 * and, as Debian has none for musl, the libstdc++ and libgcc for glibc (see musl-libraries.ts).
 */
import { copyFileSync, cpSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.ts";

const GLIBC_LIBRARIES = "/usr/aarch64-linux-gnu/lib";
const UNPACKED = join(import.meta.dir, "../../node_modules/.debian/lib");
const STAND_IN = "stand-in.so";

/**
 * Functions that libstdc++ and libgcc take only from glibc. None of them is called by the
 * executable.
 */
const STAND_IN_SOURCE = `
.globl __cxa_thread_atexit_impl, __strftime_l, __getauxval, _dl_find_object, arc4random
.globl __libc_single_threaded
.type __cxa_thread_atexit_impl, %function
.type __strftime_l, %function
.type __getauxval, %function
.type _dl_find_object, %function
.type arc4random, %function
__cxa_thread_atexit_impl:
__strftime_l:
__getauxval:
 mov x0, #0
 ret
_dl_find_object:
arc4random:
 mov x0, #-1
 ret
.bss
.type __libc_single_threaded, %object
.size __libc_single_threaded, 1
__libc_single_threaded: .zero 1
`;

/** The root of a file system with the libraries, in a folder, for as long as that is there. */
export class MuslArm64Libraries {
  constructor(private readonly folder: string) {
    const libraries = join(folder, "lib");
    cpSync(UNPACKED, libraries, { recursive: true, verbatimSymlinks: true });
    for (const name of ["libstdc++.so.6", "libgcc_s.so.1"])
      copyFileSync(realpathSync(join(GLIBC_LIBRARIES, name)), join(libraries, name));
    const [source, object] = [join(folder, "stand-in.s"), join(folder, "stand-in.o")];
    writeFileSync(source, STAND_IN_SOURCE);
    run("aarch64-linux-gnu-as", "-o", object, source);
    run("aarch64-linux-gnu-ld", "-shared", "-o", join(libraries, STAND_IN), object);
  }

  /** Command prefix that runs a program, and none that it starts. */
  get launcher(): string[] {
    return ["qemu-aarch64", "-L", this.folder, "-E", `LD_PRELOAD=/lib/${STAND_IN}`];
  }
}
