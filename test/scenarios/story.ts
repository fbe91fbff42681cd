/**
 * Scenarios as text. A story is a list of lines: the aircraft, then steps and what is expected
 * after them. When a line does not hold, the whole story is shown up to that line, with what was
 * found instead. The simulator checks in every step that nothing is answered twice and no server
 * carries more than it can.
 *
 *     servers a 100, b 80                    the aircraft
 *     functions pa 30 p10, map 20 p3         required resource and priority; then, as wanted: `on a+b` (eligible servers),
 *                                            `process` or `always` (it has a process), `grace 300`
 *                                            (ms)
 *     policy preempt                         or reset; also: lost after 3, recovered after 10, networks 2, stop takes 50 (ms)
 *     start a b                              `start b with another table`, `a second b` is another box with b's id, called b'
 *     wait 20 ms                             or µs, s
 *     crash a; drain a; resume a; leave a    several steps in one line
 *     move pa to b asked at a                `refused: ROOM` at its end: it is, with that code
 *     cut a-b; join a-b; cut a>b; join a>b   both directions or one; `cut a-b on network 1`
 *     carrier of a lost; carrier of a back
 *     process of pa on a fails               or exits
 *     address of pa on a is removed          or is refused from now on, or is accepted again
 *     a: pa map | b: - | nowhere: tv         expected: where every function is up
 *     a sees b lost; a is listening          expected: states and phases in the words of `wingman status`
 *     all agree                              expected: everybody active, sees everybody, and holds the same assignment
 *     told map: stopping, preempted          expected: a client notice since the last step, its event and its reason
 *     nobody is told                         expected: no notice since the last step
 *     a logs 213                             expected: a maintenance event since the last step
 *     quiet for 5 s                          expected: no address, no notice and no maintenance event during that time
 */

import {
  type FunctionRow,
  FunctionTable,
  NONE,
  PROCESS_ALWAYS,
  PROCESS_NONE,
  PROCESS_ON_ACTIVATE,
} from "../../src/core/function-table.ts";
import { PHASE_NAMES } from "../../src/core/phase.ts";
import { DEFAULT_POLICY, POLICIES, POLICY_NAMES, policyNamed } from "../../src/core/policies.ts";
import { SERVER_STATE_NAMES } from "../../src/core/server-state.ts";
import {
  NOTICE_BY_HAND,
  NOTICE_DRAIN,
  NOTICE_MOVED,
  NOTICE_PREEMPTED,
  NOTICE_PROCESS_FAILED,
  NOTICE_RECOVERY,
  NOTICE_SERVER_FAILED,
  NOTICE_START,
  NOTICE_STARTED,
  NOTICE_STOPPING,
} from "../../src/wire/client-notice.ts";
import {
  CONTROL_DRAIN,
  CONTROL_LEAVE,
  CONTROL_PROCESS_EXITED,
  CONTROL_PROCESS_FAILED,
  CONTROL_RESUME,
  MOVE_REFUSALS,
} from "../../src/wire/control.ts";
import { Cluster, type ClusterOptions } from "../simulation/cluster.ts";

const EVENTS: Record<string, number> = {
  stopping: NOTICE_STOPPING,
  moved: NOTICE_MOVED,
  started: NOTICE_STARTED,
};
const REASONS: Record<string, number> = {
  preempted: NOTICE_PREEMPTED,
  "server failed": NOTICE_SERVER_FAILED,
  drain: NOTICE_DRAIN,
  recovery: NOTICE_RECOVERY,
  "process failed": NOTICE_PROCESS_FAILED,
  start: NOTICE_START,
  "by hand": NOTICE_BY_HAND,
};
const COMMANDS: Record<string, number> = {
  drain: CONTROL_DRAIN,
  resume: CONTROL_RESUME,
  leave: CONTROL_LEAVE,
};
const US_PER: Record<string, number> = { µs: 1, ms: 1000, s: 1_000_000 };
const ANOTHER_DIGEST = 8;
const EACCES = 13;

