/**
 * Whether this server was drained and not resumed: it survives the engine, the daemon and the
 * machine. The state is known at once; the disk, which may hang, is waited for by nobody and is
 * written again until it has taken it.
 */
import { existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { DRAIN_STORE_AGAIN_MS } from "../limits.ts";

export class DrainStore {
  #isDrained: boolean;
  /** What the disk holds; null: not known. */
  #stored: boolean | null;
  #isWriting = false;
  #hasFailed = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param report an errno when the disk refuses, once; 0 when it has taken the state after that
   */
  constructor(
    private readonly stateDirectory: string,
    private readonly report: (errno: number) => void,
  ) {
    this.#isDrained = existsSync(this.#file);
    this.#stored = this.#isDrained;
  }

  get isDrained(): boolean {
    return this.#isDrained;
  }

  set(isDrained: boolean): void {
    this.#isDrained = isDrained;
    if (!this.#isWriting) void this.#write();
  }

  /** Nothing is tried again. */
  close(): void {
    clearTimeout(this.#timer);
  }

  get #file(): string {
    return join(this.stateDirectory, "drained");
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isWriting = true;
    try {
      while (this.#stored !== this.#isDrained) {
        const wanted = this.#isDrained;
        this.#stored = null;
        await (wanted ? this.#store() : this.#forget());
        this.#stored = wanted;
      }
      if (this.#hasFailed) this.report(0);
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) this.report(Math.abs((error as NodeJS.ErrnoException).errno ?? 0));
      this.#hasFailed = true;
      this.#timer = setTimeout(() => void this.#write(), DRAIN_STORE_AGAIN_MS);
      this.#timer.unref();
    } finally {
      this.#isWriting = false;
    }
  }

  /** Power may fail at any time: after the rename it is there, before it is not. */
  async #store(): Promise<void> {
    await mkdir(this.stateDirectory, { recursive: true, mode: 0o755 });
    const temporary = `${this.#file}.new`;
    const file = await open(temporary, "w", 0o644);
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#file);
    await this.#syncDirectory();
  }

  async #forget(): Promise<void> {
    await rm(this.#file, { force: true });
    await this.#syncDirectory();
  }

  async #syncDirectory(): Promise<void> {
    const directory = await open(this.stateDirectory, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
