/** First section of both lists of a medium: its set, and its place in the set. */
import type { Cursor } from "./cursor.ts";

export interface MediaSetInfo {
  mediaSet: string;
  /** Number of this medium in the set, from 1. */
  sequence: number;
  /** Number of media in the set, 1 to 255. */
  members: number;
}

/** @throws PartError */
export function readMediaSetInfo(cursor: Cursor): MediaSetInfo {
  const mediaSet = cursor.text("media set part number");
  const sequence = cursor.u8("medium");
  const members = cursor.u8("number of media");
  if (sequence < 1 || sequence > members)
    throw cursor.error("medium", `${sequence} of ${members}`, "1 to the number of media");
  return { mediaSet, sequence, members };
}