/**
 * Acts out a story. @throws an error that shows the story when a line of it does not hold. @returns
 * the cluster at its end
 */
export function play(text: string): Cluster {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const story = new Story();
  lines.forEach((line, at) => {
    try {
      for (const step of line.split(";")) story.step(step.trim());
    } catch (error) {
      const told = lines.slice(0, at + 1).map((each) => `    ${each.trim()}`);
      throw new Error(
        `\n${told.join("\n")}\n    ^ ${story.elapsedMs()} ms: ${(error as Error).message}`,
      );
    }
  });
  if (story.cluster === null) throw new Error("nothing happens in this story");
  return story.cluster;
}

class Story {
  cluster: Cluster | null = null;
  private readonly servers: string[] = [];
  private readonly resources: number[] = [];
  private readonly functions: string[] = [];
  private rows: FunctionRow[] = [];
  private readonly options: Omit<ClusterOptions, "table"> = { policy: policyNamed(DEFAULT_POLICY) };
  private beganUs = 0;
  /** Time of the last step that was neither a wait nor an expectation. */
  private sinceUs = 0;

  elapsedMs(): number {
    return this.cluster === null ? 0 : (this.cluster.nowUs - this.beganUs) / 1000;
  }

  /** Takes one line: of the aircraft until something happens, then steps and expectations. */
  step(line: string): void {
    if (this.cluster === null && this.describe(line)) return;
    const cluster = this.takeOff();
    if (this.wait(cluster, line) || this.expectation(cluster, line)) return;
    this.sinceUs = cluster.nowUs;
    if (!this.disturb(cluster, line)) throw new Error(`cannot read "${line}"`);
  }

  private describe(line: string): boolean {
    const [, word, rest] =
      /^(servers|functions|policy|lost after|recovered after|networks|stop takes|VIPs a turn) (.*)$/.exec(
        line,
      ) ?? [];
    if (word === undefined || rest === undefined) return false;
    if (word === "servers") for (const each of rest.split(",")) this.describeServer(each.trim());
    else if (word === "functions")
      for (const each of rest.split(",")) this.describeFunction(each.trim());
    else if (word === "policy") this.options.policy = POLICIES[place(POLICY_NAMES, rest, "policy")];
    else if (word === "lost after") this.options.lostAfterPeriods = Number(rest);
    else if (word === "recovered after") this.options.recoveredAfterPeriods = Number(rest);
    else if (word === "networks") this.options.networks = Number(rest);
    else if (word === "VIPs a turn") {
      this.options.vipsPerTurn = Number(rest);
      this.options.batchUs = 800;
    } else this.options.processStopMs = Number(rest);
    return true;
  }

  private describeServer(text: string): void {
    const [id, resource] = text.split(" ");
    this.servers.push(id);
    this.resources.push(Number(resource));
  }

  private describeFunction(text: string): void {
    const [, id, required, priority, rest] = /^(\S+) (\d+) p(\d+)(.*)$/.exec(text) ?? [];
    if (id === undefined || rest === undefined)
      throw new Error(`cannot read the function "${text}"`);
    const eligible = / on (\S+)/.exec(rest)?.[1]?.split("+") ?? this.servers;
    this.functions.push(id);
    this.rows.push({
      required: Number(required),
      priority: Number(priority),
      servers: eligible.reduce((mask, server) => mask | (1 << this.server(server)), 0),
      process: rest.includes(" always")
        ? PROCESS_ALWAYS
        : rest.includes(" process")
          ? PROCESS_ON_ACTIVATE
          : PROCESS_NONE,
      stopGraceMs: Number(/ grace (\d+)/.exec(rest)?.[1] ?? "0"),
    });
  }

  private takeOff(): Cluster {
    if (this.cluster === null) {
      this.cluster = new Cluster({
        ...this.options,
        table: new FunctionTable(this.resources, this.rows),
      });
      this.beganUs = this.cluster.nowUs;
    }
    return this.cluster;
  }

