/**
 * The flight loop of one server on the real kernel, run turn by turn in this process: real sockets,
 * addresses and lease in the network namespace of a host. The other server of its table is not
 * there. The supervisor's end of the control socket belongs to the test.
 *
 * Its clock advances only by a few ms a turn: a delay of this process is no stall, unless the test
 * makes it one.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FunctionTable, PROCESS_NONE } from "../../src/allocation/function-table.ts";
import { DEFAULT_POLICY, policyNamed } from "../../src/allocation/policies.ts";
import { leaseMsOf, timingOf } from "../../src/boundary/timing.ts";
import type { Vip } from "../../src/config/model.ts";
import { Engine } from "../../src/core/engine.ts";
import { BEGIN, GOES_ON, Turn } from "../../src/core/turn.ts";
import { Announcer } from "../../src/io/announcer.ts";
import { ClientNotices } from "../../src/io/client-notices.ts";
import { RecordSocket, socketPair } from "../../src/io/control-socket.ts";
import { NftablesLease } from "../../src/io/flight-lease.ts";
import { KeepAliveSeal } from "../../src/io/keep-alive-seal.ts";
import { KeepAliveSocket } from "../../src/io/keep-alive-socket.ts";
import { LifeSigns } from "../../src/io/life-signs.ts";
import { LinkMonitor } from "../../src/io/link-monitor.ts";
import { FlightLoop } from "../../src/io/loop.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { MulticastSocket } from "../../src/io/multicast-socket.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { NeighbourWatch } from "../../src/io/neighbour-watch.ts";
import { NetworkObserver } from "../../src/io/network-observer.ts";
import { Poller } from "../../src/io/poller.ts";
import { VipLease } from "../../src/io/vip-lease.ts";
import { VipService } from "../../src/io/vip-service.ts";
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import { ConditionReport } from "../../src/reporting/condition-report.ts";
import { DecisionReport } from "../../src/reporting/decision-report.ts";
import { FaultBoard } from "../../src/reporting/fault-board.ts";
import { Redundancy } from "../../src/reporting/redundancy.ts";
import { StatusWriter } from "../../src/reporting/status.ts";
import { AddressRenewal } from "../../src/upkeep/address-renewal.ts";
import {
  CONTROL_LOG,
  CONTROL_RECORD_BYTES,
  controlArgument,
  controlKind,
  encodeControl,
} from "../../src/wire/control.ts";
import { nothingFilter } from "../../src/wire/packet-program.ts";
import { STATUS_BYTES } from "../../src/wire/status-snapshot.ts";
import type { Host } from "../harness/virtual-network.ts";
import { Losses, netlinkOf } from "./lossy-netlink.ts";

const PERIOD_MS = 20;
const LOST_AFTER = 10;
export const DETECTION_MS = PERIOD_MS * LOST_AFTER;
const TURN_MS = 5;
const TURNS_MAX = 2000;
/** Nothing expires on its own. */
const LIFETIME_LONG_S = 600;
const GROUP = "239.192.44.81";

/** The kernel knows nothing of the time that the test makes: it is granted the same length now. */
class RealTimeLease extends NftablesLease {
  override renew(grantedUs: number, endUs: number): number {
    const realUs = nowUs();
    return super.renew(realUs, realUs + (endUs - grantedUs));
  }
}

export class LoneServer {
  readonly engine: Engine;
  readonly turn: Turn;
  /** Of the netlink sockets that move addresses, that renew the lease, and that read addresses. */
  readonly addressLosses: Losses;
  readonly leaseLosses: Losses;
  readonly lookLosses: Losses;
  readonly links: LinkMonitor;
  private readonly poller: Poller;
  private readonly supervisor: RecordSocket;
  private readonly directory = mkdtempSync(join(tmpdir(), "wingman-lone-"));
  private clockUs = nowUs();
  private readonly closing: { close(): void }[] = [];

