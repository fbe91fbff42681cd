/**
 * Takes loads into a directory. They are written into one beside it, which takes its place when
 * they have been judged; until then, and without that, the directory stays as it was.
 */
import { type FileHandle, mkdir, open, rename, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LOAD_WRITE_BYTES } from "../limits.ts";
import type { OfferedLoad } from "./upload-files.ts";
import type { UploadTarget, UploadVerdict } from "./upload-target.ts";

/** Judges the files in `directory`, and takes over what it accepts. */
export type Judge = (
  directory: string,
  loads: readonly OfferedLoad[],
) => Promise<UploadVerdict> | UploadVerdict;

export class DirectoryTarget implements UploadTarget {
  readonly #arriving: string;
  readonly #leaving: string;
  readonly #gathered = Buffer.alloc(LOAD_WRITE_BYTES);
  #gatheredBytes = 0;
  #file: FileHandle | null = null;
  #loads: readonly OfferedLoad[] = [];

  constructor(
    private readonly directory: string,
    private readonly judge: Judge,
  ) {
    this.#arriving = `${directory}.arriving`;
    this.#leaving = `${directory}.leaving`;
  }

  async room(): Promise<number> {
    const { bavail, bsize } = await statfs(dirname(this.directory));
    return bavail * bsize;
  }

  async begin(loads: readonly OfferedLoad[]): Promise<void> {
    await this.abort();
    this.#loads = loads;
    await mkdir(this.#arriving, { mode: 0o700 });
  }

  async create(name: string): Promise<void> {
    await this.#closeFile();
    this.#gatheredBytes = 0;
    this.#file = await open(join(this.#arriving, name), "w", 0o600);
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

  async finish(): Promise<UploadVerdict> {
    const verdict = await this.judge(this.#arriving, this.#loads);
    if (!verdict.accepted) {
      await this.abort();
      return verdict;
    }
    await rm(this.#leaving, { recursive: true, force: true });
    await rename(this.directory, this.#leaving).catch(unlessMissing);
    await rename(this.#arriving, this.directory);
    await syncDirectory(dirname(this.directory));
    await rm(this.#leaving, { recursive: true, force: true });
    return verdict;
  }

  async abort(): Promise<void> {
    await this.#closeFile();
    await rm(this.#arriving, { recursive: true, force: true });
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

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  await handle.sync().finally(() => handle.close());
}
