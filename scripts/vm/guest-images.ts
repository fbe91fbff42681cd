/** Images for the start of a guest: RAM disk, read-only root, empty state disk. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { runCommand } from "../../src/rig/command-run.ts";
import { PART_KEY } from "./aircraft.ts";
import {
  CPIO_CHARACTER_DEVICE,
  CPIO_DIRECTORY,
  CPIO_FILE,
  type CpioEntry,
  cpioArchive,
} from "./cpio-archive.ts";
import type { GuestParts } from "./guest-parts.ts";
import { type PartMedia, pemOf, writeMedium } from "./part-media.ts";

const GUEST = join(import.meta.dir, "guest");
/** Directories of the root for mounts, or expected by programs. */
const DIRECTORIES = ["proc", "sys", "dev", "run", "tmp", "root", "bin", "sbin", "etc", "lib64"];

/** Place of the parts' media in the guest, by part number. */
export const MEDIA = "/usr/share/parts";

/** Drivers and the program that mounts the root. */
export function writeRamdisk(file: string, parts: GuestParts): void {
  const modules = parts.modules.map((module) => ({
    ...{ name: `modules/${basename(module)}`, mode: CPIO_FILE, content: readFileSync(module) },
  }));
  const order = parts.modules.map((module) => basename(module)).join("\n");
  const entries: CpioEntry[] = [
    ...["bin", "dev", "modules"].map((name) => ({ name, mode: CPIO_DIRECTORY })),
    { name: "dev/console", mode: CPIO_CHARACTER_DEVICE, device: [5, 1] },
    { name: "bin/busybox", mode: CPIO_FILE, content: readFileSync(parts.busybox) },
    { name: "init", mode: CPIO_FILE, content: readFileSync(join(GUEST, "ramdisk-init.sh")) },
    { name: "modules/order", mode: CPIO_FILE, content: order },
    ...modules,
  ];
  writeFileSync(file, cpioArchive(entries));
}

export interface RootContent {
  /** The flight executable. */
  readonly wingman: string;
  /** Configuration of the aircraft as text; its keys. */
  readonly configuration: string;
  readonly key: Uint8Array;
  readonly parts: PartMedia;
}

/** The read-only root: uncompressed, because an emulated processor would have to unpack it. */
export async function writeRoot(
  file: string,
  stage: string,
  parts: GuestParts,
  content: RootContent,
): Promise<void> {
  for (const name of [...DIRECTORIES, "etc/wingman", "usr/bin", "srv", "var/lib/wingman"])
    mkdirSync(join(stage, name), { recursive: true });
  const put = (from: string, to: string): void => {
    mkdirSync(dirname(join(stage, to)), { recursive: true });
    copyFileSync(from, join(stage, to));
    chmodSync(join(stage, to), 0o755);
  };
  put(parts.busybox, "bin/busybox");
  const applets = (await runCommand([parts.busybox, "--list"])).trim().split("\n");
  for (const applet of applets)
    if (applet !== "busybox") symlinkSync("/bin/busybox", join(stage, "bin", applet));
  symlinkSync("/bin/busybox", join(stage, "sbin/init"));
  for (const name of ["start-up", "head-end", "test-shell"])
    put(join(GUEST, `${name}.sh`), `sbin/${name}`);
  put(join(GUEST, "inittab"), "etc/inittab");
  put(content.wingman, "usr/bin/wingman");
  for (const library of await librariesOf(content.wingman)) put(library, library);
  writeFileSync(join(stage, "etc/wingman/aircraft.json"), content.configuration);
  writeFileSync(join(stage, "etc/wingman/keep-alive.key"), content.key, { mode: 0o600 });
  writeFileSync(join(stage, "etc/wingman", PART_KEY), pemOf(content.parts.publicKey));
  for (const part of [content.parts.real, ...content.parts.small])
    writeMedium(join(stage, MEDIA, part.partNumber), part);
  symlinkSync("/run/server", join(stage, "srv/index.html"));
  const plain = ["-noI", "-noD", "-noF", "-noX", "-all-root", "-no-progress", "-quiet"];
  await runCommand(["mksquashfs", stage, file, ...plain]);
}

/** Paths of the shared libraries and of their loader. */
async function librariesOf(executable: string): Promise<string[]> {
  const text = await runCommand(["ldd", executable]);
  return [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = ""]) => path);
}

/** Room behind the file system of a state disk; checks write marks there that only they read. */
const MARKS_BYTES = 1 << 20;

/**
 * Without metadata checksums: the superblock is written in place, without a journal. A power cut
 * between its two sectors of 512 bytes would leave a superblock with a wrong checksum that cannot
 * be mounted (seen in 4 of 86 cuts).
 */
const FEATURES = "^metadata_csum";

/**
 * An empty ext4 for state and slots, and room for marks behind it.
 * @param sizeMiB of the file system
 */
export async function writeStateDisk(file: string, sizeMiB: number): Promise<void> {
  const bytes = sizeMiB << 20;
  writeFileSync(file, "");
  truncateSync(file, bytes);
  // Everything is written now: what mkfs postpones would be written in flight.
  const whole = "lazy_itable_init=0,lazy_journal_init=0,nodiscard";
  await runCommand(["mkfs.ext4", "-q", "-F", "-b", "4096", "-O", FEATURES, "-E", whole, file]);
  truncateSync(file, bytes + MARKS_BYTES);
}