  private wait(cluster: Cluster, line: string): boolean {
    const [, amount, unit] = /^wait ([\d.]+) (µs|ms|s)$/.exec(line) ?? [];
    if (amount === undefined || unit === undefined) return false;
    cluster.runUntil(cluster.nowUs + Math.round(Number(amount) * US_PER[unit]));
    return true;
  }

  private disturb(cluster: Cluster, line: string): boolean {
    return (
      this.move(cluster, line) ||
      this.command(cluster, line) ||
      this.network(cluster, line) ||
      this.local(cluster, line)
    );
  }

  private move(cluster: Cluster, line: string): boolean {
    const [, index, target, asked, expected] =
      /^move (\S+) to (\S+) asked at (\S+?)(?: refused: (\S+))?$/.exec(line) ?? [];
    if (index === undefined || target === undefined || asked === undefined) return false;
    const refusal = cluster.move(this.server(asked), this.function(index), this.server(target));
    const found = MOVE_REFUSALS[refusal];
    if (found.code !== (expected ?? ""))
      throw new Error(`found ${refusal === 0 ? "no refusal" : `${found.code}, ${found.text}`}`);
    return true;
  }

  private command(cluster: Cluster, line: string): boolean {
    const [, second] = /^a second (\S+)$/.exec(line) ?? [];
    if (second !== undefined) {
      cluster.addTwin(this.server(second));
      this.servers.push(`${second}'`);
      return true;
    }
    const [, verb, rest] = /^(start|crash|drain|resume|leave) (.*)$/.exec(line) ?? [];
    if (verb === undefined || rest === undefined) return false;
    const [ids, digest] = rest.endsWith(" with another table")
      ? [rest.replace(" with another table", ""), ANOTHER_DIGEST]
      : [rest, undefined];
    for (const server of ids.split(" ").map((id) => this.server(id))) {
      if (verb === "start") cluster.start(server, digest);
      else if (verb === "crash") cluster.crash(server);
      else cluster.command(server, COMMANDS[verb]);
    }
    return true;
  }

  private network(cluster: Cluster, line: string): boolean {
    const [, verb, from, sign, to, network] =
      /^(cut|join) (\S+)([->])(\S+)(?: on network (\d))?$/.exec(line) ?? [];
    if (verb === undefined || from === undefined || to === undefined) return false;
    const [one, other] = [this.server(from), this.server(to)];
    const isCut = verb === "cut";
    if (network === undefined) {
      cluster.cutOneWay(one, other, isCut);
      if (sign === "-") cluster.cutOneWay(other, one, isCut);
    } else {
      cluster.cutNetwork(one, other, Number(network), isCut);
      if (sign === "-") cluster.cutNetwork(other, one, Number(network), isCut);
    }
    return true;
  }

  private local(cluster: Cluster, line: string): boolean {
    const [, carrier, how] = /^carrier of (\S+) (lost|back)$/.exec(line) ?? [];
    if (carrier !== undefined) {
      cluster.carrier(this.server(carrier), how === "back");
      return true;
    }
    const [, process, host, fate] = /^process of (\S+) on (\S+) (fails|exits)$/.exec(line) ?? [];
    if (process !== undefined && host !== undefined) {
      const kind = fate === "fails" ? CONTROL_PROCESS_FAILED : CONTROL_PROCESS_EXITED;
      cluster.process(this.server(host), this.function(process), kind);
      return true;
    }
    const [, address, where, what] =
      /^address of (\S+) on (\S+) is (removed|refused from now on|accepted again)$/.exec(line) ??
      [];
    if (address === undefined || where === undefined) return false;
    const { refusedVips } = cluster.host(this.server(where));
    if (what === "removed") cluster.removeVip(this.server(where), this.function(address));
    else if (what === "accepted again") refusedVips.delete(this.function(address));
    else refusedVips.set(this.function(address), EACCES);
    return true;
  }

  private expectation(cluster: Cluster, line: string): boolean {
    return (
      this.expectOwners(cluster, line) ||
      this.expectViews(cluster, line) ||
      this.expectWords(cluster, line)
    );
  }

