/**
 * Saves a whole world as numbers, in the canonical form of kinds, and restores it at any time.
 * Handles what the tables leave out: which engines fly at all, and messages in transit to them.
 */

import { assert } from "../../src/assert.ts";
import { passOn } from "../../src/boundary/heard-servers.ts";
import type { Engine } from "../../src/core/engine.ts";
import { PLAN_AHEAD, type Turn } from "../../src/core/turn.ts";
import { LEASE_LATENESS_MS, NETWORKS_MAX, SENT_TIMES, SERVERS_MAX } from "../../src/limits.ts";
import {
  decodeKeepAlive,
  encodeKeepAlive,
  KEEP_ALIVE_BYTES,
  KeepAliveMessage,
} from "../../src/wire/keep-alive.ts";
import { GENUINE, type Inbox } from "../simulation/datagrams.ts";
import type { Host } from "../simulation/host.ts";
import type { ExploredWorld } from "./explored-world.ts";
import { codecsOf } from "./field-kinds.ts";
import { CORE } from "./fields-core.ts";
import { WORLD } from "./fields-world.ts";

/** Every newest sequence number is restored to this value. */
const NEWEST = 1 << 20;
/** Incarnations below are those of restored states. */
export const FIRST_NEW_INCARNATION = 1 << 16;
/** Messages beside the periodic ones that a server sends within two detection times. */
const EXTRA_SENDS = 8;
/** Capacity of a receive buffer: a loop that finds more has stalled for too long. */
const INBOX_MAX = 32;
const RANKS_MAX = 64;
/** Numbers for the age of an incarnation; that of the first one that is met. */
const AGES = FIRST_NEW_INCARNATION / SERVERS_MAX;
const AGE_OF_FIRST = AGES / 2;
const WORDS_MAX = 1 << 16;

// What flies on a server.
const NOTHING = 0;
const FLIES = 1;
/** Its next turn releases everything, whatever else it knows. */
const DOOMED = 2;

const TABLES = { ...CORE, ...WORLD };
type Codecs = ReturnType<typeof codecsOf>;

export class Snapshot {
  words: Int32Array = new Int32Array(WORDS_MAX);
  at = 0;
  nowUs = 0;
  /** The server that is saved or restored, its incarnation, and its engine. */
  self = 0;
  own = 0;
  engine!: Engine;
  private readonly servers: number;
  private readonly plain: Codecs;
  private readonly named: Codecs;
  private codecs: Codecs;

  /** The message that is saved is read as a whole, or at least tells which one it is. */
  isWhole = true;
  counts = true;

  /** The incarnations of each server that a state knows, the present one first. */
  private readonly known = new Int32Array(SERVERS_MAX * RANKS_MAX);
  private readonly knownCount = new Int32Array(SERVERS_MAX);
  /** Of a restored state: numbers that tell the age of each server's incarnations, newest first. */
  private readonly ages: number[][] = Array.from({ length: SERVERS_MAX }, () => []);
  private readonly ageOf = new Int32Array(SERVERS_MAX * RANKS_MAX);
  /** The incarnation that flies on each server, −1 for none, and its newest sequence number. */
  private readonly live = new Int32Array(SERVERS_MAX);
  private readonly liveSequence = new Int32Array(SERVERS_MAX);
  private readonly message: KeepAliveMessage;
  private readonly names: string[] = [];

  constructor(readonly world: ExploredWorld) {
    const { table, timing, networks } = world.aircraft;
    const { periodUs, handoverUs, listenUs, recoveredAfter } = timing;
    const detectionUs = Math.max(timing.detectionUs, timing.takeOverUs);
    const { serverCount: servers, functionCount: functions, dimensions, wordCount } = table;
    const numbers = {
      ...{ servers, functions, dimensions, wordCount, networks },
      ...{ periodUs, detectionUs, handoverUs, listenUs, recoveredAfter },
      networksMax: NETWORKS_MAX,
      serversMax: SERVERS_MAX,
      healingUs: world.invariants.segments.healingUs + periodUs,
      longUs: 2 * detectionUs + 2 * periodUs + LEASE_LATENESS_MS * 1000,
      newest: NEWEST,
      // Older sequence numbers are equivalent.
      window: 2 * (timing.detectionUs / periodUs) + EXTRA_SENDS,
      sentMask: SENT_TIMES - 1,
      over: PLAN_AHEAD + 1,
    };
    this.servers = servers;
    this.plain = codecsOf(TABLES, numbers);
    this.named = codecsOf(TABLES, numbers, true);
    this.codecs = this.plain;
    this.message = new KeepAliveMessage(table.serverCount, table.wordCount);
  }

