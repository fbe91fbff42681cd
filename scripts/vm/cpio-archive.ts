/** An archive for the initial RAM disk: cpio "newc" (Linux documentation, early-userspace). */

export const CPIO_DIRECTORY = 0o040755;
export const CPIO_FILE = 0o100755;
export const CPIO_LINK = 0o120777;
export const CPIO_CHARACTER_DEVICE = 0o020600;

export interface CpioEntry {
  readonly name: string;
  /** Kind and permissions, as in stat(2). */
  readonly mode: number;
  /** For a link: its target. */
  readonly content?: Uint8Array | string;
  /** Major and minor number of a device. */
  readonly device?: readonly [number, number];
}

const END = "TRAILER!!!";

export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => encode(entry, index + 1));
  return Buffer.concat([...parts, ...encode({ name: END, mode: 0 }, 0)]);
}

function encode({ name, mode, content = "", device = [0, 0] }: CpioEntry, inode: number): Buffer[] {
  const data = Buffer.from(content as Uint8Array);
  const [major, minor] = device;
  const fields = [
    ...[inode, mode, 0, 0, 1, 0, data.length], // user, group, links, time, size
    ...[0, 0, major, minor, Buffer.byteLength(name) + 1, 0],
  ];
  const digits = fields.map((field) => field.toString(16).padStart(8, "0")).join("");
  return [padded(Buffer.from(`070701${digits}${name}\0`)), padded(data)];
}

/** Header with name, then content, each padded to a multiple of 4 bytes. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
