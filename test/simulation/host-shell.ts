/**
 * The shell of one server in virtual time: the world answers the flying turn's requests to clock,
 * networks, lease and kernel.
 */

import { EFFECT_VIP_ADD, EFFECT_VIP_REMOVE } from "../../src/boundary/effect-queue.ts";
import {
  EVENT_VIP_DOWN,
  EVENT_VIP_FAILED,
  EVENT_VIP_STAYS,
  EVENT_VIP_UP,
  type EventQueue,
} from "../../src/boundary/event-queue.ts";
import type { Shell } from "../../src/boundary/shell.ts";
import type { Engine } from "../../src/core/engine.ts";
import { EACCES, EEXIST, ETIME } from "../../src/io/errno.ts";
import { LEASE_LATENESS_MS, RENEWAL_LATENESS_MS, VIP_BATCH_MAX } from "../../src/limits.ts";
import { AddressRenewal } from "../../src/upkeep/address-renewal.ts";
import {
  KEEP_ALIVE_BYTES,
  KEEP_ALIVE_VERSION,
  KEEP_ALIVE_VERSION_BEFORE,
  type KeepAliveMessage,
} from "../../src/wire/keep-alive.ts";
import { TOO_SHORT, TOUCHED, UNSEALED } from "./datagrams.ts";
import type { Host } from "./host.ts";
import { RENEWED } from "./moments.ts";
import type { World } from "./world.ts";

/** Reading one datagram of a flood, with the two hashes that show that it is not sealed. */
const READING_US = 6;

export class HostShell implements Shell {
  readonly networkCount: number;
  readonly hasLease: boolean;
  isHeldUp = false;
  /** VIPs to be moved at the end of this turn. */
  private moves = 0;
  private readonly moveKind = new Uint8Array(VIP_BATCH_MAX);
  private readonly moveIndex = new Uint16Array(VIP_BATCH_MAX);
  private readonly renewal = new AddressRenewal(0);
  /** 1 for each function whose address is renewed, because the kernel took it from this shell. */
  private readonly up: Uint8Array;
  private upCount = 0;
  /** The same when renewals were looked at last. */
  private countBefore = 0;
  private readonly cost: Uint8Array;
  private readonly understands: number;
  /** The datagram received last. */
  private buffer = 0;
  private kind = 0;

  constructor(
    private readonly world: World,
    private readonly host: Host,
    private readonly engine: Engine,
  ) {
    this.networkCount = world.aircraft.networks;
    this.hasLease = world.hasLease;
    this.understands = host.isOlder ? 0 : KEEP_ALIVE_VERSION;
    this.up = new Uint8Array(host.up.length);
    this.cost = new Uint8Array(host.up.length).fill(1);
  }

  /** A call that takes long was made with the clock as it was when it began. */
  nowUs(): number {
    const { world, host } = this;
    return host.local(host.held === 0 ? world.nowUs : Math.min(world.nowUs, host.callBeganUs));
  }

  compose(message: KeepAliveMessage): void {
    const { world, host } = this;
    if (host.isOlder) {
      message.version = KEEP_ALIVE_VERSION_BEFORE;
      // It knows of neither.
      message.withheld = 0;
      message.holds = 0;
    }
    if (message === this.engine.sender.message) message.understands = this.understands;
    if (message.sender === host.index)
      world.invariants.conduct.onKeepAlive(host, this.engine, message);
    world.air.compose(host.index, message, world.nowUs);
  }

  send(network: number): number {
    const { world, host } = this;
    const refused = host.sendErrno[network];
    if (refused === 0) world.air.send(host.index, network, world.nowUs);
    return refused;
  }

  receive(network: number): number {
    const { world, host } = this;
    const inbox = host.inboxes[network];
    while (inbox.count > 0 && inbox.firstUs <= world.nowUs) {
      this.buffer = inbox.buffer;
      this.kind = inbox.kind;
      inbox.shift();
      if (this.kind >= UNSEALED) {
        host.tookUs += READING_US;
        return this.kind === TOO_SHORT ? KEEP_ALIVE_BYTES / 2 : KEEP_ALIVE_BYTES;
      }
      if (host.isOlder && this.received().getUint8(4) !== KEEP_ALIVE_VERSION_BEFORE) continue;
      if (!world.judgeAlone(this.engine, host, this.buffer, network, this.kind))
        return KEEP_ALIVE_BYTES;
    }
    return -1;
  }

  received(): DataView {
    return this.world.air.datagrams.view(this.buffer);
  }

  isSealed(): boolean {
    const { air } = this.world;
    if (this.kind >= UNSEALED) return false;
    return this.kind !== TOUCHED || air.seal.verify(air.datagrams.content(this.buffer));
  }

  dropped(): number {
    let dropped = 0;
    for (let network = 0; network < this.networkCount; network++)
      dropped += this.host.inboxes[network].dropped;
    return dropped;
  }

  beginLease(): void {
    this.host.leaseEndUs = this.nowUs() + this.world.aircraft.timing.leaseUs;
  }

  renewLease(grantedUs: number, endUs: number): number {
    const isExact = this.world.aircraft.timing.leaseTicksUs === 0;
    return isExact ? this.storeEnd(grantedUs, endUs) : this.renewElement(grantedUs, endUs);
  }

