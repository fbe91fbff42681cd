/** Status codes of a data load, between loader and target. */
export const STATUS_ACCEPTED = 0x0001;
export const STATUS_IN_PROGRESS = 0x0002;
export const STATUS_COMPLETED = 0x0003;
/** In progress, with the progress in the text. */
export const STATUS_IN_PROGRESS_TEXT = 0x0004;
export const STATUS_DENIED = 0x1000;
export const STATUS_NOT_SUPPORTED = 0x1002;
export const STATUS_ABORTED_BY_TARGET = 0x1003;
export const STATUS_ABORTED_BY_LOADER = 0x1004;
export const STATUS_ABORTED_BY_OPERATOR = 0x1005;
/** For one load or file: it failed. */
export const STATUS_ITEM_FAILED = 0x1007;

const WORDS: Readonly<Record<number, string>> = {
  [STATUS_ACCEPTED]: "accepted",
  [STATUS_IN_PROGRESS]: "in progress",
  [STATUS_COMPLETED]: "completed",
  [STATUS_IN_PROGRESS_TEXT]: "in progress",
  [STATUS_DENIED]: "denied",
  [STATUS_NOT_SUPPORTED]: "not supported",
  [STATUS_ABORTED_BY_TARGET]: "aborted by the target",
  [STATUS_ABORTED_BY_LOADER]: "aborted by the loader",
  [STATUS_ABORTED_BY_OPERATOR]: "aborted by the operator",
  [STATUS_ITEM_FAILED]: "failed",
};

/** `in progress`; for an unknown code its number, `status 1234`. */
export function statusWords(status: number): string {
  return WORDS[status] ?? `status ${status.toString(16).padStart(4, "0")}`;
}
