/**
 * `wingman-rig seat`: one seat of the virtual aircraft. It calls every VIP of every function every
 * few milliseconds, keeps a {@link TargetRecord} of each, and listens to the client notices.
 *
 * The loop blocks in ppoll like the flight loop, at real-time priority where permitted, because a
 * seat that oversleeps would miss a gap. Bun's event loop runs now and then for the rig's questions
 * on standard input.
 */
import { nowUs } from "../io/monotonic-clock.ts";
import { MulticastSocket } from "../io/multicast-socket.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { Poller } from "../io/poller.ts";
import { becomeRealtime } from "../io/realtime.ts";
import { decodeNotice } from "../wire/client-notice.ts";
import { DatagramSocket, SOCKADDR_BYTES, writeSocketAddress } from "./datagram-socket.ts";
import { linesOf } from "./line-stream.ts";
import {
  answerFunction,
  answerProcess,
  answerSequence,
  answerServer,
  answerTarget,
  encodeProbe,
  isAnswer,
  PROBE_BYTES,
  SERVICE_PORT,
} from "./probe.ts";
import type {
  NoticeRecord,
  SeatGaps,
  SeatOrder,
  SeatReady,
  SeatReport,
  SeatRequest,
  SeatTarget,
} from "./seat-order.ts";
import { TargetRecord } from "./target-record.ts";

/**
 * Probes are spread over their interval in slots of this length, a millisecond, so that they do not
 * coincide.
 */
const SLOT_US = 1000;

/** Below the flight loops of the servers, above everything else. */
const REALTIME_PRIORITY = 20;

/** Interval of running the event loop for the rig's questions. */
const TURN_US = 20_000;

const NOTICES_MAX = 8192;
const STALLS_MAX = 1024;

