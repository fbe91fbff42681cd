/**
 * Which servers there are, as this server hears them (patent [0027]; protocol, section 2). One
 * column per field, one row per configured server. Judging silence is the failure detector's work.
 */
import {
  BITMAP_WORDS,
  DIRECT_PERIODS,
  NETWORKS_MAX,
  SERVERS_MAX,
  SUCCESSION_PERIODS,
} from "../limits.ts";
import {
  FLAG_DRAINING,
  FLAG_GOOD_BYE,
  FLAG_OWNS,
  FLAG_PASSIVE,
  FLAG_RELAYED,
  KeepAliveMessage,
} from "../wire/keep-alive.ts";
import {
  COUNTER_ACCEPTED,
  COUNTER_DUPLICATE,
  COUNTER_REPLAY,
  COUNTER_SYSTEM,
  COUNTER_UNKNOWN,
  COUNTER_UNPROVEN,
} from "./counters.ts";
import type { FunctionTable } from "./function-table.ts";
import {
  MARK_CANDIDATE,
  MARK_DEAF_PEER,
  MARK_EXCUSED,
  MARK_INCOMPATIBLE,
  MARK_REPLAY_REFUSED,
  MARK_SUCCEEDED,
  MARK_TWIN,
  MARK_UNREACHABLE_RESTARTED,
  marks,
} from "./marks.ts";
import { PHASE_ACTIVE, PHASE_DRAINING, PHASE_LISTENING } from "./phase.ts";
import {
  SERVER_ALIVE,
  SERVER_INCOMPATIBLE,
  SERVER_JOINING,
  SERVER_LEAVING,
  SERVER_LOST,
  SERVER_SELF,
  SERVER_UNKNOWN,
  SERVER_UNREACHABLE,
} from "./server-state.ts";
import type { Timing } from "./timing.ts";

/** What identifies this server and its table to the others. */
export interface Identity {
  readonly self: number;
  readonly systemId: number;
  readonly digestHigh: number;
  readonly digestLow: number;
  readonly incarnation: number;
  /** Drawn at every start, 32 bits: two boxes with one id may have the same incarnation. */
  readonly nonce: number;
  /**
   * Ethernet address of the client interface now, its first two and last four bytes; 0 where there
   * is none.
   */
  readonly clientMacHigh?: number;
  readonly clientMacLow?: number;
}

export class Membership {
  readonly state = new Uint8Array(SERVERS_MAX);
  readonly incarnation = new Uint32Array(SERVERS_MAX);
  readonly lastHeardUs = new Float64Array(SERVERS_MAX);
  readonly phase = new Uint8Array(SERVERS_MAX);
  readonly flags = new Uint8Array(SERVERS_MAX);
  readonly assignmentDigest = new Uint32Array(SERVERS_MAX);
  /**
   * Our sequence number that the server has heard, of our present incarnation; 0 when it does not
   * hear us.
   */
  readonly echoedSequence = new Uint32Array(SERVERS_MAX);
  /** Mask of the servers that the server hears in the incarnation that we know. */
  readonly hears = new Uint16Array(SERVERS_MAX);
  /** Mask of the servers whose own datagrams reach the server. */
  readonly direct = new Uint16Array(SERVERS_MAX);
  /** When a datagram of the server itself, not one sent on by another, was heard last. */
  readonly directHeardUs = new Float64Array(SERVERS_MAX);
  /** Part of its silence that was our own: this loop was late. */
  readonly excusedUs = new Float64Array(SERVERS_MAX);
  /** Newest message accepted of each server. */
  readonly newest: KeepAliveMessage[] = [];
  /** Newest sequence number accepted. */
  readonly sequence = new Uint32Array(SERVERS_MAX);
  /** Digest of the table of an incompatible server, for the fault record. */
  readonly foreignDigest = new Uint32Array(SERVERS_MAX);
  /** Incarnation of an incompatible server. */
  private readonly foreignIncarnation = new Uint32Array(SERVERS_MAX);
  /** Mask of the servers that an incompatible server hears as its peers. */
  private readonly foreignHeard = new Uint16Array(SERVERS_MAX);

