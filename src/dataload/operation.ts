/**
 * One operation of a data load of any kind: it reports its status to the loader repeatedly, takes
 * the files that the loader writes, and ends when the loader is silent or ends it, or the aircraft
 * leaves the ground.
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

export type OperationKind = "information" | "upload" | "download" | "media-defined download";

export interface OperationTimes {
  readonly tftp: TftpTimes;
  /** Interval between two statuses. */
  readonly statusMs: number;
  /** An operation ends when its loader has not accepted a status for this long. */
  readonly silenceMs: number;
  /** Time for a human to choose among files. */
  readonly choiceMs: number;
  readonly groundPollMs: number;
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

/** Encodes the status file. */
export type EncodeStatus = (status: OperationStatus) => Uint8Array;

/** The operation ended early. */
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
  /** Current file; "" for none. */
  file = "";
  /** Progress of the whole operation. */
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
  /** Why the last status was not accepted. */
  #refusal = "it does not answer";
  #silence: NodeJS.Timeout | undefined;
  #groundPoll: NodeJS.Timeout | undefined;
  /** Ends the pause between two statuses, so that the last one is sent at once. */
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
   * Runs the operation. If it ends early, it ends in good order: the loader is told.
   * @returns null when it was completed; otherwise the reason
   */
  async run(act: () => Promise<void>): Promise<OperationAborted | null> {
    this.#heard();
    this.#groundPoll = setInterval(() => this.#checkGround(), this.times.groundPollMs);
    try {
      await act();
      // A later reason to end it cannot undo the completion.
      this.#aborted = null;
      this.status = STATUS_COMPLETED;
      this.percent = 100;
    } catch (error) {
      if (this.#aborted === null) this.abort(reasonOf(error));
    }
    clearInterval(this.#groundPoll);
    clearTimeout(this.#silence);
    this.#isTelling = false;
    this.#pause.abort();
    await this.#telling;
    if (!this.#isSilent) await this.#sendLastStatus();
    return this.#aborted;
  }

  /**
   * Begins to report the status. Resolves when the loader has accepted the first one.
   * @throws OperationAborted when it does not
   */
  async begin(encodeStatus: EncodeStatus): Promise<void> {
    this.#encodeStatus = encodeStatus;
    this.#isTelling = true;
    this.#telling = this.#sendStatusRepeatedly();
    await this.#firstStatus.promise;
    this.check();
  }

  /** Ends it, from outside or inside. The first reason counts. */
  abort(reason: OperationAborted): void {
    if (this.#aborted !== null) return;
    this.#aborted = reason;
    this.status = reason.status;
    this.description = reason.message;
    this.#end.abort();
  }

  /** Aborted when the operation ended early. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /** Takes a file that the loader has written; forgets an earlier one. */
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

  /** Throws if the operation ended early. @throws OperationAborted */
  check(): void {
    if (this.#aborted !== null) throw this.#aborted;
  }

  /** Writes a file to the loader, repeatedly while it is silent. @throws TftpError */
  async put(
    file: string,
    content: Uint8Array,
    onProgress?: (bytes: number) => void,
  ): Promise<void> {
    await this.#untilHeard(file, () =>
      this.#client.put(file, content, this.#end.signal, onProgress),
    );
  }

  /** Reads a file of the loader, in the same way. @throws TftpError */
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

  /** Reports the status until the operation is over. */
  async #sendStatusRepeatedly(): Promise<void> {
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

  /** Reports the final status: once, or after a completion until the loader has it. */
  async #sendLastStatus(): Promise<void> {
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

  /** Reports one status. @returns why the loader did not accept it; null when it did */
  async #tell(signal: AbortSignal): Promise<TftpError | null> {
    const { status, description } = this;
    this.#counter = (this.#counter + 1) & 0xffff;
    const content = this.#encodeStatus?.({
      ...{ status, description, counter: this.#counter },
      ...{ exceptionTimerS: 0, estimatedTimeS: -1 },
    });
    if (content === undefined) return null; // it never began
    try {
      await this.#client.put(this.#parts.statusFile, content, signal);
      return null;
    } catch (error) {
      if (error instanceof TftpError) return error;
      return new TftpError("local", (error as Error).message);
    }
  }

  /** The loader is alive. */
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

  #checkGround(): void {
    if (!this.#parts.isOnGround())
      this.abort(
        new OperationAborted(STATUS_ABORTED_BY_TARGET, "the aircraft is no longer on ground"),
      );
  }
}

/** Converts an error to the end of the operation. */
function reasonOf(error: unknown): OperationAborted {
  if (error instanceof OperationAborted) return error;
  return new OperationAborted(STATUS_ABORTED_BY_TARGET, (error as Error).message);
}
