/**
 * One operation of a data load, whatever it does: it tells the loader its status again and again,
 * takes what the loader writes, and ends when the loader is silent, ends it, or the aircraft leaves
 * the ground.
 */
import type { OperationStatus } from "./operation-status.ts";
import {
  STATUS_ABORTED_BY_LOADER,
  STATUS_ABORTED_BY_OPERATOR,
  STATUS_ABORTED_BY_TARGET,
  STATUS_ACCEPTED,
  STATUS_COMPLETED,
  statusWords,
} from "./status-code.ts";
import { type FileSink, slept, TftpClient } from "./tftp-client.ts";
import type { Place } from "./tftp-conversation.ts";
import { TftpError } from "./tftp-error.ts";
import type { TftpTimes } from "./tftp-transfer.ts";

export type OperationKind = "information" | "upload" | "download";

export interface OperationTimes {
  readonly tftp: TftpTimes;
  /** From one status to the next. */
  readonly statusMs: number;
  /** An operation whose loader has taken no status for so long is over. */
  readonly silenceMs: number;
  /** A human chooses among files for so long. */
  readonly choiceMs: number;
  readonly groundLookMs: number;
}

export interface OperationParts {
  readonly kind: OperationKind;
  /** Own address. */
  readonly own: string;
  /** TFTP server of the loader. */
  readonly loader: Place;
  readonly times: OperationTimes;
  /** Name of the status file. */
  readonly statusFile: string;
  isOnGround(): boolean;
}

/** Makes the status file. */
export type EncodeStatus = (status: OperationStatus) => Uint8Array;

