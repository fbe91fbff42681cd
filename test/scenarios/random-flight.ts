/**
 * A flight made from a seed: an aircraft, and a sequence of faults and commands. The same seed gives the same flight on every
 * machine. Every step is noted in words, so that a flight that breaks a promise can be read, and become a scenario.
 */
import type { AllocationPolicy } from "../../src/core/allocation.ts";
import { Allocation } from "../../src/core/allocation.ts";
import { allocatePreempt } from "../../src/core/allocation-preempt.ts";
import { allocateReset } from "../../src/core/allocation-reset.ts";
import {
  type FunctionRow,
  FunctionTable,
  PROCESS_ALWAYS,
  PROCESS_NONE,
  PROCESS_ON_ACTIVATE,
} from "../../src/core/function-table.ts";
import { UP } from "../../src/core/handover-rows.ts";
import { NOTICE_PREEMPTED, NOTICE_STOPPING } from "../../src/wire/client-notice.ts";
import {
  CONTROL_DRAIN,
  CONTROL_LEAVE,
  CONTROL_PROCESS_EXITED,
  CONTROL_PROCESS_FAILED,
  CONTROL_RESUME,
} from "../../src/wire/control.ts";
import { Random } from "../allocation/random-system.ts";
import { Cluster } from "../simulation/cluster.ts";

/** Everything ends within this time after the last fault: listening, joining, two chains of hand-overs that are carried out late. */
const SETTLED_WITHIN_MS = 15_000;
const QUIET_MS = 5_000;

export class RandomFlight {
  readonly story: string[] = [];
  readonly cluster: Cluster;
  private readonly random: Random;
  private readonly table: FunctionTable;
  private readonly policy: AllocationPolicy;
  private readonly serverCount: number;
  private readonly networks: number;
  /** Every server could carry everything alone: nothing may ever be stopped for something else (P3). */
  private readonly roomy: boolean;
  private lossPercent = 0;
  private jitterUs = 1;
  private readonly withoutCarrier = new Set<number>();
  private readonly deliveredAtUs = new Map<string, number>();

  constructor(seed: number) {
    this.random = new Random(seed);
    const { random } = this;
    this.serverCount = random.between(2, 5);
    this.networks = random.between(1, 2);
    this.roomy = random.oneIn(3);
    const functionCount = random.between(2, 12);
    const graceMs = random.between(0, 300);
    const rows = Array.from({ length: functionCount }, () => this.randomRow(graceMs));
    const total = rows.reduce((sum, { required }) => sum + required, 0);
    const resources = Array.from({ length: this.serverCount }, () =>
      this.roomy ? total : random.between(20, 20 + Math.ceil((2 * total) / this.serverCount)),
    );
    this.table = new FunctionTable(resources, rows);
    this.policy = random.oneIn(3) ? allocateReset : allocatePreempt;
    this.cluster = new Cluster({
      table: this.table,
      policy: this.policy,
      lostAfterPeriods: random.between(3, 5),
      recoveredAfterPeriods: random.between(1, 10),
      processStartMs: random.between(1, 40),
      processStopMs: random.between(0, graceMs),
      networks: this.networks,
      // A kernel that takes its time: batches of one, so that other things happen between them.
      ...(random.oneIn(3) ? { vipsPerTurn: 1, batchUs: random.between(100, 800) } : {}),
    });
    this.cluster.filter = (from, to) => this.isDelivered(from, to);
    this.cluster.delayUs = () => 100 + random.between(0, this.jitterUs);
    const functions = rows.map((row, index) => `f${index}: ${row.required} p${row.priority}`).join(", ");
    this.note(`${this.policy.name}, servers ${resources.join(" ")}, ${functions}`);
  }

  /** Flies; throws when a promise is broken. */
  fly(): void {
    for (let server = 0; server < this.serverCount; server++) {
      this.start(server);
      this.wait(this.random.oneIn(2) ? 0 : this.random.between(1, 200));
    }
    const steps = this.random.between(3, 14);
    for (let step = 0; step < steps; step++) {
      this.disturb();
      this.wait(this.random.between(0, this.random.oneIn(2) ? 40 : 600));
    }
    this.heal();
    this.settle();
    this.checkPolicy();
    this.checkQuiet();
  }

