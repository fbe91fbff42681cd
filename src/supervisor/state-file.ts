/**
 * A request to this server, in a small file: it survives the engine, the daemon and the machine. It
 * takes effect at once. Nobody waits for the disk, which may hang; writing is repeated until it
 * succeeds.
 */
import { readFileSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { DRAIN_STORE_RETRY_MS } from "../limits.ts";

export class StateFile {
  #text: string | null;
  /** Content on the disk; undefined when unknown. */
  #stored: string | null | undefined;
  #isWriting = false;
  #hasFailed = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param report called with an errno when the disk first refuses; with 0 once it has accepted the
   * state after that
   */
  constructor(
    private readonly file: string,
    private readonly report: (errno: number) => void,
  ) {
    this.#text = textOf(file);
    this.#stored = this.#text;
  }

  /** Content; null when there is no file. */
  get text(): string | null {
    return this.#text;
  }

  set(text: string | null): void {
    this.#text = text;
    if (!this.#isWriting) void this.#write();
  }

  /** Ends the retries. */
  close(): void {
    clearTimeout(this.#timer);
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isWriting = true;
    try {
      while (this.#stored !== this.#text) {
        const wanted = this.#text;
        this.#stored = undefined;
        await (wanted === null ? this.#forget() : this.#store(wanted));
        this.#stored = wanted;
      }
      if (this.#hasFailed) this.report(0);
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) this.report(Math.abs((error as NodeJS.ErrnoException).errno ?? 0));
      this.#hasFailed = true;
      this.#timer = setTimeout(() => void this.#write(), DRAIN_STORE_RETRY_MS);
      this.#timer.unref();
    } finally {
      this.#isWriting = false;
    }
  }

  /**
   * Power may fail at any time: after the rename the new content is there, before it the old one.
   */
  async #store(text: string): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true, mode: 0o755 });
    const temporary = `${this.file}.new`;
    const file = await open(temporary, "w", 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.file);
    await this.#syncDirectory();
  }

  async #forget(): Promise<void> {
    await rm(this.file, { force: true });
    await this.#syncDirectory();
  }

  async #syncDirectory(): Promise<void> {
    const directory = await open(dirname(this.file), "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

/** An unreadable file counts as none. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
