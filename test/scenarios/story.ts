/**
 * Scenarios as text. A story is a list of lines: the aircraft, then steps and what is expected
 * after them. When a line does not hold, the whole story is shown up to that line, with what was
 * found instead. A story flies in the simulator's world with chance switched off: what must hold in
 * flights (simulation/invariants) must hold in every step.
 *
 *     servers a 100, b 80                    the aircraft
 *     functions pa 30 p10, map 20 p3         required resource and priority; then, as wanted: `on a+b` (eligible servers),
 *                                            `process` or `always` (it has a process), `grace 300`
 *                                            (ms)
 *     policy preempt                         or reset; also: period 10 (ms), lost after 3, recovered after 10, networks 2,
 *                                            witnesses 1, stop takes 50 (ms), lease ticks 20 (ms; without it there is no lease)
 *     start a b                              `start b with another table`, `a second b` is another box with b's id, called b'
 *     wait 20 ms                             or µs, s
 *     crash a; drain a; resume a; leave a    several steps in one line
 *     capacity a 60                          a is to give so many per cent of its resource; 100: all
 *     hold a; hold a ends                    what runs is not to be moved, says a
 *     kill a                                 SIGKILL of its engine: its supervisor starts it again
 *     stop a for 80 ms                       SIGSTOP of its engine
 *     move pa to b asked at a                `refused: ROOM` at its end: it is, with that code
 *     cut a-b; join a-b; cut a>b; join a>b   both directions or one; `cut a-b on network 1`
 *     carrier of a lost; carrier of a back
 *     clients of a cut; clients of a joined  behind the switch: the carrier stays
 *     witnesses silent; witnesses answer     all of them
 *     process of pa on a fails               or exits
 *     address of pa on a is removed          or is refused from now on, or is accepted again
 *     a: pa map | b: - | nowhere: tv         expected: where every function is up
 *     a sees b lost; a is listening          expected: states and phases in the words of `wingman status`
 *     all agree                              expected: everybody active, sees everybody, and holds the same assignment
 *     told map: stopping, preempted          expected: a client notice since the last step, its event and its reason
 *     nobody is told                         expected: no notice since the last step
 *     a logs 213                             expected: a maintenance event since the last step
 *     all fly on                             expected: nobody has let go of everything since the last step
 *     map was away for 12 ms at most         expected: so long nobody answered for it since the last step, the longest time
 *     quiet for 5 s                          expected: no address, no notice and no maintenance event during that time
 *
 * What the explorer has found is a story, too. With the line `in ticks` it flies in the explorer's
 * world: waits are whole ticks, and steps are the explorer's moves (exploration/moves). Further
 * lines about the aircraft there: `period 10` and `lease ticks 20`, in ms, and for how many ticks
 * `silence lasts 4`.
 */

import {
  type FunctionRow,
  FunctionTable,
  NONE,
  PROCESS_ALWAYS,
  PROCESS_NONE,
  PROCESS_ON_ACTIVATE,
} from "../../src/allocation/function-table.ts";
import { POLICIES, POLICY_NAMES } from "../../src/allocation/policies.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { PHASE_NAMES } from "../../src/boundary/phase.ts";
import { SERVER_STATE_NAMES } from "../../src/boundary/server-state.ts";
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
import { ExploredWorld } from "../exploration/explored-world.ts";
import { KIND_NAMES, type Move, movesOf } from "../exploration/moves.ts";
import type { Host } from "../simulation/host.ts";
import type { Speeds } from "../simulation/kernels.ts";
import { type NominalOptions, NominalWorld } from "../simulation/nominal-world.ts";

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
const SLOW_BATCH_US = 800;

/**
 * Acts out a story. @throws an error that shows the story when a line of it does not hold. @returns
 * the world at its end
 */
export function play(text: string): NominalWorld {
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
  if (story.world === null) throw new Error("nothing happens in this story");
  return story.world;
}