  // ---- asked by the generated code

  /** The newest sequence number of a server's incarnation. */
  base(server: number, incarnation: number): number {
    if (incarnation === this.live[server]) return this.liveSequence[server];
    const last = this.world.lastSequences.get(incarnation);
    if (last !== undefined) return last;
    return incarnation < FIRST_NEW_INCARNATION ? NEWEST : 0;
  }

  /**
   * An incarnation as the place at which it is met, and where it is met first, as its place among
   * those by age, too: which of two is newer counts. 0 is none.
   */
  rank(server: number, incarnation: number): number {
    if (incarnation === 0) return 0;
    const begin = server * RANKS_MAX;
    const count = this.knownCount[server];
    let newer = 0;
    for (let place = 0; place < count; place++) {
      const other = this.known[begin + place];
      if (other === incarnation) return place + 1;
      if (other > incarnation) newer++;
    }
    this.known[begin + count] = incarnation;
    this.knownCount[server] = count + 1;
    return count + 1 + RANKS_MAX * (newer + 1);
  }

  /** What `rank` gave as an incarnation of the restored state. */
  number(server: number, rank: number): number {
    if (rank === 0) return 0;
    const ages = this.ages[server] as number[];
    const place = rank % RANKS_MAX;
    const begin = server * RANKS_MAX;
    if (ages.length === 0) {
      ages.push(AGE_OF_FIRST); // what flies is not told
      this.ageOf[begin + 1] = AGE_OF_FIRST;
    }
    if (place === 1 && this.live[server] >= 0) return this.live[server];
    if (place > 1 && rank > RANKS_MAX) {
      const newer = Math.floor(rank / RANKS_MAX) - 1;
      const age = ((ages[newer - 1] ?? AGES) + (ages[newer] ?? 0)) >> 1;
      assert(age !== ages[newer], "there is a number between two incarnations");
      ages.splice(newer, 0, age);
      this.ageOf[begin + place] = age;
    }
    return (this.ageOf[begin + place] as number) * SERVERS_MAX + server;
  }

  // ---- the world

  /** @returns how many of `words` the state takes */
  save(): number {
    const { world } = this;
    this.nowUs = world.nowUs;
    this.at = 0;
    for (const host of world.hosts) this.meet(host);
    this.codecs.ChosenLosses.save(world.losses, this);
    this.codecs.Network.save(world.air.network, this);
    this.codecs.Conduct.save(world.invariants.conduct, this);
    this.codecs.Judges.save(world.invariants, this);
    for (const host of world.hosts) this.saveHost(host);
    return this.at;
  }

  /** Which field each word of the state is of, and the words. */
  describe(): string[] {
    this.codecs = this.named;
    this.names.length = 0;
    const count = this.save();
    this.codecs = this.plain;
    return Array.from({ length: count }, (_, at) => `${this.names[at] ?? "-"}: ${this.words[at]}`);
  }

  /** Asked by code that tells which words are of which field. */
  name(field: string, from: number, to: number): void {
    for (let at = from; at < to; at++) this.names[at] ??= field;
  }

  /** Goes on from what `save` has left in `words`, at another time. */
  restore(nowUs: number): void {
    const { world } = this;
    this.nowUs = nowUs;
    this.at = 0;
    world.goBack(nowUs);
    for (let server = 0; server < this.servers; server++) {
      this.live[server] = -1;
      (this.ages[server] as number[]).length = 0;
    }
    this.codecs.ChosenLosses.restore(world.losses, this);
    this.codecs.Network.restore(world.air.network, this);
    this.codecs.Conduct.restore(world.invariants.conduct, this);
    this.codecs.Judges.restore(world.invariants, this);
    for (const host of world.hosts) this.restoreHost(host);
    for (const host of world.hosts) world.touch(host.index);
  }

  /** Who flies has the first rank among its incarnations. */
  private meet(host: Host): void {
    const at = host.index;
    this.knownCount[at] = 0;
    this.live[at] = -1;
    if (host.engine === null) return;
    this.live[at] = this.world.incarnationOf(host);
    this.liveSequence[at] = host.engine.sender.sequence;
    this.rank(at, this.live[at]);
  }

  private about(host: Host, engine: Engine): void {
    this.self = host.index;
    this.own = this.live[host.index];
    this.engine = engine;
  }

