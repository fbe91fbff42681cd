/** Destination of loads: it checks them, and nothing changes unless all of them are accepted. */
import type { OfferedLoad } from "./upload-files.ts";

/** Result for loads that were received completely. */
export interface UploadVerdict {
  readonly accepted: boolean;
  /** For the loader and the log: the reason of a refusal, or what follows. */
  readonly why: string;
}

/** Control of the final step of an upload. */
export interface FinishWay {
  /** The upload ended early: whatever is not accepted yet must not be. */
  readonly signal: AbortSignal;
  /** Progress, for people. */
  tell(words: string): void;
}

export interface UploadTarget {
  /** Bytes of free room. */
  room(): Promise<number>;
  /** Begins an upload. @throws Error when nothing can be stored */
  begin(loads: readonly OfferedLoad[]): Promise<void>;
  /** Begins a file, or restarts it: discards its former content. */
  create(name: string): Promise<void>;
  /** Appends to that file. `content` is used until the call resolves. */
  write(content: Uint8Array): Promise<void>;
  /** That file is complete. */
  close(): Promise<void>;
  /** All files are there: checks and accepts them, or leaves everything as it was. */
  finish(way: FinishWay): Promise<UploadVerdict>;
  /** Leaves everything as it was; also when nothing was begun. */
  abort(): Promise<void>;
}
