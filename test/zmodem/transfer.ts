import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ZmodemSender } from "../../src/manage/zmodem/zmodem-sender.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import type { Noise } from "../harness/zmodem/noise.ts";
import { RawLine } from "./raw-line.ts";

export interface TransferOptions {
  /** Options of rz, besides binary and quiet. */
  readonly options?: readonly string[];
  readonly toReceiver?: Noise;
  readonly toSender?: Noise;
  /** The sender's seconds in one of ours: what waits for ten seconds need not take ten. */
  readonly haste?: number;
  /** Bytes per second that the line takes; unlimited by default. */
  readonly bytesPerSecond?: number;
  /** Called in every turn, with the bytes that have gone to the receiver. */
  readonly inTurn?: (sentBytes: number, transfer: Transfer) => void;
}

/**
 * The sender's time stops while this process does: on a busy machine it would give up although the
 * receiver had no chance to answer.
 */
const TURN_MS_MAX = 20;

/** A transfer from a sender to the real `rz` at the other end of a pseudo-terminal. */
export class Transfer {
  readonly directory = scratchDirectory("zmodem");
  readonly terminal = new RawLine();
  readonly receiver: Bun.Subprocess;
  /** Nothing passes any more, in either direction, without notice. */
  isCut = false;
  /** The receiver's end of the line is closed. */
  isHungUp = false;
  sentBytes = 0;
  receivedBytes = 0;
  readonly #beganMs = performance.now();

  constructor(
    readonly sender: ZmodemSender,
    readonly options: TransferOptions = {},
  ) {
    this.receiver = Bun.spawn(["rz", "-b", "-q", ...(options.options ?? [])], {
      cwd: this.directory,
      stdio: [this.terminal.otherFd, this.terminal.otherFd, "ignore"],
    });
  }

  /** Runs until the sender is over; the receiver's exit code, null when it had to be killed. */
  async run(): Promise<number | null> {
    const { sender, terminal, options } = this;
    let pending: Uint8Array | null = null;
    let nowMs = this.#beganMs;
    let turnMs = nowMs;
    while (!sender.isOver && !this.isHungUp) {
      let isIdle = true;
      const lastMs = turnMs;
      turnMs = performance.now();
      nowMs += Math.min(turnMs - lastMs, TURN_MS_MAX) * (options.haste ?? 1);
      const come = terminal.read();
      if (come) {
        isIdle = false;
        this.receivedBytes += come.length;
        if (!this.isCut) sender.receive(options.toSender?.pass(come) ?? come, nowMs);
      }
      sender.tick(nowMs);
      if (pending === null) {
        const bytes = sender.take();
        if (bytes !== null) pending = options.toReceiver?.pass(bytes) ?? bytes;
      }
      if (pending !== null && this.#allowance() > 0) {
        const part: Uint8Array = pending.subarray(0, this.#allowance());
        const written: number = this.isCut ? part.length : terminal.write(part);
        this.sentBytes += written;
        if (written > 0) isIdle = false;
        pending = written === pending.length ? null : pending.subarray(written);
      }
      options.inTurn?.(this.sentBytes, this);
      await (isIdle ? Bun.sleep(1) : Promise.resolve());
    }
    return await this.#receiverEnd();
  }

  /** The receiver's files. */
  files(): Record<string, Uint8Array> {
    return Object.fromEntries(
      readdirSync(this.directory).map((name) => [
        name,
        new Uint8Array(readFileSync(join(this.directory, name))),
      ]),
    );
  }

  [Symbol.dispose](): void {
    this.receiver.kill("SIGKILL");
    this.terminal.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #allowance(): number {
    if (this.options.bytesPerSecond === undefined) return 4096;
    const due =
      ((performance.now() - this.#beganMs) / 1000) * this.options.bytesPerSecond - this.sentBytes;
    return Math.max(0, Math.min(4096, Math.floor(due)));
  }

  async #receiverEnd(): Promise<number | null> {
    const end = await Promise.race([this.receiver.exited, Bun.sleep(5000).then(() => null)]);
    return end;
  }
}
