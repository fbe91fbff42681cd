/**
 * Explains in one sentence per function why it runs where it does, or does not run, from the inputs
 * and the answer of a policy. Nothing is assumed: every number is counted in the answer. That no
 * move of others helps is stated only where the search has proven it.
 */
import { type Allocation, givenResource, hasRoom } from "../allocation/allocation.ts";
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { PROVEN_MOVES, PROVEN_RUNNING } from "../allocation/planned/planner.ts";
import { type PolicyName, policyNamed } from "../allocation/policies.ts";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import { alternatives } from "./problem.ts";

/** More names than this are counted instead: it is one sentence. */
const NAMES_MAX = 4;

export interface WhyAsked {
  readonly table: FunctionTable;
  readonly policy: PolicyName;
  /** The inputs and the policy's answer. */
  readonly allocation: Allocation;
  /** Server on which each function ran before, even one that is down; NONE for none. */
  readonly before: ArrayLike<number>;
  readonly servers: readonly string[];
  readonly functions: readonly string[];
  /** Names of the dimensions of resource; empty for a single one without a name. */
  readonly dimensions: readonly string[];
  /** Word for a server that takes no functions: `down`, `lost`. */
  readonly absence: (server: number) => string;
}

/** One sentence per function, in the order of the table, without a full stop. */
export function explanations(asked: WhyAsked): string[] {
  const why = new Why(asked);
  return asked.functions.map((_, index) => why.of(index));
}

/** For a function that only one server can run now. @param eligible servers that may run it */
export function onlyText(eligible: number): string {
  return eligible === 1 ? "no other server may run it" : "no other server that may run it is left";
}

class Why {
  private readonly takenByPriority = new Map<number, Int32Array>();

  constructor(private readonly asked: WhyAsked) {}

  of(index: number): string {
    const { allocation, before } = this.asked;
    const from = before[index] ?? NONE;
    const to = allocation.assigned[index];
    if (to === NONE)
      return `${from === NONE ? "does not run" : "stopped"} because ${this.whyIdle(index)}`;
    if (from === to) return this.whyStays(index, to);
    if (from === NONE) return `starts on ${this.server(to)} because ${this.choice(index, to)}`;
    if (!this.isUp(from))
      return `goes to ${this.server(to)} because ${this.server(from)}, where it ran, is ${this.asked.absence(from)}, and ${this.choice(index, to)}`;
    return `goes from ${this.server(from)} to ${this.server(to)} because ${this.whyMoves(index, from, to)}`;
  }

  // ---- a function that runs

  private whyStays(index: number, to: number): string {
    const stays = `stays on ${this.server(to)} because`;
    const only = this.only(index);
    if (only !== "") return `${stays} ${only}`;
    const { keepsRunning, searches } = policyNamed(this.asked.policy);
    if (searches) return `${stays} it need not move`;
    if (keepsRunning || this.asked.allocation.holds) return `${stays} what runs is not moved`;
    return `${stays} ${this.choice(index, to)}`;
  }

  /** Reason for this server among several. */
  private choice(index: number, to: number): string {
    const only = this.only(index);
    if (only !== "") return only;
    return policyNamed(this.asked.policy).searches
      ? `${this.server(to)} has room for it`
      : `that server had the most${this.unit(0)} free in its turn`;
  }

  /** "" where others may run it as well. */
  private only(index: number): string {
    if (serversIn(this.mayRun(index)).length !== 1) return "";
    return onlyText(serversIn(this.asked.table.eligible[index]).length);
  }

  private whyMoves(index: number, from: number, to: number): string {
    const { table, allocation, policy } = this.asked;
    if ((allocation.cannotRun[index] & (1 << from)) !== 0)
      return `it failed on ${this.server(from)}`;
    if ((table.eligible[index] & (1 << from)) === 0) return `${this.server(from)} may not run it`;
    if (policy === "reset" && !allocation.holds)
      return `all are assigned again, and ${this.server(to)} had the most${this.unit(0)} free in its turn`;
    const comers = this.comersTo(from, index);
    if (comers.length > 0 && !hasRoom(table, allocation, index, from))
      return `it makes room on ${this.server(from)} for ${this.named(comers)}`;
    if (!this.heldAllBefore(from))
      return `${this.server(from)} does not give enough for everything that ran there`;
    if (policy !== "planned")
      return `${this.server(to)} had the most${this.unit(0)} free in its turn`;
    return allocation.proven >= PROVEN_MOVES
      ? "nothing as good needs fewer moves"
      : "nothing as good with fewer moves was found";
  }

  /** Functions that come to a server, the most important first; only those where there are any. */
  private comersTo(server: number, index: number): number[] {
    const { table, allocation } = this.asked;
    const comers = Array.from(table.turn.subarray(0, table.functionCount)).filter(
      (other) => allocation.assigned[other] === server && allocation.current[other] !== server,
    );
    const more = comers.filter((other) => table.priority[other] > table.priority[index]);
    return more.length > 0 ? more : comers;
  }

