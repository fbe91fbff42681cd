/**
 * The shell of one server in virtual time: what the turn that flies asks of clock, networks, lease
 * and kernel is answered by the world.
 */
import type { Engine } from "../../src/core/engine.ts";
import type { EventQueue } from "../../src/core/event-queue.ts";
import type { Shell } from "../../src/core/shell.ts";
import { ETIME } from "../../src/io/errno.ts";
import { KEEP_ALIVE_BYTES, type KeepAliveMessage } from "../../src/wire/keep-alive.ts";
import { TOUCHED } from "./datagrams.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

export class HostShell implements Shell {
  readonly networkCount: number;
  readonly hasLease: boolean;
  readonly renewalDueUs = Number.POSITIVE_INFINITY;
  /** VIPs moved in this turn. */
  private moved = 0;
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
  }

  nowUs(): number {
    return this.host.local(this.world.nowUs);
  }

  networkNumber(network: number): number {
    return network;
  }

  /** The message goes to all servers at once: what a network loses, it loses of both copies. */
  compose(message: KeepAliveMessage): void {
    this.world.air.broadcast(this.host.index, message, this.world.nowUs);
  }

  send(): number {
    return 0;
  }

  receive(network: number): number {
    const { world, host } = this;
    const inbox = host.inboxes[network];
    while (inbox.count > 0 && inbox.firstUs <= world.nowUs) {
      this.buffer = inbox.buffer;
      this.kind = inbox.kind;
      inbox.shift();
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
    return this.kind !== TOUCHED || air.seal.verify(air.datagrams.content(this.buffer));
  }

  dropped(): number {
    return this.host.inboxes.reduce((sum, inbox) => sum + inbox.dropped, 0);
  }

  beginLease(): void {
    this.host.leaseEndUs = this.nowUs() + this.world.aircraft.timing.leaseUs;
  }

  renewLease(lengthMs: number): number {
    const { host, world } = this;
    const nowUs = this.nowUs();
    if (nowUs >= host.leaseEndUs) return ETIME;
    host.leaseEndUs = nowUs + lengthMs * 1000 - world.drawTicksUs();
    return 0;
  }

  hasRoom(): boolean {
    return this.moved < this.world.kernels.vipsPerTurn;
  }

  carryOut(kind: number, index: number, first: number, second: number): void {
    if (this.world.kernels.carryOut(this.host, kind, index, first, second)) this.moved++;
  }

  commit(): void {
    if (this.moved > 0) this.host.busyUntilUs = this.world.nowUs + this.world.kernels.batchUs;
    this.moved = 0;
  }

  renewAddresses(): void {}

  letGo(): void {
    this.host.leaseEndUs = 0;
    this.world.kernels.dropAll(this.host);
  }

  tell(code: number): void {
    this.world.onLetGo(this.host, code);
  }

  observeNeighbours(): void {}

  observeLinks(): void {}

  observeSupervisor(events: EventQueue): boolean {
    const { world, host } = this;
    if (host.laterDueUs <= world.nowUs) world.kernels.takeLater(host, events);
    return true;
  }

  report(): void {}
}