export async function seat(): Promise<number> {
  const lines = linesOf(Bun.stdin.stream());
  const first = await lines.next();
  if (first.done === true) return 0;
  const measurement = new SeatMeasurement(JSON.parse(first.value) as SeatOrder);
  const ready: SeatReady = { ready: true, notRealtime: becomeRealtime(REALTIME_PRIORITY) };
  console.log(JSON.stringify(ready));

  let isOver = false;
  const answerQuestions = async () => {
    for await (const line of lines) {
      const request = JSON.parse(line) as SeatRequest;
      if ("intervalsMs" in request) measurement.setIntervals(request.intervalsMs);
      else if ("gapsSinceUs" in request)
        console.log(JSON.stringify(measurement.gaps(request.gapsSinceUs)));
      else console.log(JSON.stringify(measurement.report(request.sinceUs)));
    }
    isOver = true; // the rig is gone
  };
  void answerQuestions();
  let turnUs = nowUs();
  while (!isOver) {
    measurement.runSlot();
    if (nowUs() < turnUs) continue;
    turnUs = nowUs() + TURN_US;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return 0;
}

/** The sockets of a seat and its records. */
class SeatMeasurement {
  readonly #seat: number;
  readonly #targets: SeatTarget[];
  readonly #records: TargetRecord[];
  readonly #intervals: Uint16Array;
  readonly #addresses: NativeMemory;
  readonly #probe = new NativeMemory(PROBE_BYTES);
  /**
   * Watches nothing: answers wait in their sockets until the next slot, because only their arrival
   * matters.
   */
  readonly #alarm = new Poller();
  readonly #socket4 = new DatagramSocket(4);
  readonly #socket6 = new DatagramSocket(6);
  readonly #notice: MulticastSocket;
  readonly #notices: NoticeRecord[] = [];
  #malformedNotices = 0;
  #slot = 0;
  #deadlineUs = nowUs();
  #stallCount = 0;
  readonly #stallAtUs = new Float64Array(STALLS_MAX);
  readonly #stallUs = new Float64Array(STALLS_MAX);

  constructor(order: SeatOrder) {
    this.#seat = order.seat;
    this.#targets = order.targets;
    this.#records = order.targets.map(() => new TargetRecord());
    this.#intervals = Uint16Array.from(order.targets, ({ intervalMs }) => intervalMs);
    this.#addresses = new NativeMemory(Math.max(1, order.targets.length) * SOCKADDR_BYTES);
    order.targets.forEach((target, number) => {
      const { family, address } = target;
      writeSocketAddress(
        this.#addresses.view,
        number * SOCKADDR_BYTES,
        family,
        address,
        SERVICE_PORT,
      );
    });
    this.#notice = new MulticastSocket({
      interfaceName: order.notice.interface,
      group: order.notice.group,
      port: order.notice.port,
    });
  }

  setIntervals(intervalsMs: readonly number[]): void {
    this.#intervals.set(intervalsMs);
  }

  /** Sends the probes of the next slot when it is due, and receives answers until then. */
  runSlot(): void {
    this.#alarm.wait(this.#deadlineUs);
    const timeUs = nowUs();
    if (timeUs < this.#deadlineUs) return; // a signal
    this.#noteLateness(timeUs, timeUs - this.#deadlineUs);
    this.#slot++;
    for (let number = 0; number < this.#targets.length; number++) {
      if ((this.#slot + number) % (this.#intervals[number] as number) === 0) this.#send(number);
    }
    this.#deadlineUs += SLOT_US;
    // After a stall, missed slots are skipped: a burst would measure nothing.
    if (this.#deadlineUs < timeUs) this.#deadlineUs = timeUs;
    this.#receive();
    for (let number = 0; number < this.#records.length; number++)
      this.#record(number).judge(timeUs);
  }

  report(sinceUs: number): SeatReport {
    let latenessUsMax = 0;
    for (
      let number = Math.max(0, this.#stallCount - STALLS_MAX);
      number < this.#stallCount;
      number++
    ) {
      const at = number % STALLS_MAX;
      if ((this.#stallAtUs[at] as number) > sinceUs)
        latenessUsMax = Math.max(latenessUsMax, this.#stallUs[at] as number);
    }
    return {
      untilUs: nowUs(),
      targets: this.#records.map((record) => ({
        answered: record.answered,
        lost: record.lost,
        foreign: record.foreign,
        server: record.server,
        lastAnsweredUs: record.lastAnsweredUs,
        newestAnsweredUs: record.newestAnsweredUs,
        gaps: record.gapsSince(sinceUs),
        changes: record.changesSince(sinceUs),
        overlaps: record.overlapsSince(sinceUs),
      })),
      notices: this.#notices.filter((notice) => notice.atUs > sinceUs),
      malformedNotices: this.#malformedNotices,
      latenessUsMax: Math.round(latenessUsMax),
    };
  }

  gaps(sinceUs: number): SeatGaps {
    return {
      atUs: nowUs(),
      targets: this.#records.map((record) => ({
        ended: record.gapsSince(sinceUs).filter(({ endUs }) => endUs !== null),
        unjudged: record.unjudgedGaps(),
      })),
    };
  }

  #record(number: number): TargetRecord {
    return this.#records[number] as TargetRecord;
  }

  #send(number: number): void {
    const sequence = this.#record(number).sent(nowUs());
    encodeProbe(this.#probe.view, this.#seat, number, sequence);
    // A probe that cannot be sent (no route, no neighbour) is a probe without an answer.
    this.#socketOf(number).send(this.#probe, PROBE_BYTES, this.#addresses, number * SOCKADDR_BYTES);
  }

  #socketOf(number: number): DatagramSocket {
    return (this.#targets[number] as SeatTarget).family === 4 ? this.#socket4 : this.#socket6;
  }

  #receive(): void {
    this.#receiveAnswers(this.#socket4);
    this.#receiveAnswers(this.#socket6);
    this.#receiveNotices();
  }

  #receiveAnswers(socket: DatagramSocket): void {
    const answer = socket.received.view;
    for (;;) {
      const length = socket.receive();
      if (length < 0) return;
      const number = answerTarget(answer);
      if (!isAnswer(answer, length, this.#seat) || number >= this.#targets.length) continue;
      const record = this.#record(number);
      const isAsked =
        answerFunction(answer) === (this.#targets[number] as SeatTarget).functionIndex;
      if (
        isAsked &&
        socket === this.#socketOf(number) &&
        socket.isFrom(this.#addresses, number * SOCKADDR_BYTES)
      ) {
        record.answer(answerSequence(answer), answerServer(answer), answerProcess(answer));
      } else {
        record.foreign++;
      }
    }
  }

  #receiveNotices(): void {
    for (;;) {
      const length = this.#notice.receive();
      if (length < 0) return;
      const result = decodeNotice(this.#notice.received.bytes, length);
      if (!result.ok) {
        this.#malformedNotices++;
        continue;
      }
      const { kind, reason, functionIndex, functionId, server, sequence } = result.notice;
      if (this.#notices.length === NOTICES_MAX) this.#notices.shift();
      this.#notices.push({
        atUs: nowUs(),
        kind,
        reason,
        functionIndex,
        functionId,
        server,
        sequence,
      });
    }
  }

  #noteLateness(atUs: number, lateUs: number): void {
    if (lateUs < SLOT_US) return;
    const at = this.#stallCount++ % STALLS_MAX;
    this.#stallAtUs[at] = atUs;
    this.#stallUs[at] = lateUs;
  }
}