  private heldAllBefore(server: number): boolean {
    const { table, allocation } = this.asked;
    return this.everyDimension((dimension) => {
      let left = this.given(server, dimension);
      for (let index = 0; index < table.functionCount; index++)
        if (allocation.current[index] === server) left -= this.needs(index, dimension);
      return left >= 0;
    });
  }

  // ---- a function that does not run

  private whyIdle(index: number): string {
    const may = serversIn(this.mayRun(index));
    return may.length === 0 ? this.noServerReason(index) : this.whyNoPlace(index, may);
  }

  /** Every server that may run it is down, or it failed there. */
  private noServerReason(index: number): string {
    const eligible = serversIn(this.asked.table.eligible[index]);
    if (eligible.length === 0) return "no server may run it";
    const failed = eligible.filter((server) => this.isUp(server));
    const absences = [
      ...new Set(
        eligible.filter((server) => !this.isUp(server)).map((server) => this.asked.absence(server)),
      ),
    ].map((absence) => {
      const alike = eligible.filter(
        (server) => !this.isUp(server) && this.asked.absence(server) === absence,
      );
      return `${this.servers(alike)} ${alike.length === 1 ? "is" : "are"} ${absence}`;
    });
    if (absences.length === 0)
      return eligible.length === 1
        ? `it failed on ${this.servers(eligible)}, the only server that may run it`
        : `it failed on every server that may run it: ${this.servers(eligible)}`;
    if (failed.length === 0) return `no server that may run it is up: ${absences.join(", ")}`;
    return `no server that may run it is left: it failed on ${this.servers(failed)}, ${absences.join(", ")}`;
  }

  /** @param may servers that are up and may run it, at least one */
  private whyNoPlace(index: number, may: readonly number[]): string {
    const tooLarge = this.shortage(index, may, (server, dimension) =>
      this.given(server, dimension),
    );
    if (tooLarge !== null) {
      const { needs, most, server, unit } = tooLarge;
      const withheld = this.asked.allocation.withheld[server];
      const now = withheld === 0 ? "" : ` with ${withheld} % withheld`;
      return `it needs ${needs}${unit}, and no server that may run it now gives more than ${most} (${this.server(server)}${now})`;
    }
    const roomy = may.filter((server) =>
      this.everyDimension(
        (dimension) => this.roomBeside(index, server, dimension) >= this.needs(index, dimension),
      ),
    );
    if (roomy.length === 0) return this.whyNoRoom(index, may) + this.whatMovesHelp();
    const open = roomy.filter((server) => this.bar(index, server) === "");
    if (open.length === 0) return this.whyBarred(index, roomy) + this.whatMovesHelp();
    return this.whyNotFound(index, open);
  }

