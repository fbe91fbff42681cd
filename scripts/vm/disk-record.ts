/**
 * The record of a disk by QEMU's driver `blklogwrites`: every write and every flush, in the order
 * of completion. Format: the kernel's dm-log-writes (Linux documentation, device-mapper).
 * Little-endian; the superblock and the head of each entry take a sector each, data follow a
 * write's head.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { RuntimeError } from "../../src/command-line/errors.ts";

const MAGIC = 0x6a73_6677_7368_72n;
const FLAG_FLUSH = 1n;
const FLAG_FUA = 2n;
const FLAG_DISCARD = 4n;
const SECTOR_SIZE_AT = 24;
const HEAD_BYTES = 32;

export interface DiskEntry {
  readonly kind: "write" | "flush" | "discard";
  /** It is on the disk at its completion, without a flush. */
  readonly isForced: boolean;
  /** Bytes from the beginning of the disk. */
  readonly at: number;
  readonly length: number;
  /** For a write: place of its data in the record. */
  readonly dataAt: number;
}

export class DiskRecord {
  readonly entries: readonly DiskEntry[];
  readonly sectorBytes: number;
  readonly #fd: number;

  /**
   * Reads up to the end of QEMU's output, even after a kill, when the count in the superblock is
   * older.
   * @throws RuntimeError when it is no such record
   */
  constructor(file: string) {
    this.#fd = openSync(file, "r");
    const head = Buffer.alloc(HEAD_BYTES);
    readSync(this.#fd, head, 0, HEAD_BYTES, 0);
    if (head.readBigUInt64LE(0) !== MAGIC)
      throw new RuntimeError(`${file}: found no superblock, expected a record of blklogwrites`);
    this.sectorBytes = head.readUInt32LE(SECTOR_SIZE_AT);
    const entries: DiskEntry[] = [];
    for (let at = this.sectorBytes; ; ) {
      if (readSync(this.#fd, head, 0, HEAD_BYTES, at) < HEAD_BYTES) break;
      const [sector, sectors, flags] = [0, 8, 16].map((place) => head.readBigUInt64LE(place));
      if (sectors === 0n && flags === 0n) break; // nothing is written here
      const entry = this.#entry(Number(sector), Number(sectors), flags as bigint, at);
      entries.push(entry);
      at += this.sectorBytes + (entry.kind === "write" ? entry.length : 0);
    }
    this.entries = entries;
  }

  /** Data of a write. */
  data(entry: DiskEntry): Buffer {
    const bytes = Buffer.alloc(entry.length);
    readSync(this.#fd, bytes, 0, entry.length, entry.dataAt);
    return bytes;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #entry(sector: number, sectors: number, flags: bigint, headAt: number): DiskEntry {
    const isFlush = sectors === 0 && (flags & FLAG_FLUSH) !== 0n;
    return {
      kind: isFlush ? "flush" : (flags & FLAG_DISCARD) !== 0n ? "discard" : "write",
      isForced: (flags & FLAG_FUA) !== 0n,
      at: sector * this.sectorBytes,
      length: sectors * this.sectorBytes,
      dataAt: headAt + this.sectorBytes,
    };
  }
}