  /**
   * Makes everything; flight begins with {@link begin}. `withLease`: a process without real-time
   * priority may lose it on a busy machine, and then releases everything.
   */
  constructor(
    readonly host: Host,
    private readonly vips: readonly (readonly Vip[])[],
    { withLease = false, lifetimeS = LIFETIME_LONG_S } = {},
  ) {
    const ipv6Count = vips.flat().filter(({ family }) => family === 6).length;
    const leaseMs = leaseMsOf(PERIOD_MS, LOST_AFTER);
    const timing = timingOf(PERIOD_MS, LOST_AFTER, 5, 0, withLease ? leaseMs : 0);
    const row = { required: 1, priority: 5, servers: 3, process: PROCESS_NONE, stopGraceMs: 0 };
    const table = new FunctionTable(
      [100, 100],
      vips.map(() => row),
    );
    const [ours, theirs] = socketPair();
    this.supervisor = this.kept(RecordSocket.inherited(ours));
    const [switcher, announcer, lease, links, neighbours, network, noticeSocket] = host.inside(
      () => [
        this.kept(new VipSwitcher("eth0", vips, lifetimeS)),
        this.kept(new Announcer("eth0", vips)),
        this.kept(new VipLease("eth0", vips, leaseMs)),
        this.kept(new LinkMonitor(["eth0"], vips)),
        this.kept(new NeighbourWatch("eth0", vips, [])),
        this.kept(new KeepAliveSocket("eth0", GROUP, 44_181)),
        this.kept(multicastSocket(nothingFilter())),
      ],
    );
    host.inside(() => {
      switcher.removeLeftovers();
      if (withLease) lease.install();
    });
    this.addressLosses = new Losses(netlinkOf(switcher));
    this.leaseLosses = new Losses(netlinkOf(lease));
    this.lookLosses = new Losses(netlinkOf(links, "questions"));
    this.links = links;
    const identity = {
      ...{ self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 1, nonce: 1 },
      ...{ clientMacHigh: neighbours.macHigh, clientMacLow: neighbours.macLow },
    };
    this.engine = new Engine(
      table,
      policyNamed(DEFAULT_POLICY),
      identity,
      timing,
      1_000_000,
      nowUs(),
    );
    const snapshot = new DataView(new ArrayBuffer(STATUS_BYTES));
    const status = new StatusWriter(snapshot, table, this.engine, identity, 0);
    status.begin(process.pid, this.clockUs, new Uint8Array(32));
    const notices = vips.map((_, functionIndex) => ({
      ...{ systemId: 1, tableDigest: new Uint8Array(32), server: 0, incarnation: 1 },
      ...{ functionIndex, functionId: `f${functionIndex}`, priority: 5 },
    }));
    const loop = host.inside(
      () =>
        new FlightLoop({
          engine: this.engine,
          timing,
          functionCount: vips.length,
          networks: [network],
          networkPlaces: [0],
          observer: new NetworkObserver(this.engine, [network], identity, 2, timing),
          seal: new KeepAliveSeal(new Uint8Array(32).fill(3)),
          vips: new VipService(switcher, announcer, vips.length, new AddressRenewal(ipv6Count)),
          lease: withLease ? new RealTimeLease(lease) : null,
          links,
          neighbours,
          notices: new ClientNotices(noticeSocket, notices),
          supervisor: this.kept(RecordSocket.inherited(theirs)),
          commands: this.kept(RecordSocket.bound(join(this.directory, "engine.sock"))),
          status,
          faults: new FaultBoard(1, 0),
          conditions: new ConditionReport(
            table,
            this.engine,
            new Redundancy(table, this.engine, 0),
          ),
          decisions: new DecisionReport(table, this.engine, 1, 1),
          lifeSigns: new LifeSigns(null, null),
        }),
    );
    loop.nowUs = () => this.clockUs;
    this.turn = partOf(loop, "turn", Turn);
    this.poller = partOf(loop, "poller", Poller);
  }

  /** Listens, and takes everything. */
  begin(): this {
    this.host.inside(() => this.turn.begin());
    this.flyUntil("everything is up", () => this.isAllUp());
    return this;
  }

  isAllUp(): boolean {
    return this.vips.every((_, index) => this.isUp(index));
  }

  private kept<T extends { close(): void }>(socket: T): T {
    this.closing.push(socket);
    return socket;
  }

  isUp(index: number): boolean {
    return this.engine.handover.isUp(index);
  }

  /** Turn after turn, until `condition` holds. */
  flyUntil(what: string, condition: () => boolean): void {
    for (let turns = 0; turns < TURNS_MAX && this.turn.ended === GOES_ON; turns++) {
      if (condition()) return;
      this.fly(1);
    }
    if (condition()) return;
    const records = this.records().join("; ");
    throw new Error(`flew in vain (${this.turn.ended}): ${what}; records: ${records}`);
  }

  fly(turns: number): void {
    for (let turn = 0; turn < turns; turn++) {
      this.look();
      this.flyOn();
    }
  }

  /** A turn up to its step `step`, which comes next. */
  flyUpTo(step: number): void {
    while (this.turn.step !== step) {
      if (this.turn.step === BEGIN) this.look();
      this.host.inside(() => this.turn.advance());
    }
  }

  /** The rest of the turn, or a whole one. */
  flyOn(): void {
    this.host.inside(() => this.turn.run());
  }

  /** Time passes on the server's clock. */
  pass(ms: number): void {
    this.clockUs += ms * 1000;
  }

  /** The work of FlightLoop.run between two turns. */
  private look(): void {
    this.pass(TURN_MS);
    this.poller.wait(0);
  }

  /** The supervisor sends a record. */
  send(kind: number, index: number): void {
    const record = new NativeMemory(CONTROL_RECORD_BYTES);
    encodeControl(record.view, kind, index, 0, 0, 0);
    this.supervisor.send(record);
  }

  closeSupervisor(): void {
    this.supervisor.close();
    this.closing.splice(this.closing.indexOf(this.supervisor), 1);
  }

  /** Maintenance records that the supervisor got since: code and values. */
  records(): number[][] {
    const taken: number[][] = [];
    while (this.supervisor.receive() > 0) {
      const { view } = this.supervisor.received;
      if (controlKind(view) !== CONTROL_LOG) continue;
      taken.push([0, 1, 2].map((argument) => controlArgument(view, argument)));
    }
    return taken;
  }

  close(): void {
    for (const socket of this.closing.splice(0)) socket.close();
    rmSync(this.directory, { recursive: true });
  }
}

function multicastSocket(filter: Uint8Array): MulticastSocket {
  return new MulticastSocket({ interfaceName: "eth0", group: GROUP, port: 44_181, filter });
}

/** The private part `name` of the loop. */
function partOf<T>(loop: FlightLoop, name: string, kind: new (...args: never[]) => T): T {
  const part: unknown = Reflect.get(loop, name);
  if (!(part instanceof kind)) throw new Error(`the loop has no ${name}`);
  return part;
}