  /** @param may servers, none of which has room beside functions of equal or higher priority */
  private whyNoRoom(index: number, may: readonly number[]): string {
    const short = this.shortage(index, may, (server, dimension) =>
      this.roomBeside(index, server, dimension),
    );
    const beside = "beside functions as important or more";
    if (short !== null) {
      const { needs, most, server, unit } = short;
      const free =
        most === 0 ? "nothing is free" : `at most ${most} is free, on ${this.server(server)}`;
      return `it needs ${needs}${unit}, and ${beside} ${free}`;
    }
    // There is enough in each dimension, but on no server in all of them.
    const lacks = may.slice(0, NAMES_MAX).map((server) => {
      const dimension = this.dimensions().find(
        (each) => this.roomBeside(index, server, each) < this.needs(index, each),
      ) as number;
      const free = this.roomBeside(index, server, dimension);
      return `${this.server(server)} has ${free} of ${this.needs(index, dimension)}${this.unit(dimension)}`;
    });
    const more = may.length - lacks.length;
    return `${beside} no server has all that it needs free: ${lacks.join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
  }

  /** @param roomy servers with room, each barred by a partner */
  private whyBarred(index: number, roomy: readonly number[]): string {
    const bars = [...new Set(roomy.map((server) => this.bar(index, server)))];
    const has = roomy.length === 1 ? "has" : "have";
    return `only ${this.servers(roomy)} ${has} room, and it must be ${alternatives(bars, "and")}`;
  }

  /** @param open servers that have room without less important functions, and no barring partner */
  private whyNotFound(index: number, open: readonly number[]): string {
    const { table, allocation, policy } = this.asked;
    const [server] = open as [number];
    const name = this.server(server);
    if (policy === "planned")
      return `${name} has room without what is less important, but no better allocation was found`;
    if (policy === "reset" && !allocation.holds)
      return `${name} had room, but reset tries only the server with the most${this.unit(0)} free in its turn`;
    const free = open.find((each) => hasRoom(table, allocation, index, each));
    if (free !== undefined)
      return `${this.server(free)} has room, but it was not the server with the most${this.unit(0)} free in its turn`;
    return `${name} has room without what is less important, but room is made only on the server with the most${this.unit(0)} free in its turn`;
  }

  /**
   * The additional result that the search has proven: no allocation runs it and everything of equal
   * or higher priority.
   */
  private whatMovesHelp(): string {
    const { policy, allocation } = this.asked;
    if (policy !== "planned" || allocation.holds) return "";
    return allocation.proven >= PROVEN_RUNNING
      ? "; no move of others changes that"
      : "; no better allocation was found";
  }

  /** The partner that keeps it off a server; "" for none. */
  private bar(index: number, server: number): string {
    const { table, allocation, policy } = this.asked;
    for (let at = table.partnerStart[index]; at < table.partnerStart[index + 1]; at++) {
      const partner = table.partner[at];
      const place = allocation.assigned[partner];
      // "preempt" never stops a partner to make room, however unimportant it is.
      if (place === NONE || (policy !== "preempt" && !this.isKept(partner, index))) continue;
      const where = `${this.asked.functions[partner]} on ${this.server(place)}`;
      if (table.isApart[at] !== 0 && place === server) return `apart from ${where}`;
      if (table.isApart[at] === 0 && place !== server) return `with ${where}`;
    }
    return "";
  }

  // ---- figures

  /**
   * The dimension in which no server has enough, and the largest available amount; null when there
   * is none.
   */
  private shortage(
    index: number,
    may: readonly number[],
    of: (server: number, dimension: number) => number,
  ): { needs: number; most: number; server: number; unit: string } | null {
    for (const dimension of this.dimensions()) {
      const server = may.reduce((best, each) =>
        of(each, dimension) > of(best, dimension) ? each : best,
      );
      const most = of(server, dimension);
      const needs = this.needs(index, dimension);
      if (most < needs) return { needs, most, server, unit: this.unit(dimension) };
    }
    return null;
  }

  /**
   * Given resource of a server less the needs of its functions of equal or higher priority than
   * `index`.
   */
  private roomBeside(index: number, server: number, dimension: number): number {
    const taken = this.takenFrom(this.asked.table.priority[index]);
    return this.given(server, dimension) - taken[dimension * SERVERS_MAX + server];
  }

  /**
   * Needs of the functions of this priority or higher; dimension d of a server at d × SERVERS_MAX +
   * server.
   */
  private takenFrom(priority: number): Int32Array {
    const known = this.takenByPriority.get(priority);
    if (known !== undefined) return known;
    const { table, allocation } = this.asked;
    const taken = new Int32Array(table.dimensions * SERVERS_MAX);
    for (let index = 0; index < table.functionCount; index++) {
      const server = allocation.assigned[index];
      if (server === NONE || table.priority[index] < priority) continue;
      for (const dimension of this.dimensions())
        taken[dimension * SERVERS_MAX + server] += this.needs(index, dimension);
    }
    this.takenByPriority.set(priority, taken);
    return taken;
  }

  private isKept(other: number, index: number): boolean {
    const { priority } = this.asked.table;
    return priority[other] >= priority[index];
  }

  private needs(index: number, dimension: number): number {
    return this.asked.table.required[dimension * FUNCTIONS_MAX + index];
  }

  private given(server: number, dimension: number): number {
    const { table, allocation } = this.asked;
    return givenResource(table, server, dimension, allocation.withheld[server]);
  }

  private dimensions(): number[] {
    return Array.from({ length: this.asked.table.dimensions }, (_, dimension) => dimension);
  }

  private everyDimension(holds: (dimension: number) => boolean): boolean {
    return this.dimensions().every(holds);
  }

  private mayRun(index: number): number {
    const { table, allocation } = this.asked;
    return allocation.operable & table.eligible[index] & ~allocation.cannotRun[index];
  }

  private isUp(server: number): boolean {
    return (this.asked.allocation.operable & (1 << server)) !== 0;
  }

  // ---- words

  private unit(dimension: number): string {
    const name = this.asked.dimensions[dimension];
    return name === undefined ? "" : ` ${name}`;
  }

  private server(server: number): string {
    return this.asked.servers[server] ?? "";
  }

  private servers(servers: readonly number[]): string {
    return shown(servers.map((server) => this.server(server)));
  }

  private named(functions: readonly number[]): string {
    return shown(functions.map((index) => this.asked.functions[index] ?? ""));
  }
}

function shown(names: readonly string[]): string {
  if (names.length <= NAMES_MAX) return alternatives(names, "and");
  return `${names.slice(0, NAMES_MAX - 1).join(", ")} and ${names.length - NAMES_MAX + 1} more`;
}

function serversIn(mask: number): number[] {
  return Array.from({ length: SERVERS_MAX }, (_, server) => server).filter(
    (server) => (mask & (1 << server)) !== 0,
  );
}
