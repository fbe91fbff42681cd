/**
 * Our own keep-alive: when it is due, what it says, and what is news enough to send at once. Its
 * deadlines are absolute: work never shifts them, and missed ones are skipped.
 */
import type { FunctionTable } from "../allocation/function-table.ts";
import { assert } from "../assert.ts";
import type { Identity } from "../boundary/identity.ts";
import { Lateness } from "../boundary/lateness.ts";
import type { Timing } from "../boundary/timing.ts";
import { EXTRA_SENDS_MAX, LOST_AFTER_PERIODS_MAX, SEQUENCE_MAX } from "../limits.ts";
import { MARK_EXTRA_SENDS_SPENT, marks } from "../marks.ts";
import {
  FLAG_DRAINING,
  FLAG_GOOD_BYE,
  FLAG_LEASE,
  FLAG_OWNS,
  FLAG_PASSIVE,
  FLAG_TICKS,
  FLAG_WITNESS,
  KEEP_ALIVE_VERSION,
  KEEP_ALIVE_VERSION_BEFORE,
  KeepAliveMessage,
} from "../wire/keep-alive.ts";
import type { Admission } from "./admission.ts";
import type { Agreement } from "./agreement.ts";
import { CHANGED, CHANGED_CANNOT_RUN, type Changes } from "./changes.ts";
import type { Handover } from "./handover.ts";
import { lowest, type Membership } from "./membership.ts";
import type { Moves } from "./moves.ts";
import type { Phases } from "./phases.ts";

export class Sender {
  /** The message sent last. */
  readonly message: KeepAliveMessage;
  readonly lateness = new Lateness();
  /** Absolute deadline of the next periodic keep-alive. */
  nextSendUs = 0;
  /** Compose and send a keep-alive now. */
  isRequested = false;
  sequence = 0;
  /** Our sequence number of about one detection time ago. */
  sequenceFloor = 0;

  /** Our sequence numbers at the start of the last periods: what a fresh echo must reach. */
  private readonly sequenceOfPeriod = new Uint32Array(LOST_AFTER_PERIODS_MAX);
  private readonly freshPeriods: number;
  private period = 0;
  private extraSends = 0;
  private clientMacHigh: number;
  private clientMacLow: number;
  /** Good-byes, and echoes that peers waited for, up to the last message. */
  private goodByesSaid = 0;
  private echoesGiven = 0;

  constructor(
    private readonly table: FunctionTable,
    private readonly identity: Identity,
    private readonly timing: Timing,
    private readonly changes: Changes,
    private readonly membership: Membership,
    private readonly admission: Admission,
    private readonly handover: Handover,
    private readonly agreement: Agreement,
    private readonly moves: Moves,
    private readonly phases: Phases,
  ) {
    this.message = new KeepAliveMessage(table.serverCount, table.wordCount);
    this.clientMacHigh = identity.clientMacHigh ?? 0;
    this.clientMacLow = identity.clientMacLow ?? 0;
    this.freshPeriods = timing.detectionUs / timing.periodUs;
  }

  begin(nowUs: number): void {
    this.nextSendUs = nowUs;
  }

  /** The periodic keep-alive is due. */
  beginPeriod(nowUs: number): void {
    this.lateness.count(nowUs - this.nextSendUs);
    while (this.nextSendUs <= nowUs) this.nextSendUs += this.timing.periodUs;
    this.period = (this.period + 1) % this.freshPeriods;
    this.sequenceOfPeriod[this.period] = this.sequence;
    this.sequenceFloor = this.sequenceOfPeriod[(this.period + 1) % this.freshPeriods];
    this.extraSends = 0;
    this.isRequested = true;
  }

  /** The client interface has a new Ethernet address. */
  setClientMac(high: number, low: number): void {
    this.clientMacHigh = high;
    this.clientMacLow = low;
  }

  /**
   * Requests a send at once if the message would differ from the last one, or a peer waits for an
   * echo. What this server is always goes at once; the rest at most EXTRA_SENDS_MAX times per
   * period.
   */
  request(): void {
    if (this.isAnotherServer()) this.isRequested = true;
    const answers = this.echoesGiven !== this.changes.echoes;
    if (!answers && !this.isWorkNew()) return;
    if (this.extraSends === EXTRA_SENDS_MAX) {
      marks[MARK_EXTRA_SENDS_SPENT]++;
      return;
    }
    this.extraSends++;
    this.isRequested = true;
  }

