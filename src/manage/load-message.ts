/** Messages between manage and the process that takes a load (`wingman take`). */
import * as v from "valibot";

const LoadMessageSchema = v.union([
  /** Progress: `checking`, `storing in slot b`. */
  v.strictObject({ doing: v.string(), percent: v.number() }),
  /** Everything is stored: the process waits for {@link ACCEPT_LOAD}, and takes nothing without it. */
  v.strictObject({ asks: v.literal(true) }),
  /** The final message. */
  v.strictObject({ accepted: v.boolean(), why: v.string() }),
]);
export type LoadMessage = v.InferOutput<typeof LoadMessageSchema>;

/** The answer to `asks`. The end of the stream means at any time: leave everything as it was. */
export const ACCEPT_LOAD = "take it\n";

/** One line of JSON. */
export function encodeLoadMessage(message: LoadMessage): string {
  return `${JSON.stringify(message)}\n`;
}

/** @param line without its line feed. @throws when it is no message */
export function decodeLoadMessage(line: string): LoadMessage {
  return v.parse(LoadMessageSchema, JSON.parse(line));
}