  // Sets of functions of each server, BITMAP_WORDS words a row.
  readonly owns = new Uint32Array(SERVERS_MAX * BITMAP_WORDS);
  readonly claims = new Uint32Array(SERVERS_MAX * BITMAP_WORDS);
  readonly ready = new Uint32Array(SERVERS_MAX * BITMAP_WORDS);
  readonly cannotRun = new Uint32Array(SERVERS_MAX * BITMAP_WORDS);

  /** Mask of the servers of which something was heard since the lease was looked at last. */
  spoke = 0;

  /**
   * The move that each server was asked for (core/moves): function index + 1, 0 for none, and
   * target.
   */
  readonly moveFunction = new Uint16Array(SERVERS_MAX);
  readonly moveServer = new Uint8Array(SERVERS_MAX);

  // Masks of the servers in these states; `heard` are those alive or joining.
  heard = 0;
  joining = 0;
  unreachable = 0;
  incompatible = 0;
  /** Mask of the servers whose state changed since the engine looked last. */
  changed = 0;
  /**
   * Something changed that an allocation depends on: a state, a phase, a flag, the digest of an
   * assignment.
   */
  allocationChanged = false;
  /**
   * Something changed that a hand-over depends on: a state, a set of functions, whether a server
   * hears us.
   */
  functionsChanged = false;
  /**
   * A claim, a `cannot run` or a view changed: the others wait for our echo, so it is sent at once.
   */
  answerAtOnce = false;
  /**
   * What servers cannot run changed since the engine looked last (an S1 of its own: a function must
   * move).
   */
  cannotRunChanged = false;
  /** Some of the moves asked for changed, or whether they count. */
  moveChanged = false;
  /**
   * When a datagram with our own index was heard last: two boxes are configured as the same server.
   * 0 = never.
   */
  ownIndexHeardUs = 0;

  private readonly networkSequence = new Uint32Array(SERVERS_MAX * NETWORKS_MAX);
  private readonly joinSinceUs = new Float64Array(SERVERS_MAX);
  private readonly inARow = new Int32Array(SERVERS_MAX);
  /**
   * Newest incarnation heard that has not proven to be fresh, and its sequence: echoed so that it
   * can.
   */
  readonly candidate = new Uint32Array(SERVERS_MAX);
  readonly candidateSequence = new Uint32Array(SERVERS_MAX);
  private readonly candidateHeardUs = new Float64Array(SERVERS_MAX);

  constructor(
    private readonly table: FunctionTable,
    private readonly identity: Identity,
    private readonly timing: Timing,
  ) {
    this.state.fill(SERVER_UNKNOWN);
    this.state[identity.self] = SERVER_SELF;
    this.incarnation[identity.self] = identity.incarnation;
    this.candidateHeardUs.fill(Number.NEGATIVE_INFINITY);
    for (let server = 0; server < SERVERS_MAX; server++) {
      this.newest.push(new KeepAliveMessage(table.serverCount, table.wordCount));
    }
  }