  /** Phase, flags, address or the move asked for differ from the last message. */
  private isAnotherServer(): boolean {
    const { message, phases, moves } = this;
    return (
      message.phase !== phases.phase ||
      ((message.flags ^ this.flags()) & ~(FLAG_OWNS | FLAG_WITNESS)) !== 0 ||
      this.goodByesSaid !== phases.goodByes ||
      message.clientMacHigh !== this.clientMacHigh ||
      message.clientMacLow !== this.clientMacLow ||
      message.moveFunction !== moves.index + 1 ||
      message.moveServer !== Math.max(0, moves.server)
    );
  }

  /** Capacity and hold count while every server that plans with this one understands them. */
  private settleInputs(): void {
    const { message, membership, changes } = this;
    const { inputs } = this.handover.room;
    let areTold = message.tellsInputs;
    for (let left = membership.counting; left !== 0; left &= left - 1)
      if (membership.latest(lowest(left)).understands < KEEP_ALIVE_VERSION) areTold = false;
    if (inputs.settle(areTold)) changes.note(CHANGED | CHANGED_CANNOT_RUN);
    message.withheld = inputs.withheld;
    message.holds = inputs.holds ? 1 : 0;
  }

  /** What it does, or takes the others to do, differs from the last message. */
  private isWorkNew(): boolean {
    const { message, handover } = this;
    return message.assignmentDigest !== this.agreement.digest || !message.hasSets(handover.sets);
  }

  private flags(): number {
    const { phases, handover, timing } = this;
    return (
      (timing.leaseUs !== 0 ? FLAG_LEASE : 0) |
      (timing.leaseUs !== 0 && timing.leaseTicksUs !== 0 ? FLAG_TICKS : 0) |
      (phases.draining ? FLAG_DRAINING : 0) |
      (phases.goodByes > 0 ? FLAG_GOOD_BYE : 0) |
      (phases.passive ? FLAG_PASSIVE : 0) |
      (handover.sets.ownsAny ? FLAG_OWNS : 0)
    );
  }

  /** Fills `message` with the present state and the next sequence number. */
  compose(nowUs: number): void {
    const { message, identity, membership, admission, phases, moves } = this;
    assert(this.sequence < SEQUENCE_MAX, "an incarnation ends before its sequence numbers do");
    this.sequence++;
    message.sender = identity.self;
    message.flags = this.flags() | (phases.isolation.reaches(nowUs) ? FLAG_WITNESS : 0);
    message.phase = phases.phase;
    message.systemId = identity.systemId;
    message.incarnation = identity.incarnation;
    message.nonce = identity.nonce;
    message.digestHigh = identity.digestHigh;
    message.digestLow = identity.digestLow;
    message.sequence = this.sequence;
    message.assignmentDigest = this.agreement.digest;
    message.clientMacHigh = this.clientMacHigh;
    message.clientMacLow = this.clientMacLow;
    message.heard = membership.heard;
    message.direct = membership.directMask(nowUs);
    admission.echoSuccessor(message, nowUs);
    message.moveFunction = moves.index + 1;
    message.moveServer = Math.max(0, moves.server);
    message.version = KEEP_ALIVE_VERSION;
    for (let server = 0; server < this.table.serverCount; server++) {
      message.heardIncarnation[server] = admission.echoIncarnation(server);
      message.heardSequence[server] = admission.echoSequence(server);
      // A server that we do not hear may hear us, and understand only the version before.
      const understands = membership.isHeard(server) ? membership.latest(server).understands : 0;
      if (server !== identity.self && understands < KEEP_ALIVE_VERSION)
        message.version = KEEP_ALIVE_VERSION_BEFORE;
    }
    this.settleInputs();
    message.takeSets(this.handover.sets);
    this.goodByesSaid = phases.goodByes;
    this.echoesGiven = this.changes.echoes;
    this.isRequested = false;
  }
}