/** The operation is over before its end. */
export class OperationAborted extends Error {
  override readonly name = "OperationAborted";
  /** @param status STATUS_ABORTED_BY_… or STATUS_DENIED */
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class Operation {
  readonly kind: OperationKind;
  readonly loader: Place;
  readonly times: OperationTimes;
  /** The file that is under way; "" for none. */
  file = "";
  /** Of the whole operation. */
  percent = 0;
  status = STATUS_ACCEPTED;
  description = "";
  readonly #parts: OperationParts;
  readonly #client: TftpClient;
  readonly #end = new AbortController();
  readonly #written = new Map<string, Uint8Array>();
  readonly #firstStatus = Promise.withResolvers<void>();
  #encodeStatus: EncodeStatus | null = null;
  #onWritten: () => void = () => {};
  #counter = 0;
  #aborted: OperationAborted | null = null;
  #isSilent = false;
  /** Why the last status was not taken. */
  #refusal = "it does not answer";
  #silence: NodeJS.Timeout | undefined;
  #groundLook: NodeJS.Timeout | undefined;
  /** Ends the pause between two statuses, so that the last one is told at once. */
  readonly #pause = new AbortController();
  #telling: Promise<void> = Promise.resolve();
  #isTelling = false;

  constructor(parts: OperationParts) {
    this.#parts = parts;
    this.kind = parts.kind;
    this.loader = parts.loader;
    this.times = parts.times;
    const { own, loader, times } = parts;
    this.#client = new TftpClient({ own, server: loader, times: times.tftp });
  }

  /**
   * Does it. Whatever ends it before its end ends it in good order: the loader is told.
   * @returns null when it was completed; otherwise why not
   */
  async run(act: () => Promise<void>): Promise<OperationAborted | null> {
    this.#heard();
    this.#groundLook = setInterval(() => this.#lookAtGround(), this.times.groundLookMs);
    try {
      await act();
      // What has ended it since cannot undo it.
      this.#aborted = null;
      this.status = STATUS_COMPLETED;
      this.percent = 100;
    } catch (error) {
      if (this.#aborted === null) this.abort(reasonOf(error));
    }
    clearInterval(this.#groundLook);
    clearTimeout(this.#silence);
    this.#isTelling = false;
    this.#pause.abort();
    await this.#telling;
    if (!this.#isSilent) await this.#tellLast();
    return this.#aborted;
  }

  /**
   * Tells the status from now on. Resolves when the loader has taken the first one.
   * @throws OperationAborted when it does not
   */
  async begin(encodeStatus: EncodeStatus): Promise<void> {
    this.#encodeStatus = encodeStatus;
    this.#isTelling = true;
    this.#telling = this.#tellOn();
    await this.#firstStatus.promise;
    this.check();
  }

  /** Ends it from outside, or from within. The first reason counts. */
  abort(reason: OperationAborted): void {
    if (this.#aborted !== null) return;
    this.#aborted = reason;
    this.status = reason.status;
    this.description = reason.message;
    this.#end.abort();
  }

  /** The loader has written a file; one that it has written before is forgotten. */
  take(ending: string, content: Uint8Array): void {
    this.#written.set(ending, content);
    this.#onWritten();
  }

  /** Waits for a file that the loader writes. @throws OperationAborted when it does not come */
  async expect(ending: string, withinMs: number): Promise<Uint8Array> {
    const { signal } = this.#end;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    this.#onWritten = () => {
      if (this.#written.has(ending)) resolve();
    };
    this.#onWritten();
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
    this.#onWritten = () => {};
    this.check();
    const content = this.#written.get(ending);
    if (content !== undefined) return content;
    throw new OperationAborted(
      STATUS_ABORTED_BY_TARGET,
      `the loader has written no ${ending} for ${withinMs / 1000} s`,
    );
  }

  /** Goes on only while nothing has ended it. @throws OperationAborted */
  check(): void {
    if (this.#aborted !== null) throw this.#aborted;
  }

  /** Writes a file to the loader, again and again while that is silent. @throws TftpError */
  async put(
    file: string,
    content: Uint8Array,
    onProgress?: (bytes: number) => void,
  ): Promise<void> {
    await this.#untilHeard(file, () =>
      this.#client.put(file, content, this.#end.signal, onProgress),
    );
  }

  /** Reads a file of the loader, likewise. @throws TftpError */
  async get(file: string, sink: FileSink): Promise<void> {
    await this.#untilHeard(file, () => this.#client.get(file, sink, this.#end.signal));
  }

  async #untilHeard(file: string, transfer: () => Promise<void>): Promise<void> {
    this.file = file;
    for (;;) {
      this.check();
      try {
        await transfer();
        return;
      } catch (error) {
        this.check();
        if (!(error instanceof TftpError) || error.failure !== "silent") throw error;
      } finally {
        this.file = "";
      }
      this.file = file;
    }
  }

  /** Until the operation is over. */
  async #tellOn(): Promise<void> {
    const pauseEnd = AbortSignal.any([this.#end.signal, this.#pause.signal]);
    while (this.#isTelling && this.#aborted === null) {
      const error = await this.#tell(this.#end.signal);
      if (error === null) {
        this.#heard();
        this.#firstStatus.resolve();
      } else if (error.abortStatus !== null) this.#onAbort(error.abortStatus);
      else if (error.failure === "refused")
        this.#refusal = `it refuses ${this.#parts.statusFile}: ${error.message}`;
      const { statusMs } = this.times;
      await slept(error === null ? statusMs : statusMs / 10, pauseEnd).catch(() => {});
    }
    this.#firstStatus.resolve();
  }

  /** The status that it ended with: once, or when it was completed until the loader has it. */
  async #tellLast(): Promise<void> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.times.silenceMs);
    while ((await this.#tell(limit.signal)) !== null && this.#aborted === null) {
      await slept(this.times.statusMs / 10, limit.signal).catch(() => {});
      if (!limit.signal.aborted) continue;
      this.description = "completed, but the loader has not taken the last status";
      break;
    }
    clearTimeout(timer);
  }

  /** One status. @returns why the loader has not taken it; null: it has */
  async #tell(signal: AbortSignal): Promise<TftpError | null> {
    const { status, description } = this;
    this.#counter = (this.#counter + 1) & 0xffff;
    const content = this.#encodeStatus?.({
      ...{ status, description, counter: this.#counter },
      ...{ exceptionTimerS: 0, estimatedTimeS: -1 },
    });
    if (content === undefined) return null; // it has never begun
    try {
      await this.#client.put(this.#parts.statusFile, content, signal);
      return null;
    } catch (error) {
      if (error instanceof TftpError) return error;
      return new TftpError("local", (error as Error).message);
    }
  }

  /** The loader lives. */
  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#isSilent = true;
      const words = `the loader has taken no status for ${this.times.silenceMs / 1000} s: ${this.#refusal}`;
      this.abort(new OperationAborted(STATUS_ABORTED_BY_TARGET, words));
    }, this.times.silenceMs);
  }

  #onAbort(status: number): void {
    const isKnown = [STATUS_ABORTED_BY_LOADER, STATUS_ABORTED_BY_OPERATOR].includes(status);
    this.abort(
      new OperationAborted(
        isKnown ? status : STATUS_ABORTED_BY_LOADER,
        isKnown ? statusWords(status) : `aborted by the loader, ${statusWords(status)}`,
      ),
    );
  }

  #lookAtGround(): void {
    if (!this.#parts.isOnGround())
      this.abort(
        new OperationAborted(STATUS_ABORTED_BY_TARGET, "the aircraft is not on ground any more"),
      );
  }
}

/** What an error is to the operation. */
function reasonOf(error: unknown): OperationAborted {
  if (error instanceof OperationAborted) return error;
  return new OperationAborted(STATUS_ABORTED_BY_TARGET, (error as Error).message);
}