  /** Mask of the servers heard now whose own datagrams reach us. */
  directMask(nowUs: number): number {
    const windowUs = DIRECT_PERIODS * this.timing.periodUs;
    let mask = 0;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (this.isHeard(server) && nowUs - this.directHeardUs[server] < windowUs)
        mask |= 1 << server;
    }
    return mask;
  }

  /**
   * Somebody was heard within the last `windowUs` who has not proven yet to be a server that lives.
   */
  hearsCandidate(nowUs: number, windowUs: number): boolean {
    for (let server = 0; server < this.table.serverCount; server++) {
      if (server === this.identity.self || this.isHeard(server)) continue;
      if (nowUs - this.candidateHeardUs[server] < windowUs) return true;
    }
    return false;
  }

  /**
   * This loop was late: what it did not hear meanwhile is no silence of the others. A server's
   * silence is excused for one detection time in all, so that a loop that is late again and again
   * sees failures all the same.
   */
  excuse(lateUs: number): void {
    marks[MARK_EXCUSED]++;
    for (let server = 0; server < this.table.serverCount; server++) {
      this.excusedUs[server] = Math.min(this.excusedUs[server] + lateUs, this.timing.detectionUs);
    }
  }

  /** Heard, and it does not hear us: it judges without what we say. */
  isDeafToUs(server: number): boolean {
    if (!this.isHeard(server) || this.echoedSequence[server] !== 0) return false;
    marks[MARK_DEAF_PEER]++;
    return true;
  }

  /** Heard now, with a table like ours. */
  isHeard(server: number): boolean {
    return (this.heard & (1 << server)) !== 0;
  }

  /** Its owner bits count: it is heard, or others hear it. */
  mayOwn(server: number): boolean {
    return this.isHeard(server) || this.state[server] === SERVER_UNREACHABLE;
  }

  /**
   * Takes a datagram whose layout and MAC are sound.
   * @param sequenceFloor our own sequence number of about one detection time ago: an echo of it or
   * of a later one is fresh
   * @returns the COUNTER_* under which it is counted; anything but COUNTER_ACCEPTED changed nothing
   * that acts (P8)
   */
  accept(message: KeepAliveMessage, network: number, nowUs: number, sequenceFloor: number): number {
    const self = this.identity.self;
    if (message.systemId !== this.identity.systemId) return COUNTER_SYSTEM;
    const server = message.sender;
    if (server >= this.table.serverCount) return COUNTER_UNKNOWN;
    if (server === self)
      return this.acceptOwnIndex(message, this.isFresh(message, sequenceFloor), nowUs);
    const isRelayed = (message.flags & FLAG_RELAYED) !== 0;
    const isCompatible =
      message.digestHigh === this.identity.digestHigh &&
      message.digestLow === this.identity.digestLow;
    if (this.isHeard(server)) {
      // While an incarnation is heard there is no other: a second box with the same id, or a
      // recording.
      if (!isCompatible) return COUNTER_UNKNOWN;
      if (message.incarnation !== this.incarnation[server]) {
        // But one that has missed two keep-alives may have been started again: its successor need
        // not wait for the detection time.
        if (nowUs - this.lastHeardUs[server] < SUCCESSION_PERIODS * this.timing.periodUs)
          return COUNTER_UNKNOWN;
        if (!this.isFresh(message, sequenceFloor)) return this.acceptCandidate(message, nowUs);
        marks[MARK_SUCCEEDED]++;
        this.setState(server, SERVER_LOST);
        this.beginIncarnation(server, message.incarnation);
      }
    } else {
      if (!this.isFresh(message, sequenceFloor)) return this.acceptCandidate(message, nowUs);
      if (!isCompatible) return this.acceptIncompatible(message, nowUs);
      if (message.incarnation !== this.incarnation[server])
        this.beginIncarnation(server, message.incarnation);
    }
    if (!isRelayed) {
      const copy = server * NETWORKS_MAX + network;
      if (message.sequence <= this.networkSequence[copy]) {
        marks[MARK_REPLAY_REFUSED]++;
        return COUNTER_REPLAY;
      }
      this.networkSequence[copy] = message.sequence;
      if (message.sequence >= this.sequence[server]) this.directHeardUs[server] = nowUs;
    }
    if (message.sequence <= this.sequence[server]) return COUNTER_DUPLICATE;
    this.take(message, server, nowUs);
    return COUNTER_ACCEPTED;
  }

  /**
   * Proof that the sender lives now and hears us: it echoes what we sent within about the last
   * detection time. What was recorded earlier cannot.
   */
  private isFresh(message: KeepAliveMessage, sequenceFloor: number): boolean {
    const { self, incarnation } = this.identity;
    return (
      (message.heardIncarnation[self] === incarnation &&
        message.heardSequence[self] >= sequenceFloor) ||
      (message.successorServer === self &&
        message.successorIncarnation === incarnation &&
        message.successorSequence >= sequenceFloor)
    );
  }

  /**
   * What we tell the others about whom we hear: the incarnation, or that of a newcomer that still
   * has to prove itself; 0 = not heard.
   */
  echoIncarnation(server: number): number {
    if (this.isHeard(server)) return this.incarnation[server];
    return this.candidate[server];
  }

  echoSequence(server: number): number {
    return this.isHeard(server) ? this.sequence[server] : this.candidateSequence[server];
  }

  /**
   * A newcomer in the place of a server still heard, −1 when there is none: it is echoed beside the
   * one that is heard.
   */
  successor(nowUs: number): number {
    for (let server = 0; server < this.table.serverCount; server++) {
      if (!this.isHeard(server) || this.candidate[server] === 0) continue;
      if (nowUs - this.candidateHeardUs[server] < this.timing.detectionUs) return server;
    }
    return -1;
  }

  setState(server: number, state: number): void {
    if (this.state[server] === state) return;
    const bit = 1 << server;
    this.state[server] = state;
    if (this.moveFunction[server] !== 0) this.moveChanged = true;
    this.changed |= bit;
    this.spoke |= bit;
    this.functionsChanged = true;
    this.allocationChanged = true;
    this.heard =
      state === SERVER_ALIVE || state === SERVER_JOINING ? this.heard | bit : this.heard & ~bit;
    this.joining = state === SERVER_JOINING ? this.joining | bit : this.joining & ~bit;
    this.unreachable =
      state === SERVER_UNREACHABLE ? this.unreachable | bit : this.unreachable & ~bit;
    this.incompatible =
      state === SERVER_INCOMPATIBLE ? this.incompatible | bit : this.incompatible & ~bit;
    this.answerAtOnce = true; // our view goes out at once: others wait for it to corroborate
    if (state === SERVER_LOST || state === SERVER_LEAVING || state === SERVER_INCOMPATIBLE)
      this.forget(server);
  }

  /**
   * Promotes a joining server that was heard long enough and hears us (patent [0038], [0045]:
   * recovery).
   */
  promote(server: number, nowUs: number): void {
    if (this.state[server] !== SERVER_JOINING || this.echoedSequence[server] === 0) return;
    if (this.inARow[server] < this.timing.recoveredAfter) return;
    if (nowUs - this.joinSinceUs[server] < (this.timing.recoveredAfter - 1) * this.timing.periodUs)
      return;
    this.setState(server, SERVER_ALIVE);
  }

  /**
   * Servers with another table are no peers (protocol, section 4): whoever serves goes on, and a
   * newcomer stays passive. Where both sides serve, or both are new, the larger goes on, or the one
   * with the lowest server index. How large each is its members tell, so that both sides compare
   * the same, whoever hears whom.
   */
  yieldsToForeignTable(serving: boolean): boolean {
    if (this.incompatible === 0) return false;
    const ours = this.heard | (1 << this.identity.self);
    let foreign = 0;
    let foreignServes = false;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (this.state[server] !== SERVER_INCOMPATIBLE) continue;
      foreign |= (1 << server) | this.foreignHeard[server];
      if (this.phase[server] === PHASE_ACTIVE || this.phase[server] === PHASE_DRAINING)
        foreignServes = true;
      if ((this.flags[server] & FLAG_OWNS) !== 0) foreignServes = true; // it is still letting go
    }
    if (serving && !foreignServes) return false;
    if (!serving && foreignServes) return true;
    const more = countOf(foreign) - countOf(ours);
    return more > 0 || (more === 0 && lowestOf(foreign) < lowestOf(ours));
  }

  /**
   * A first contact or a recording: nothing but our echo answers it, so that a living sender can
   * prove to be fresh.
   */
  private acceptCandidate(message: KeepAliveMessage, nowUs: number): number {
    const server = message.sender;
    marks[MARK_CANDIDATE]++;
    this.candidateHeardUs[server] = nowUs;
    // recordings that take turns are not answered at once
    if (this.candidate[server] === 0) this.answerAtOnce = true;
    this.candidate[server] = message.incarnation;
    this.candidateSequence[server] = message.sequence;
    return message.heardIncarnation[this.identity.self] === 0 ? COUNTER_UNPROVEN : COUNTER_REPLAY;
  }

  /** Two boxes are configured as the same server; each echoes the other so that it can know. */
  private acceptOwnIndex(message: KeepAliveMessage, isFresh: boolean, nowUs: number): number {
    const isOwn =
      message.incarnation === this.identity.incarnation && message.nonce === this.identity.nonce;
    if (isOwn) return COUNTER_DUPLICATE; // come back from a joined network or a reflector
    this.acceptCandidate(message, nowUs);
    marks[MARK_TWIN]++;
    if (isFresh) this.ownIndexHeardUs = nowUs;
    return COUNTER_UNKNOWN;
  }

  /** Such a server is never a peer: it is named in a fault and makes a newcomer wait. */
  private acceptIncompatible(message: KeepAliveMessage, nowUs: number): number {
    const server = message.sender;
    // One that was overtaken on its way tells what was.
    const isSame = message.incarnation === this.foreignIncarnation[server];
    if (isSame && message.sequence <= this.sequence[server]) return COUNTER_SYSTEM;
    this.foreignIncarnation[server] = message.incarnation;
    this.sequence[server] = message.sequence;
    this.acceptCandidate(message, nowUs);
    this.spoke |= 1 << server;
    this.lastHeardUs[server] = nowUs;
    this.excusedUs[server] = 0;
    this.phase[server] = message.phase;
    this.foreignDigest[server] = message.digestHigh;
    this.foreignHeard[server] = message.heard;
    this.flags[server] = message.flags;
    marks[MARK_INCOMPATIBLE]++;
    this.setState(server, SERVER_INCOMPATIBLE);
    this.echoedSequence[server] = message.heardSequence[this.identity.self];
    this.incarnation[server] = 0; // with our table it has to begin anew
    return COUNTER_SYSTEM;
  }

  private beginIncarnation(server: number, incarnation: number): void {
    if (this.state[server] === SERVER_UNREACHABLE) {
      marks[MARK_UNREACHABLE_RESTARTED]++;
      this.setState(server, SERVER_LOST); // the old one is gone
    }
    this.incarnation[server] = incarnation;
    this.sequence[server] = 0;
    this.candidate[server] = 0;
    this.candidateSequence[server] = 0;
    this.directHeardUs[server] = Number.NEGATIVE_INFINITY;
    for (let network = 0; network < NETWORKS_MAX; network++)
      this.networkSequence[server * NETWORKS_MAX + network] = 0;
  }

  private take(message: KeepAliveMessage, server: number, nowUs: number): void {
    const self = this.identity.self;
    const inARow = message.sequence === this.sequence[server] + 1;
    this.sequence[server] = message.sequence;
    this.spoke |= 1 << server;
    this.lastHeardUs[server] = nowUs;
    this.excusedUs[server] = 0;
    if (
      this.phase[server] !== message.phase ||
      this.assignmentDigest[server] !== message.assignmentDigest
    ) {
      this.allocationChanged = true;
    }
    this.phase[server] = message.phase;
    this.assignmentDigest[server] = message.assignmentDigest;
    const hearsUs = message.heardIncarnation[self] === this.identity.incarnation;
    const echoed = hearsUs ? message.heardSequence[self] : 0;
    if ((echoed === 0) !== (this.echoedSequence[server] === 0)) this.functionsChanged = true;
    this.echoedSequence[server] = echoed;
    this.takeView(message, server);
    const flags = message.flags & ~(FLAG_RELAYED | FLAG_OWNS);
    if ((flags & FLAG_GOOD_BYE) !== 0) {
      this.flags[server] = flags;
      this.setState(server, SERVER_LEAVING);
      return;
    }
    if (this.flags[server] !== flags) {
      this.allocationChanged = true;
      this.answerAtOnce = true;
    }
    this.flags[server] = flags;
    this.takeFunctions(message, server);
    if (
      this.moveFunction[server] !== message.moveFunction ||
      this.moveServer[server] !== message.moveServer
    ) {
      this.moveChanged = true;
    }
    this.moveFunction[server] = message.moveFunction;
    this.moveServer[server] = message.moveServer;
    if (this.state[server] === SERVER_UNREACHABLE) {
      this.setState(server, SERVER_ALIVE); // the others heard it all the time
    } else if (!this.isHeard(server)) {
      this.setState(server, SERVER_JOINING);
      this.joinSinceUs[server] = nowUs;
      this.inARow[server] = 1;
    } else if (this.state[server] === SERVER_JOINING) {
      if (inARow) this.inARow[server]++;
      else {
        this.joinSinceUs[server] = nowUs;
        this.inARow[server] = 1;
      }
    }
  }

  private takeView(message: KeepAliveMessage, server: number): void {
    let hears = 0;
    for (let other = 0; other < this.table.serverCount; other++) {
      const bit = 1 << other;
      if (
        (message.heard & bit) !== 0 &&
        message.heardIncarnation[other] === this.incarnation[other]
      )
        hears |= bit;
    }
    this.hears[server] = hears;
    this.direct[server] = message.direct;
  }

  private takeFunctions(message: KeepAliveMessage, server: number): void {
    const row = server * BITMAP_WORDS;
    for (let word = 0; word < this.table.wordCount; word++) {
      if (this.claims[row + word] !== message.claims[word]) {
        this.functionsChanged = true;
        this.answerAtOnce = true;
      }
      if (
        this.owns[row + word] !== message.owns[word] ||
        this.ready[row + word] !== message.ready[word]
      ) {
        this.functionsChanged = true;
      }
      if (this.cannotRun[row + word] !== message.cannotRun[word]) {
        this.cannotRunChanged = true;
        this.answerAtOnce = true;
      }
      this.owns[row + word] = message.owns[word];
      this.claims[row + word] = message.claims[word];
      this.ready[row + word] = message.ready[word];
      this.cannotRun[row + word] = message.cannotRun[word];
    }
  }

  private forget(server: number): void {
    const row = server * BITMAP_WORDS;
    for (let word = 0; word < this.table.wordCount; word++) {
      if (this.cannotRun[row + word] !== 0) this.cannotRunChanged = true;
      this.owns[row + word] = 0;
      this.claims[row + word] = 0;
      this.ready[row + word] = 0;
      this.cannotRun[row + word] = 0;
    }
    this.moveFunction[server] = 0;
    this.moveServer[server] = 0;
    this.echoedSequence[server] = 0;
    this.hears[server] = 0;
    this.direct[server] = 0;
    this.inARow[server] = 0;
    if (this.state[server] !== SERVER_INCOMPATIBLE) this.candidate[server] = 0;
  }

  /**
   * Alive or heard of through others, not draining and not cut off: FIG. 3 and 4 may give it
   * functions ([0034]).
   */
  isOperable(server: number): boolean {
    const state = this.state[server];
    if (state !== SERVER_ALIVE && state !== SERVER_UNREACHABLE) return false;
    if ((this.flags[server] & (FLAG_DRAINING | FLAG_PASSIVE)) !== 0) return false;
    return this.phase[server] === PHASE_ACTIVE || this.phase[server] === PHASE_LISTENING;
  }
}

/** How many servers a mask names. */
function countOf(servers: number): number {
  let count = 0;
  for (let left = servers; left !== 0; left &= left - 1) count++;
  return count;
}

/** The bit of the lowest server in a mask. */
function lowestOf(servers: number): number {
  return servers & -servers;
}
