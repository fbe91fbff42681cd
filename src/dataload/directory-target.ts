/**
 * Receives loads into a directory, where they stay until they are judged. Accepted loads are copied
 * elsewhere; nothing remains here, whatever the outcome.
 */
import { type FileHandle, mkdir, open, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LOAD_WRITE_BYTES } from "../limits.ts";
import type { FinishWay, UploadTarget, UploadVerdict } from "./upload-target.ts";

export interface DirectoryTargetParts {
  /** A directory only for these loads. */
  readonly directory: string;
  /** Accepted loads are copied into this one. */
  readonly copies: string;
  /** Resolves when the leftovers of an interrupted load are gone. */
  readonly cleaned: Promise<void>;
  /** Judges the files in `directory`, and copies them when it accepts them. */
  judge(directory: string, way: FinishWay): Promise<UploadVerdict>;
}

export class DirectoryTarget implements UploadTarget {
  readonly #gathered = Buffer.alloc(LOAD_WRITE_BYTES);
  #gatheredBytes = 0;
  #file: FileHandle | null = null;

  constructor(private readonly parts: DirectoryTargetParts) {}

  /** Room for the load and its copy. */
  async room(): Promise<number> {
    const [here, there] = [dirname(this.parts.directory), this.parts.copies];
    const [free, freeThere] = await Promise.all([freeBytes(here), freeBytes(there)]);
    const isOneDisk = (await deviceOf(here)) === (await deviceOf(there));
    return isOneDisk ? Math.floor(free / 2) : Math.min(free, freeThere);
  }

  async begin(): Promise<void> {
    await this.parts.cleaned;
    await this.abort();
    await mkdir(this.parts.directory, { mode: 0o700 });
  }

  async create(name: string): Promise<void> {
    await this.#closeFile();
    this.#gatheredBytes = 0;
    this.#file = await open(join(this.parts.directory, name), "w", 0o600);
  }

  async write(content: Uint8Array): Promise<void> {
    for (let at = 0; at < content.length; ) {
      const part = content.subarray(at, at + this.#gathered.length - this.#gatheredBytes);
      this.#gathered.set(part, this.#gatheredBytes);
      this.#gatheredBytes += part.length;
      at += part.length;
      if (this.#gatheredBytes === this.#gathered.length) await this.#flush();
    }
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.#file?.sync();
    await this.#closeFile();
  }

  async finish(way: FinishWay): Promise<UploadVerdict> {
    const verdict = await this.parts.judge(this.parts.directory, way);
    // A file that cannot be removed now does no harm: the next upload or start removes it.
    await this.abort().catch(() => {});
    return verdict;
  }

  async abort(): Promise<void> {
    await this.#closeFile();
    await rm(this.parts.directory, { recursive: true, force: true });
  }

  async #flush(): Promise<void> {
    for (let at = 0; at < this.#gatheredBytes; ) {
      const { bytesWritten } = (await this.#file?.write(
        this.#gathered,
        at,
        this.#gatheredBytes - at,
      )) ?? { bytesWritten: this.#gatheredBytes };
      at += bytesWritten;
    }
    this.#gatheredBytes = 0;
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(await existing(directory));
  return bavail * bsize;
}

async function deviceOf(directory: string): Promise<number> {
  return (await stat(await existing(directory))).dev;
}

/** The directory, or its nearest existing parent. */
async function existing(directory: string): Promise<string> {
  const isThere = await stat(directory).then(
    () => true,
    () => false,
  );
  return isThere || directory === dirname(directory) ? directory : existing(dirname(directory));
}