  private saveHost(host: Host): void {
    const { engine, turn } = host;
    const { words } = this;
    if (engine === null || turn === null) {
      words[this.at++] = NOTHING;
      this.saveKernel(host);
      return;
    }
    const isLate = engine.hasStalled(this.nowUs);
    const isDoomed = isLate && !host.isInTurn;
    words[this.at++] = isDoomed ? DOOMED : FLIES;
    words[this.at++] = this.world.hasForeignTable(host) ? 1 : 0;
    if (isDoomed) host.remember(engine); // all that is left of it
    this.saveKernel(host);
    if (isDoomed) host.forget();
    if (isDoomed) return;
    this.saveEngine(host, engine, turn);
    for (const inbox of host.inboxes) this.saveInbox(inbox, isLate);
  }

  private saveKernel(host: Host): void {
    this.codecs.Host.save(host, this);
    const sweepUs = this.world.sweepUs(host);
    this.words[this.at++] = Number.isFinite(sweepUs) ? sweepUs - this.nowUs : -1;
  }

  private saveEngine(host: Host, engine: Engine, turn: Turn): void {
    this.about(host, engine);
    this.codecs.Engine.save(engine, this);
    this.codecs.Turn.save(turn, this);
    this.codecs.HostShell.save(host.shell as object, this);
  }

  private restoreHost(host: Host): void {
    const { words, world } = this;
    const tag = words[this.at++];
    if (tag === NOTHING) {
      world.leave(host);
      this.restoreKernel(host);
      return;
    }
    this.live[host.index] = AGE_OF_FIRST * SERVERS_MAX + host.index;
    world.seat(host, this.live[host.index], words[this.at++] !== 0);
    this.restoreKernel(host);
    for (const inbox of host.inboxes) inbox.clear();
    const engine = host.engine as Engine;
    if (tag === DOOMED) {
      engine.membership.incarnation.fill(0); // of the flight before
      passOn(host.heardBefore, engine.membership, host.server);
      host.forget();
      world.doom(host, NEWEST);
      return;
    }
    this.restoreEngine(host, engine, host.turn as Turn);
    for (const inbox of host.inboxes) this.restoreInbox(inbox);
  }

  private restoreKernel(host: Host): void {
    this.codecs.Host.restore(host, this);
    const sweep = this.words[this.at++];
    this.world.setSweep(host, sweep < 0 ? Number.POSITIVE_INFINITY : this.nowUs + sweep);
  }

  private restoreEngine(host: Host, engine: Engine, turn: Turn): void {
    this.about(host, engine);
    this.codecs.Engine.restore(engine, this);
    this.codecs.Turn.restore(turn, this);
    this.codecs.HostShell.restore(host.shell as object, this);
  }

  /** A loop that was held up for too long does not decide on what it reads. */
  private saveInbox(inbox: Inbox, isLate: boolean): void {
    const { words, message } = this;
    const count = isLate ? 0 : Math.min(inbox.count, INBOX_MAX);
    this.isWhole = true;
    this.counts = true;
    words[this.at++] = count;
    for (let place = 0; place < count; place++) {
      words[this.at++] = Math.max(0, inbox.arrivalUs(place) - this.nowUs);
      decodeKeepAlive(
        this.world.air.datagrams.view(inbox.bufferAt(place)),
        KEEP_ALIVE_BYTES,
        message,
      );
      this.codecs.KeepAliveMessage.save(message, this);
    }
  }

  private restoreInbox(inbox: Inbox): void {
    const { datagrams } = this.world.air;
    const count = this.words[this.at++];
    for (let place = 0; place < count; place++) {
      const atUs = this.nowUs + this.words[this.at++];
      this.codecs.KeepAliveMessage.restore(this.message, this);
      const buffer = datagrams.take();
      encodeKeepAlive(this.message, datagrams.view(buffer));
      inbox.push(atUs, buffer, GENUINE);
      datagrams.sent(buffer);
    }
  }

  // ---- one engine as it was made

  /** An engine that was just made for the host, as words. */
  image(host: Host): Int32Array {
    this.at = 0;
    this.nowUs = this.world.nowUs;
    for (let server = 0; server < this.servers; server++) {
      this.knownCount[server] = 0;
      this.live[server] = -1;
    }
    this.meet(host);
    this.saveEngine(host, host.engine as Engine, host.turn as Turn);
    return this.words.slice(0, this.at);
  }

  /** Makes the host's engine as it was in the image, now and in a new incarnation. */
  renew(host: Host, image: Int32Array): void {
    const { words } = this;
    this.words = image;
    this.at = 0;
    this.nowUs = this.world.nowUs;
    this.live[host.index] = this.world.incarnationOf(host);
    this.restoreEngine(host, host.engine as Engine, host.turn as Turn);
    this.words = words;
  }
}