  private randomRow(stopGraceMs: number): FunctionRow {
    const { random } = this;
    const everywhere = (1 << this.serverCount) - 1;
    return {
      required: random.between(1, 20),
      priority: random.between(1, 10),
      servers: random.oneIn(4) ? random.between(1, everywhere) : everywhere,
      process: [PROCESS_NONE, PROCESS_ON_ACTIVATE, PROCESS_ALWAYS][random.between(0, 2)],
      stopGraceMs,
    };
  }

  private note(line: string): void {
    this.story.push(`${String(this.cluster.nowUs / 1000 - 1000).padStart(9)} ms  ${line}`);
  }

  private wait(ms: number): void {
    this.cluster.run(ms);
  }

  private start(server: number): void {
    this.note(`start ${server}`);
    this.cluster.start(server);
  }

  private disturb(): void {
    const { cluster, random } = this;
    const server = random.between(0, this.serverCount - 1);
    const other = (server + random.between(1, this.serverCount - 1)) % this.serverCount;
    const index = random.between(0, this.table.functionCount - 1);
    const runs = cluster.host(server).engine !== null;
    const choice = random.between(0, 13);
    if (choice < 2) {
      if (runs) this.crash(server);
      else this.start(server);
    } else if (choice === 2)
      this.start(server); // where it runs already: at once, as a new incarnation
    else if (choice === 3) this.cut(server, other);
    else if (choice === 4) this.join(server, other);
    else if (choice === 5) this.cutNetwork(server, other, random.between(0, this.networks - 1));
    else if (choice === 6) this.partition();
    else if (choice === 7) this.command(server, CONTROL_DRAIN);
    else if (choice === 8) this.command(server, CONTROL_RESUME);
    else if (choice === 9) this.command(server, random.oneIn(2) ? CONTROL_LEAVE : CONTROL_DRAIN);
    else if (choice === 10) {
      this.process(server, index, random.oneIn(3) ? CONTROL_PROCESS_EXITED : CONTROL_PROCESS_FAILED);
    } else if (choice === 11) this.removeVip(server, index);
    else if (choice === 12) this.disturbNetwork();
    else this.setCarrier(server, this.withoutCarrier.has(server));
  }

  private crash(server: number): void {
    this.note(`crash ${server}`);
    this.cluster.crash(server);
  }

  private cut(one: number, other: number): void {
    this.note(`cut ${one}-${other}`);
    this.cluster.cut(one, other, true);
  }

  private join(one: number, other: number): void {
    if (this.withoutCarrier.has(one) || this.withoutCarrier.has(other)) return;
    this.note(`join ${one}-${other}`);
    this.cluster.cut(one, other, false);
  }

  private cutNetwork(from: number, to: number, network: number): void {
    this.note(`cut ${from}>${to} on network ${network}`);
    this.cluster.cutNetwork(from, to, network, true);
  }

  private process(server: number, index: number, kind: number): void {
    if (this.cluster.host(server).engine === null) return;
    this.note(`process of f${index} on ${server} ${kind === CONTROL_PROCESS_EXITED ? "exits" : "fails"}`);
    this.cluster.process(server, index, kind);
  }

  private removeVip(server: number, index: number): void {
    this.note(`VIP of f${index} removed by hand on ${server}`);
    this.cluster.removeVip(server, index);
  }

  private disturbNetwork(): void {
    this.lossPercent = this.random.between(0, 20);
    this.jitterUs = this.random.oneIn(2) ? 1 : this.random.between(1, 3000);
    this.note(`loss ${this.lossPercent} %, jitter ${this.jitterUs} µs`);
  }

  private command(server: number, command: number): void {
    if (this.cluster.host(server).engine === null) return;
    this.note(`${command === CONTROL_DRAIN ? "drain" : command === CONTROL_RESUME ? "resume" : "leave"} ${server}`);
    this.cluster.command(server, command);
  }

  private setCarrier(server: number, present: boolean): void {
    this.note(`carrier of ${server} ${present ? "back" : "lost"}`);
    if (present) this.withoutCarrier.delete(server);
    else this.withoutCarrier.add(server);
    this.cluster.carrier(server, present);
  }

