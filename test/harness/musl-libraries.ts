/**
 * Requirements of an executable for musl on a machine with glibc: musl's loader is Debian's package
 * `musl`, but Debian has no libstdc++ for it. The one for glibc works, together with the few
 * functions that only glibc has: the executable calls none of them. On Alpine the packages
 * libstdc++ and libgcc suffice.
 */
import { copyFileSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.ts";

const GLIBC_LIBRARIES = "/lib/x86_64-linux-gnu";
/** Where musl's loader looks for libraries, one folder a line. */
const SEARCH_PATH = "/etc/ld-musl-x86_64.path";
/** libstdc++ asks for glibc's loader by this name. */
const STAND_IN = "ld-linux-x86-64.so.2";

const STAND_IN_SOURCE = `
char __libc_single_threaded;
int __cpu_model[4];
int __cpu_indicator_init(void) { return 0; }
int __cxa_thread_atexit_impl(void *f, void *o, void *d) { return 0; }
unsigned long __strftime_l(void) { return 0; }
int _dl_find_object(void *a, void *b) { return -1; }
unsigned arc4random(void) { return 4; }
`;

/** The libraries in a folder, for as long as it is there. */
export class MuslLibraries {
  readonly #searchPath: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    for (const name of ["libstdc++.so.6", "libgcc_s.so.1"])
      copyFileSync(realpathSync(join(GLIBC_LIBRARIES, name)), join(folder, name));
    const source = join(folder, "stand-in.c");
    writeFileSync(source, STAND_IN_SOURCE);
    run("tcc", "-shared", "-nostdlib", "-o", join(folder, STAND_IN), source);
    this.#searchPath = join(folder, "search.path");
    writeFileSync(this.#searchPath, `${folder}\n/usr/lib/x86_64-linux-musl\n`);
  }

  /**
   * Command prefix that starts a program where musl's loader finds the libraries: in a mount
   * namespace, because the environment would not reach the processes that the program starts.
   */
  get launcher(): string[] {
    const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
    return ["unshare", "--mount", "sh", "-c", script, "sh", this.#searchPath, SEARCH_PATH];
  }
}
