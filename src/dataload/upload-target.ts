/** Where loads go: who takes them checks them, and nothing changes unless all of them are taken. */
import type { OfferedLoad } from "./upload-files.ts";

/** What becomes of loads that have come whole. */
export interface UploadVerdict {
  readonly accepted: boolean;
  /** For the loader and the log: why not; what follows. */
  readonly why: string;
}

export interface UploadTarget {
  /** Bytes that there is room for. */
  room(): Promise<number>;
  /** An upload begins. @throws Error when nothing can be stored */
  begin(loads: readonly OfferedLoad[]): Promise<void>;
  /** A file begins, or begins anew: what came of it is forgotten. */
  create(name: string): Promise<void>;
  /** Appends to that file. `content` is used within the call only, until it resolves. */
  write(content: Uint8Array): Promise<void>;
  /** That file is whole. */
  close(): Promise<void>;
  /** All files are there: checks and takes them, or leaves everything as it was. */
  finish(): Promise<UploadVerdict>;
  /** Leaves everything as it was; also when nothing was begun. */
  abort(): Promise<void>;
}