class Story {
  world: NominalWorld | null = null;
  private readonly servers: string[] = [];
  private readonly resources: number[] = [];
  private readonly functions: string[] = [];
  private rows: FunctionRow[] = [];
  private readonly options: Omit<NominalOptions, "table" | "speeds"> = {
    policy: PREEMPT, // the patent's, unless the story names another
  };
  private speeds: Partial<Speeds> = {};
  /** It flies in the explorer's world, with these moves. */
  private isInTicks = false;
  private burstTicks: number | null = null;
  private moves: readonly Move[] = [];
  private beganUs = 0;
  /** Time of the last step that was neither a wait nor an expectation. */
  private sinceUs = 0;

  elapsedMs(): number {
    return this.world === null ? 0 : (this.world.nowUs - this.beganUs) / 1000;
  }

  /** Takes one line: of the aircraft until something happens, then steps and expectations. */
  step(line: string): void {
    if (this.world === null && line === "in ticks") {
      this.isInTicks = true;
      return;
    }
    if (this.world === null && this.describe(line)) return;
    const world = this.takeOff();
    if (this.wait(world, line) || this.expectation(world, line)) return;
    this.sinceUs = world.nowUs;
    if (!this.disturb(world, line)) throw new Error(`cannot read "${line}"`);
  }