  private expectOwners(cluster: Cluster, line: string): boolean {
    if (!/^\S+: [^,]*$/.test(line)) return false;
    const expected = new Map(this.functions.map((id) => [id, "unmentioned"]));
    for (const part of line.split("|")) {
      const [place, ids] = part.split(":");
      for (const id of ids.trim().split(/\s+/)) if (id !== "-") expected.set(id, place.trim());
    }
    const found = cluster
      .owners()
      .map((owner) => (owner === NONE ? "nowhere" : this.servers[owner]));
    if (this.functions.some((id, index) => expected.get(id) !== found[index])) {
      const places = [...this.servers, "nowhere"].map(
        (place) =>
          `${place}: ${this.functions.filter((_, index) => found[index] === place).join(" ") || "-"}`,
      );
      throw new Error(`found ${places.join(" | ")}`);
    }
    return true;
  }

  private expectViews(cluster: Cluster, line: string): boolean {
    const [, viewer, other, state] = /^(\S+) sees (\S+) (\w+)$/.exec(line) ?? [];
    if (viewer !== undefined && other !== undefined) {
      const found =
        SERVER_STATE_NAMES[
          cluster.engine(this.server(viewer)).membership.state[this.server(other)]
        ];
      if (found !== state) throw new Error(`found ${viewer} sees ${other} ${found}`);
      return true;
    }
    const [, server, phase] =
      /^(\S+) is (listening|active|isolated|draining|gone)$/.exec(line) ?? [];
    if (server === undefined) return false;
    const { engine } = cluster.host(this.server(server));
    const found = engine === null ? "gone" : PHASE_NAMES[engine.phase];
    if (found !== phase) throw new Error(`found ${server} is ${found}`);
    return true;
  }

  private expectWords(cluster: Cluster, line: string): boolean {
    const notices = cluster.notices.filter(({ atUs }) => atUs >= this.sinceUs);
    const [, told, event, reason] = /^told (\S+): (\w+), (.+)$/.exec(line) ?? [];
    const [, logger, code] = /^(\S+) logs (\d+)$/.exec(line) ?? [];
    const [, seconds] = /^quiet for (\d+) s$/.exec(line) ?? [];
    if (line === "all agree") {
      if (!cluster.agrees()) throw new Error("they do not");
    } else if (line === "nobody is told") {
      if (notices.length > 0) throw new Error(`found ${JSON.stringify(notices)}`);
    } else if (told !== undefined && event !== undefined && reason !== undefined) {
      const index = this.function(told);
      const isIt = (notice: (typeof notices)[number]): boolean =>
        notice.index === index &&
        notice.event === EVENTS[event] &&
        notice.reason === REASONS[reason];
      if (!notices.some(isIt)) throw new Error(`found ${JSON.stringify(notices)}`);
    } else if (logger !== undefined && code !== undefined) {
      const log = cluster.log.filter(
        ({ atUs, server }) => atUs >= this.sinceUs && server === this.server(logger),
      );
      if (!log.some((entry) => entry.code === Number(code)))
        throw new Error(`found ${JSON.stringify(log)}`);
    } else if (seconds !== undefined) this.expectQuiet(cluster, Number(seconds));
    else return false;
    return true;
  }

  private expectQuiet(cluster: Cluster, seconds: number): void {
    const before = [cluster.owners().join(), cluster.notices.length, cluster.log.length].join(" ");
    cluster.run(seconds * 1000);
    const after = [cluster.owners().join(), cluster.notices.length, cluster.log.length].join(" ");
    if (after !== before) throw new Error(`owners, notices, events: ${before} became ${after}`);
  }

  private server(id: string): number {
    return place(this.servers, id, "server");
  }

  private function(id: string): number {
    return place(this.functions, id, "function");
  }
}

function place(ids: readonly string[], id: string, kind: string): number {
  const index = ids.indexOf(id);
  if (index === -1) throw new Error(`no ${kind} ${id}`);
  return index;
}
