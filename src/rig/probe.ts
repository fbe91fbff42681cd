/**
 * Messages between seats and services over UDP, port {@link SERVICE_PORT} of every VIP.
 * Little-endian.
 *
 * | offset | type | probe (16 bytes)              | answer (32 bytes)                                  |
 * |--------|------|-------------------------------|----------------------------------------------------|
 * | 0      | u32  | magic "WMPR"                  | magic "WMAN"                                       |
 * | 4      | u16  | number of the seat            | the same                                           |
 * | 6      | u16  | number of the target (VIP)    | the same                                           |
 * | 8      | u32  | sequence number of the target | the same                                           |
 * | 12     | u32  | 0                             | 0                                                  |
 * | 16     | u16  |                               | index of the server that answers                   |
 * | 18     | u16  |                               | index of the function that answers                 |
 * | 20     | u32  |                               | start of the process, milliseconds modulo 2^32     |
 * | 24     | u32  |                               | counter of the process: 1 for its first answer     |
 * | 28     | u32  |                               | 0                                                  |
 *
 * Everything else sent to the port, and every line over TCP, is answered with one line of text:
 * `FUNCTION SERVER COUNTER`.
 */

/** That line, without its end. */
const ANSWER_LINE = /^[a-z0-9][a-z0-9-]{0,31} [a-z0-9][a-z0-9-]{0,31} \d+$/;

export const SERVICE_PORT = 4400;

export const PROBE_MAGIC = 0x52504d57;
export const ANSWER_MAGIC = 0x4e414d57;
export const PROBE_BYTES = 16;
export const ANSWER_BYTES = 32;

export function encodeProbe(view: DataView, seat: number, target: number, sequence: number): void {
  view.setUint32(0, PROBE_MAGIC, true);
  view.setUint16(4, seat, true);
  view.setUint16(6, target, true);
  view.setUint32(8, sequence, true);
  view.setUint32(12, 0, true);
}

/** Whether a service may have sent this line. */
export function isAnswerLine(line: string): boolean {
  return ANSWER_LINE.test(line);
}

/** Whether the `length` bytes in `view` are a probe. */
export function isProbe(view: DataView, length: number): boolean {
  return length === PROBE_BYTES && view.getUint32(0, true) === PROBE_MAGIC;
}

/** Writes the answer to `probe` into `answer` (32 bytes). */
export function encodeAnswer(
  answer: DataView,
  probe: DataView,
  server: number,
  functionIndex: number,
  process: number,
  counter: number,
): void {
  answer.setUint32(0, ANSWER_MAGIC, true);
  for (let at = 4; at < PROBE_BYTES; at += 4) answer.setUint32(at, probe.getUint32(at, true), true);
  answer.setUint16(16, server, true);
  answer.setUint16(18, functionIndex, true);
  answer.setUint32(20, process, true);
  answer.setUint32(24, counter, true);
  answer.setUint32(28, 0, true);
}

/**
 * Whether the `length` bytes in `view` are an answer to a probe of `seat`; the functions below read
 * its fields.
 */
export function isAnswer(view: DataView, length: number, seat: number): boolean {
  return (
    length === ANSWER_BYTES &&
    view.getUint32(0, true) === ANSWER_MAGIC &&
    view.getUint16(4, true) === seat
  );
}

export const answerTarget = (view: DataView): number => view.getUint16(6, true);
export const answerSequence = (view: DataView): number => view.getUint32(8, true);
export const answerServer = (view: DataView): number => view.getUint16(16, true);
export const answerFunction = (view: DataView): number => view.getUint16(18, true);
export const answerProcess = (view: DataView): number => view.getUint32(20, true);
export const answerCounter = (view: DataView): number => view.getUint32(24, true);