  /** Divides the network in two parts. */
  private partition(): void {
    const part = this.random.between(1, (1 << this.serverCount) - 2);
    this.note(`partition ${part.toString(2)}`);
    for (let one = 0; one < this.serverCount; one++) {
      for (let other = 0; other < one; other++) {
        if (((part >> one) & 1) !== ((part >> other) & 1)) this.cluster.cut(one, other, true);
      }
    }
  }

  private heal(): void {
    const { cluster } = this;
    this.note("everything is healed");
    this.lossPercent = 0;
    this.jitterUs = 1;
    for (const server of [...this.withoutCarrier]) this.setCarrier(server, true);
    this.withoutCarrier.clear();
    for (let one = 0; one < this.serverCount; one++) {
      for (let other = 0; other < one; other++) cluster.cut(one, other, false);
    }
    cluster.run(100);
    for (let server = 0; server < this.serverCount; server++) {
      const { engine } = cluster.host(server);
      if (engine === null || engine.leaving) this.start(server);
      else cluster.command(server, CONTROL_RESUME);
    }
  }

  private settle(): void {
    const { cluster } = this;
    const untilUs = cluster.nowUs + SETTLED_WITHIN_MS * 1000;
    cluster.run(50); // until the last commands have arrived
    while (!this.isSettled()) {
      if (cluster.nowUs >= untilUs) {
        const engines = cluster.hosts.map(({ engine }) => ({
          phase: engine?.phase,
          digest: engine?.agreement.digest,
          busy: engine?.handover.busy,
          states: engine?.membership.state.slice(0, this.serverCount).join(),
          assigned: engine?.handover.assigned.slice(0, this.table.functionCount).join(),
        }));
        throw new Error(`P2: not settled, owners ${cluster.owners()} ${JSON.stringify(engines, null, 1)}`);
      }
      cluster.run(50);
    }
    this.note(`settled: ${cluster.owners()}`);
  }

  private isSettled(): boolean {
    const { cluster } = this;
    if (!cluster.agrees()) return false;
    const owners = cluster.owners();
    const { assigned } = cluster.engine(0).handover;
    return (
      owners.every((owner, index) => owner === assigned[index]) &&
      cluster.hosts.every(({ engine }) => {
        const up = engine?.handover.state.filter((state) => state === UP).length;
        return engine?.handover.busy === up;
      })
    );
  }

  /** P2: the policy, asked again, would change nothing; `reset` asks for exactly this and nothing else. */
  private checkPolicy(): void {
    const allocation = new Allocation();
    allocation.operable = this.table.serverMask;
    const owners = this.cluster.owners();
    owners.forEach((owner, index) => {
      allocation.current[index] = owner;
    });
    this.policy(this.table, allocation);
    const expected = [...allocation.assigned.slice(0, owners.length)];
    if (expected.join() !== owners.join()) throw new Error(`P2: runs ${owners}, the policy gives ${expected}`);
  }

  /** P6, and P3 for what can be said without knowing the policy. */
  private checkQuiet(): void {
    const { cluster } = this;
    const before = `${cluster.owners()}`;
    const notices = cluster.notices.length;
    const log = cluster.log.length;
    cluster.run(QUIET_MS);
    if (`${cluster.owners()}` !== before) throw new Error(`P6: ${before} became ${cluster.owners()}`);
    if (cluster.notices.length !== notices) throw new Error("P6: clients were told something in quiet flight");
    const news = cluster.log.slice(log);
    if (news.length > 0) throw new Error(`P6: logged in quiet flight: ${JSON.stringify(news)}`);
    const stopped = cluster.notices.filter(
      ({ event, reason }) => event === NOTICE_STOPPING && reason === NOTICE_PREEMPTED,
    );
    if (this.roomy && stopped.length > 0) throw new Error(`P3: stopped in vain: ${JSON.stringify(stopped)}`);
  }

  /** Loses datagrams, but never so many in a row that the detection time passes: then it would be a cut, not a loss. */
  private isDelivered(from: number, to: number): boolean {
    const { nowUs, timing } = this.cluster;
    const key = `${from}>${to}`;
    const last = this.deliveredAtUs.get(key) ?? Number.NEGATIVE_INFINITY;
    const inTime = nowUs + timing.periodUs + this.jitterUs < last + timing.detectionUs;
    if (inTime && this.random.between(1, 100) <= this.lossPercent) return false;
    this.deliveredAtUs.set(key, nowUs);
    return true;
  }
}