  private describe(line: string): boolean {
    const [, word, rest] =
      /^(servers|functions|policy|period|lost after|recovered after|networks|witnesses|lease ticks|stop takes|VIPs a turn|silence lasts) (.*)$/.exec(
        line,
      ) ?? [];
    if (word === undefined || rest === undefined) return false;
    if (word === "servers") for (const each of rest.split(",")) this.describeServer(each.trim());
    else if (word === "functions")
      for (const each of rest.split(",")) this.describeFunction(each.trim());
    else if (word === "policy") this.options.policy = POLICIES[place(POLICY_NAMES, rest, "policy")];
    else if (word === "period") this.options.periodMs = Number(rest);
    else if (word === "lease ticks") this.options.leaseTicksMs = Number(rest);
    else if (word === "lost after") this.options.lostAfterPeriods = Number(rest);
    else if (word === "recovered after") this.options.recoveredAfterPeriods = Number(rest);
    else if (word === "networks") this.options.networks = Number(rest);
    else if (word === "witnesses") this.options.witnesses = Number(rest);
    else if (word === "silence lasts") this.burstTicks = Number(rest);
    else if (word === "VIPs a turn")
      this.speeds = { ...this.speeds, vipsPerTurn: Number(rest), batchUs: SLOW_BATCH_US };
    else this.speeds = { ...this.speeds, processStopUs: Number(rest) * 1000 };
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

  private takeOff(): NominalWorld {
    if (this.world === null) {
      const table = new FunctionTable(this.resources, this.rows);
      const options = { ...this.options, speeds: this.speeds, table };
      if (this.isInTicks) {
        const world = new ExploredWorld(options, false);
        const { burstTicks } = this;
        this.moves = movesOf(world, {
          kinds: KIND_NAMES,
          ...(burstTicks === null ? {} : { burstTicks }),
        });
        this.world = world;
      } else this.world = new NominalWorld(options);
      this.beganUs = this.world.nowUs;
    }
    return this.world;
  }

  private wait(world: NominalWorld, line: string): boolean {
    const [, amount, unit] = /^wait ([\d.]+) (µs|ms|s)$/.exec(line) ?? [];
    if (amount === undefined || unit === undefined) return false;
    const us = Math.round(Number(amount) * US_PER[unit]);
    if (!(world instanceof ExploredWorld)) world.runUntil(world.nowUs + us);
    else if (us % world.tickUs !== 0) throw new Error(`no whole ticks of ${world.tickUs} µs`);
    else for (let endUs = world.nowUs + us; world.nowUs < endUs; ) world.tick();
    return true;
  }

  private disturb(world: NominalWorld, line: string): boolean {
    if (world instanceof ExploredWorld) return this.moveTick(world, line);
    return (
      this.move(world, line) ||
      this.command(world, line) ||
      this.network(world, line) ||
      this.local(world, line)
    );
  }

  /** A move of the explorer; or all servers are switched on. */
  private moveTick(world: ExploredWorld, line: string): boolean {
    if (line === "start all") {
      for (const host of world.hosts) world.switchOn(host);
      return true;
    }
    const move = this.moves.find((each) => each.line === line);
    if (move === undefined) return false;
    if (!move.applies()) throw new Error("this is so already, or cannot be");
    move.apply();
    return true;
  }

  private move(world: NominalWorld, line: string): boolean {
    const [, index, target, asked, expected] =
      /^move (\S+) to (\S+) asked at (\S+?)(?: refused: (\S+))?$/.exec(line) ?? [];
    if (index === undefined || target === undefined || asked === undefined) return false;
    const refusal = world.move(this.host(asked), this.function(index), this.server(target));
    const found = MOVE_REFUSALS[refusal];
    if (found.code !== (expected ?? ""))
      throw new Error(`found ${refusal === 0 ? "no refusal" : `${found.code}, ${found.text}`}`);
    return true;
  }

  private command(world: NominalWorld, line: string): boolean {
    const [, second] = /^a second (\S+)$/.exec(line) ?? [];
    if (second !== undefined) {
      world.addTwin(this.server(second));
      this.servers.push(`${second}'`);
      return true;
    }
    const [, stopped, pauseMs] = /^stop (\S+) for ([\d.]+) ms$/.exec(line) ?? [];
    if (stopped !== undefined) {
      const host = this.host(stopped);
      world.pause(host, Number(pauseMs) * 1000);
      world.touch(host.index);
      return true;
    }
    if (this.inputs(world, line)) return true;
    const [, killed] = /^kill (\S+)$/.exec(line) ?? [];
    if (killed !== undefined) {
      world.killEngine(this.host(killed));
      return true;
    }
    const [, verb, rest] = /^(start|crash|drain|resume|leave) (.*)$/.exec(line) ?? [];
    if (verb === undefined || rest === undefined) return false;
    const ids = rest.replace(" with another table", "");
    for (const host of ids.split(" ").map((id) => this.host(id))) {
      if (verb === "start") {
        host.foreignTable = ids !== rest;
        world.start(host);
      } else if (verb === "crash") world.powerOff(host);
      else world.command(host, COMMANDS[verb]);
    }
    return true;
  }

  private inputs(world: NominalWorld, line: string): boolean {
    const [, giver, percent] = /^capacity (\S+) (\d+)$/.exec(line) ?? [];
    const [, holder, ends] = /^hold (\S+?)( ends)?$/.exec(line) ?? [];
    if (giver !== undefined) {
      const host = this.host(giver);
      world.setInputs(host, 100 - Number(percent), host.holds);
    } else if (holder !== undefined) {
      const host = this.host(holder);
      world.setInputs(host, host.withheld, ends === undefined);
    } else return false;
    return true;
  }

  private network(world: NominalWorld, line: string): boolean {
    const [, verb, from, sign, to, network] =
      /^(cut|join) (\S+)([->])(\S+)(?: on network (\d))?$/.exec(line) ?? [];
    if (verb === undefined || from === undefined || to === undefined) return false;
    const [one, other] = [this.server(from), this.server(to)];
    const isCut = verb === "cut";
    if (network === undefined) {
      world.cutOneWay(one, other, isCut);
      if (sign === "-") world.cutOneWay(other, one, isCut);
    } else {
      world.cutNetwork(one, other, Number(network), isCut);
      if (sign === "-") world.cutNetwork(other, one, Number(network), isCut);
    }
    return true;
  }

  private local(world: NominalWorld, line: string): boolean {
    const [, carrier, how] = /^carrier of (\S+) (lost|back)$/.exec(line) ?? [];
    if (carrier !== undefined) {
      world.setCarrier(this.host(carrier), how === "back");
      return true;
    }
    const [, clients, cut] = /^clients of (\S+) (cut|joined)$/.exec(line) ?? [];
    if (clients !== undefined) {
      world.setClientCut(this.host(clients), cut === "cut");
      return true;
    }
    const [, answer] = /^witnesses (silent|answer)$/.exec(line) ?? [];
    if (answer !== undefined) {
      world.witnesses.fill(answer === "answer" ? 1 : 0);
      return true;
    }
    const [, process, runner, fate] = /^process of (\S+) on (\S+) (fails|exits)$/.exec(line) ?? [];
    if (process !== undefined && runner !== undefined) {
      const kind = fate === "fails" ? CONTROL_PROCESS_FAILED : CONTROL_PROCESS_EXITED;
      world.process(this.host(runner), this.function(process), kind);
      return true;
    }
    const [, address, where, what] =
      /^address of (\S+) on (\S+) is (removed|refused from now on|accepted again)$/.exec(line) ??
      [];
    if (address === undefined || where === undefined) return false;
    const host = this.host(where);
    const index = this.function(address);
    if (what === "removed") world.kernels.removeByHand(host, index);
    else host.refused[index] = what === "accepted again" ? 0 : 1;
    return true;
  }

  private expectation(world: NominalWorld, line: string): boolean {
    return (
      this.expectOwners(world, line) ||
      this.expectViews(world, line) ||
      this.expectWords(world, line)
    );
  }

  private expectOwners(world: NominalWorld, line: string): boolean {
    if (!/^\S+: [^,]*$/.test(line)) return false;
    const expected = new Map(this.functions.map((id) => [id, "unmentioned"]));
    for (const part of line.split("|")) {
      const [place, ids] = part.split(":");
      for (const id of ids.trim().split(/\s+/)) if (id !== "-") expected.set(id, place.trim());
    }
    const found = world.owners().map((owner) => (owner === NONE ? "nowhere" : this.servers[owner]));
    if (this.functions.some((id, index) => expected.get(id) !== found[index])) {
      const places = [...this.servers, "nowhere"].map(
        (place) =>
          `${place}: ${this.functions.filter((_, index) => found[index] === place).join(" ") || "-"}`,
      );
      throw new Error(`found ${places.join(" | ")}`);
    }
    return true;
  }

  private expectViews(world: NominalWorld, line: string): boolean {
    const [, viewer, other, state] = /^(\S+) sees (\S+) (\w+)$/.exec(line) ?? [];
    if (viewer !== undefined && other !== undefined) {
      const found =
        SERVER_STATE_NAMES[world.engine(this.server(viewer)).membership.state[this.server(other)]];
      if (found !== state) throw new Error(`found ${viewer} sees ${other} ${found}`);
      return true;
    }
    const [, server, phase] =
      /^(\S+) is (listening|active|isolated|draining|gone)$/.exec(line) ?? [];
    if (server === undefined) return false;
    const { engine } = this.host(server);
    const found = engine === null ? "gone" : PHASE_NAMES[engine.phase];
    if (found !== phase) throw new Error(`found ${server} is ${found}`);
    return true;
  }

  private expectWords(world: NominalWorld, line: string): boolean {
    const notices = world.recorder.notices.filter(({ atUs }) => atUs >= this.sinceUs);
    const [, told, event, reason] = /^told (\S+): (\w+), (.+)$/.exec(line) ?? [];
    const [, logger, code] = /^(\S+) logs (\d+)$/.exec(line) ?? [];
    const [, seconds] = /^quiet for (\d+) s$/.exec(line) ?? [];
    const [, away, mostMs] = /^(\S+) was away for ([\d.]+) ms at most$/.exec(line) ?? [];
    if (line === "all fly on") {
      const lost = world.recorder.letGo.filter(({ atUs }) => atUs >= this.sinceUs);
      if (lost.length > 0) throw new Error(`found ${JSON.stringify(lost)}`);
    } else if (away !== undefined) {
      const foundMs = world.awayUs(this.function(away), this.sinceUs) / 1000;
      if (foundMs > Number(mostMs)) throw new Error(`found ${foundMs} ms`);
    } else if (line === "all agree") {
      if (!world.agrees()) throw new Error("they do not");
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
      const log = world.recorder.log.filter(
        ({ atUs, server }) => atUs >= this.sinceUs && server === this.server(logger),
      );
      if (!log.some((entry) => entry.code === Number(code)))
        throw new Error(`found ${JSON.stringify(log)}`);
    } else if (seconds !== undefined) this.expectQuiet(world, Number(seconds));
    else return false;
    return true;
  }

  private expectQuiet(world: NominalWorld, seconds: number): void {
    const { notices, log } = world.recorder;
    const soFar = (): string => [world.owners().join(), notices.length, log.length].join(" ");
    const before = soFar();
    world.run(seconds * 1000);
    const after = soFar();
    if (after !== before) throw new Error(`owners, notices, events: ${before} became ${after}`);
  }

  private host(id: string): Host {
    return this.takeOff().hosts[this.server(id)];
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
