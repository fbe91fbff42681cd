/** Checks whether the next start will find the build that flies. */
import { type FileHandle, open, stat } from "node:fs/promises";
import {
  LOG_EXECUTABLE_REPLACED,
  LOG_EXECUTABLE_RESTORED,
} from "../../catalogue/supervisor-code.ts";
import { RUNNING_EXECUTABLE } from "../../supervisor/own-executable.ts";
import type { WatchedThing } from "./machine-watch.ts";

/** Bytes compared at a time. */
const PIECE_BYTES = 1 << 20;

export class ExecutableWatch implements WatchedThing {
  readonly faultCode = LOG_EXECUTABLE_REPLACED;
  readonly endCode = LOG_EXECUTABLE_RESTORED;
  /** Identity of the last compared file, and the result. */
  #compared = "";
  #isSame = false;

  /**
   * @param file name by which the server was started
   * @param running the executable that flies, wherever it is
   */
  constructor(
    private readonly file: string,
    private readonly running = RUNNING_EXECUTABLE,
  ) {}

  async look(): Promise<string | null> {
    try {
      const [named, own] = await Promise.all([stat(this.file), stat(this.running)]);
      if (named.dev === own.dev && named.ino === own.ino) return null;
      const { dev, ino, size, mtimeMs, ctimeMs } = named;
      const identity = [dev, ino, size, mtimeMs, ctimeMs].join(" ");
      if (identity !== this.#compared) {
        this.#isSame = size === own.size && (await haveSameContent(this.file, this.running));
        this.#compared = identity;
      }
      return this.#isSame ? null : `a different file is at ${this.file}`;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === "ENOENT" ? `no file is at ${this.file}` : `${this.file}: ${code}`;
    }
  }
}

async function haveSameContent(one: string, other: string): Promise<boolean> {
  const files: FileHandle[] = [];
  try {
    files.push(await open(one), await open(other));
    for (let at = 0; ; at += PIECE_BYTES) {
      const [first, second] = await Promise.all(files.map((file) => pieceOf(file, at)));
      if (first === undefined || second === undefined || !first.equals(second)) return false;
      if (first.length === 0) return true;
    }
  } finally {
    for (const file of files) await file.close();
  }
}

async function pieceOf(file: FileHandle, at: number): Promise<Buffer> {
  const piece = Buffer.alloc(PIECE_BYTES);
  let length = 0;
  while (length < PIECE_BYTES) {
    const { bytesRead } = await file.read(piece, length, PIECE_BYTES - length, at + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return piece.subarray(0, length);
}
