import type { ZmodemSender } from "../../../src/manage/zmodem/zmodem-sender.ts";
import type { Noise } from "./noise.ts";
import type { Receiver } from "./receiver.ts";

export interface LineOptions {
  readonly toReceiver?: Noise;
  readonly toSender?: Noise;
  /** Called every step. */
  readonly inStep?: (nowMs: number) => void;
  /** Nothing passes from then on. */
  readonly cutAfterBytes?: number;
}

const STEP_MS = 50;

/**
 * Both ends in virtual time, with bytes of four subpackets on their way; how many milliseconds
 * passed until the sender was over.
 */
export function runLine(
  sender: ZmodemSender,
  receiver: Receiver,
  options: LineOptions = {},
): number {
  let nowMs = 1000;
  let sentBytes = 0;
  for (; !sender.isOver; nowMs += STEP_MS) {
    if (nowMs > 3_600_000) throw new Error("the sender is not over after an hour");
    options.inStep?.(nowMs);
    const under: Uint8Array[] = [];
    for (let i = 0; i < 4; i++) {
      const bytes = sender.take();
      if (bytes !== null) under.push(bytes);
    }
    for (const bytes of under) {
      sentBytes += bytes.length;
      if (sentBytes <= (options.cutAfterBytes ?? Infinity))
        receiver.receive(options.toReceiver?.pass(bytes) ?? bytes, nowMs);
    }
    receiver.tick(nowMs);
    for (let bytes = receiver.take(); bytes !== null; bytes = receiver.take()) {
      if (sentBytes <= (options.cutAfterBytes ?? Infinity))
        sender.receive(options.toSender?.pass(bytes) ?? bytes, nowMs);
    }
    sender.tick(nowMs);
  }
  return nowMs - 1000;
}
