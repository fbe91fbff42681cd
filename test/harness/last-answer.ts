/**
 * How long a server answers for a VIP whose lease is no longer renewed. A seat sends numbered echo
 * requests without a pause, and knows the send time of each answered question. An answer to a
 * question sent after the end of the lease is too late, however long answers travel and whoever is
 * delayed meanwhile.
 */
import { nowUs } from "../../src/io/monotonic-clock.ts";
import type { PacketSocket } from "../../src/io/packet-socket.ts";
import { foldChecksum } from "../../src/wire/bytes.ts";
import { questionsFor } from "./watch/question-frames.ts";

// In a frame with an ICMP echo.
const TYPE_AT = 34;
const CHECKSUM_AT = 36;
const NUMBER_AT = 38;
const ECHO_BYTES = 42;
const REQUEST = 0x0800;
const REPLY = 0;

const NUMBERS = 0x1_0000;
/** This many questions are sent after the end of the lease. */
const ASKED_BEYOND = 100;

export interface LastAnswer {
  /** When the question that was answered last was sent: µs from the end of the lease, negative. */
  readonly lastUs: number;
  readonly answered: number;
  /** Questions sent after the end. */
  readonly beyond: number;
}

export class AnsweredQuestions {
  private readonly frame: Uint8Array;
  private readonly sentUs = new Float64Array(NUMBERS);
  private next = 0;

  /** `socket`: of the seat. Addresses as bytes. */
  constructor(
    private readonly socket: PacketSocket,
    serverHardware: readonly number[],
    seatAddress: readonly number[],
    vip: readonly number[],
  ) {
    const asker = { hardware: [...socket.hardwareAddress], ipv4: seatAddress, ipv6: [] };
    this.frame = Uint8Array.from(questionsFor(asker, serverHardware, vip)[1]);
  }

  /** Asks until the lease, whose end `endUs` reads, is over for good. `stop` is called at once. */
  askOn(endUs: () => number, stop: () => void): LastAnswer {
    while (this.take() >= 0); // of an earlier trial
    let lastAnswered = Number.NEGATIVE_INFINITY;
    let answered = 0;
    const take = (): void => {
      for (let number = this.take(); number >= 0; number = this.take()) {
        answered++;
        lastAnswered = Math.max(lastAnswered, this.sentUs[number] as number);
      }
    };
    stop();
    let beyond = 0;
    for (let asked = 0; asked < NUMBERS && beyond < ASKED_BEYOND; asked++) {
      if (this.ask() >= endUs()) beyond++;
      take();
    }
    Bun.sleepSync(5);
    take();
    return { lastUs: lastAnswered - endUs(), answered, beyond };
  }

  /** @returns when */
  private ask(): number {
    const number = this.next++ % NUMBERS;
    const { bytes, view } = this.socket.received;
    bytes.set(this.frame);
    view.setUint16(NUMBER_AT, 0x4c41);
    view.setUint16(NUMBER_AT + 2, number);
    view.setUint16(CHECKSUM_AT, foldChecksum(REQUEST + 0x4c41 + number));
    const sentUs = nowUs();
    this.sentUs[number] = sentUs;
    this.socket.send(this.socket.received, 0, ECHO_BYTES);
    return sentUs;
  }

  /** The number of the next answer; −1: there is none. */
  private take(): number {
    const { view } = this.socket.received;
    for (let length = this.socket.receive(); length >= 0; length = this.socket.receive()) {
      if (length < ECHO_BYTES || view.getUint16(12) !== 0x0800) continue;
      if (view.getUint16(TYPE_AT) === REPLY && view.getUint16(NUMBER_AT) === 0x4c41)
        return view.getUint16(NUMBER_AT + 2);
    }
    return -1;
  }

  close(): void {
    this.socket.close();
  }
}