  /** As io/program-lease: a store cannot fail, and takes effect when it is made. */
  private storeEnd(grantedUs: number, endUs: number): number {
    const { host, world } = this;
    if (grantedUs >= host.leaseEndUs) return ETIME;
    host.leaseEndUs = endUs;
    world.moments.note(RENEWED, host.index);
    return host.local(world.nowUs) < endUs ? 0 : ETIME;
  }

  /** As io/vip-lease: a renewal during which this process stalled for too long is revoked. */
  private renewElement(grantedUs: number, grantedEndUs: number): number {
    const { host, world } = this;
    const nowUs = host.local(world.nowUs);
    const lengthUs = Math.floor((grantedEndUs - grantedUs) / 1000) * 1000;
    const endUs = nowUs + lengthUs - world.drawTicksUs();
    const refused = nowUs >= host.leaseEndUs ? ETIME : host.leaseErrno;
    const isLate = nowUs - grantedUs > LEASE_LATENESS_MS * 1000;
    if (isLate) host.leaseEndUs = 0;
    else if (refused === 0 || (refused === host.leaseErrno && host.leaseDone))
      host.leaseEndUs = endUs;
    if (host.leaseErrno !== 0) host.leaseFailedUs = world.nowUs;
    host.leaseErrno = 0;
    if (host.leaseEndUs === endUs) world.moments.note(RENEWED, host.index);
    return isLate ? ETIME : refused;
  }

  hasRoom(kind: number, index: number, mayWait: boolean): boolean {
    if (kind !== EFFECT_VIP_ADD && kind !== EFFECT_VIP_REMOVE) return true;
    const { host, world } = this;
    const isLocked = host.addressLocks > 0;
    this.isHeldUp = isLocked && (mayWait || kind === EFFECT_VIP_ADD);
    // A call that may not wait in the queue blocks: the process stalls, and executes it then.
    if (isLocked && !this.isHeldUp) world.pause(host, host.addressLockUntilUs - world.nowUs);
    if (isLocked) return false;
    if (this.moves === this.world.kernels.speeds.vipsPerTurn) return false;
    for (let slot = 0; slot < this.moves; slot++) if (this.moveIndex[slot] === index) return false;
    return true;
  }

  carryOut(kind: number, index: number, first: number, second: number): void {
    this.world.kernels.carryOut(this.host, kind, index, first, second);
    if (kind !== EFFECT_VIP_ADD && kind !== EFFECT_VIP_REMOVE) return;
    this.moveKind[this.moves] = kind;
    this.moveIndex[this.moves++] = index;
  }

  commit(events: EventQueue): void {
    if (this.moves === 0) return;
    for (let slot = 0; slot < this.moves; slot++)
      this.move(this.moveKind[slot], this.moveIndex[slot], events);
    this.moves = 0;
    this.host.tookUs += this.world.kernels.endBatch(this.host);
  }

  private move(kind: number, index: number, events: EventQueue): void {
    const { host } = this;
    const { kernels } = this.world;
    if (kind === EFFECT_VIP_REMOVE) {
      const refused = kernels.remove(host, index);
      host.stays[index] = refused === 0 ? 0 : 1;
      this.setUp(index, 0);
      events.push(refused === 0 ? EVENT_VIP_DOWN : EVENT_VIP_STAYS, index, refused);
      return;
    }
    const refused = kernels.add(host, index);
    this.setUp(index, refused === 0 ? 1 : 0);
    // By a stranger's address, which is not renewed, the function answers as well.
    if (refused === 0 || refused === EEXIST) events.push(EVENT_VIP_UP, index, 0);
    else events.push(EVENT_VIP_FAILED, index, refused, refused === EACCES ? 0 : 1);
  }

  private setUp(index: number, up: number): void {
    this.upCount += up - this.up[index];
    this.up[index] = up;
  }

  /** A function's address is gone without this server's doing: its kernel has none to renew. */
  forget(index: number): void {
    this.setUp(index, 0);
  }

  get renewalDueUs(): number {
    return this.host.addressLocks > 0 ? Number.POSITIVE_INFINITY : this.renewal.wakeUs;
  }

  /**
   * A process that is stopped inside this call for longer than addresses live revives them: the
   * kernel sets again the ones it does not find. That is known, and not simulated.
   */
  renewAddresses(nowUs: number): void {
    if (this.world.kernels.addressLifetimeUs === Number.POSITIVE_INFINITY) return;
    const { renewal, up, cost } = this;
    if (this.host.addressLocks > 0) return; // somebody else waits for the lock
    if (nowUs < renewal.wakeUs && this.upCount === this.countBefore) return; // nothing would be due
    if (this.host.local(this.world.nowUs) - nowUs > 2 * RENEWAL_LATENESS_MS * 1000) return;
    this.countBefore = this.upCount;
    renewal.begin(nowUs, this.upCount);
    for (let index = renewal.next(up, cost); index >= 0; index = renewal.next(up, cost))
      this.world.kernels.renew(this.host, index);
  }

  letGo(): void {
    this.host.leaseEndUs = 0;
    this.world.kernels.dropAll(this.host);
  }

  tell(code: number, value: number): void {
    this.world.onLetGo(this.host, code, value);
  }

  observeNeighbours(): void {}

  observeLinks(events: EventQueue): void {
    this.world.strangers.observe(this.host, events);
  }

  observeSupervisor(events: EventQueue): boolean {
    const { world, host } = this;
    if (host.laterDueUs <= world.nowUs) world.kernels.takeLater(host, events);
    return host.isSupervised;
  }

  report(): void {}
}
