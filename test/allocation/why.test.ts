/**
 * The sentences of config/why are true, for any question. Each is parsed as text, and its numbers
 * and names are counted again from the table and the answer, by other code.
 */
import { expect, test } from "bun:test";
import type { Allocation, Policy } from "../../src/allocation/allocation.ts";
import { FunctionTable, NONE, PROCESS_NONE } from "../../src/allocation/function-table.ts";
import { PROVEN_MOVES, PROVEN_NOTHING } from "../../src/allocation/planned/planner.ts";
import { POLICIES, type PolicyName } from "../../src/allocation/policies.ts";
import { explanations } from "../../src/config/why.ts";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../../src/limits.ts";
import { Random } from "../harness/seeded-random.ts";
import { drawTable, events } from "./planned-system.ts";

const SYSTEMS = 250;
const EVENTS = 6;
const DIMENSIONS = ["cpu", "disk"];

/** One answer, and how to count in it. */
class Counted {
  readonly servers: number[];
  readonly functions: number[];

  constructor(
    readonly table: FunctionTable,
    readonly allocation: Allocation,
    readonly before: Int8Array,
    readonly policy: PolicyName,
  ) {
    this.servers = [...Array(table.serverCount).keys()];
    this.functions = [...Array(table.functionCount).keys()];
  }

  readonly id = (server: number): string => "abcdefgh".charAt(server);
  readonly at = (id = ""): number => "abcdefgh".indexOf(id);

  isUp(server: number): boolean {
    return ((this.allocation.operable >> server) & 1) === 1;
  }

  isEligible(index: number, server: number): boolean {
    return ((this.table.eligible[index] >> server) & 1) === 1;
  }

  hasFailed(index: number, server: number): boolean {
    return ((this.allocation.cannotRun[index] >> server) & 1) === 1;
  }

  may(index: number): number[] {
    return this.servers.filter(
      (server) =>
        this.isUp(server) && this.isEligible(index, server) && !this.hasFailed(index, server),
    );
  }

  needs(index: number, dimension: number): number {
    return this.table.required[dimension * FUNCTIONS_MAX + index];
  }

  gives(server: number, dimension: number): number {
    const whole = this.table.resource[dimension * SERVERS_MAX + server];
    return Math.floor((whole * (100 - this.allocation.withheld[server])) / 100);
  }

  /** Free resource beside those of `others` that are present. */
  free(server: number, dimension: number, others: readonly number[]): number {
    return others
      .filter((other) => this.allocation.assigned[other] === server)
      .reduce((left, other) => left - this.needs(other, dimension), this.gives(server, dimension));
  }

  /** Functions that run and are as important as `index` or more. */
  important(index: number): number[] {
    return this.functions.filter(
      (other) =>
        this.allocation.assigned[other] !== NONE &&
        this.table.priority[other] >= this.table.priority[index],
    );
  }

  fits(index: number, server: number, others: readonly number[]): boolean {
    return this.dimensions().every(
      (dimension) => this.free(server, dimension, others) >= this.needs(index, dimension),
    );
  }

  dimensions(): number[] {
    return [...Array(this.table.dimensions).keys()];
  }

  isApart(index: number, other: number): boolean {
    return this.isPartner(index, other, 1);
  }

  isWith(index: number, other: number): boolean {
    return this.isPartner(index, other, 0);
  }

  private isPartner(index: number, other: number, kind: number): boolean {
    const { partnerStart, partner, isApart } = this.table;
    for (let at = partnerStart[index]; at < partnerStart[index + 1]; at++)
      if (partner[at] === other && isApart[at] === kind) return true;
    return false;
  }

  /** Whether `other` on `there` lets `index` be on `server`. */
  agrees(index: number, server: number, other: number, there: number): boolean {
    return there === server ? !this.isApart(index, other) : !this.isWith(index, other);
  }

  /** Whether some allocation has all of `wanted`, by trying every one. */
  canRunAll(wanted: readonly number[]): boolean {
    const place = new Map<number, number>();
    const left = this.servers.map((server) =>
      this.dimensions().map((dimension) => this.gives(server, dimension)),
    );
    const tryFrom = (next: number): boolean => {
      const index = wanted[next];
      if (index === undefined) return true;
      return this.may(index).some((server) => {
        const room = left[server] as number[];
        if (room.some((each, dimension) => each < this.needs(index, dimension))) return false;
        if ([...place].some(([other, there]) => !this.agrees(index, server, other, there)))
          return false;
        place.set(index, server);
        room.forEach((_, dimension) => {
          room[dimension] = (room[dimension] as number) - this.needs(index, dimension);
        });
        const found = tryFrom(next + 1);
        place.delete(index);
        room.forEach((_, dimension) => {
          room[dimension] = (room[dimension] as number) + this.needs(index, dimension);
        });
        return found;
      });
    };
    return tryFrom(0);
  }
}

/** Reads one kind of clause; its statement is expected. */
type Reading = readonly [form: RegExp, check: (c: Counted, index: number, found: string[]) => void];

const unitOf = (c: Counted, dimension: number): string =>
  c.table.dimensions === 1 ? "" : ` ${DIMENSIONS[dimension]}`;

/** The dimension that a sentence names. */
function dimensionOf(c: Counted, unit: string): number {
  const dimension = c.dimensions().find((each) => unitOf(c, each) === unit);
  expect(dimension).toBeDefined();
  return dimension ?? 0;
}

/** `no other server …` at the end of another clause, and why this one of several. */
function checkChoice(c: Counted, index: number, server: number, choice: string): void {
  const eligible = c.servers.filter((each) => c.isEligible(index, each));
  if (choice === "no other server may run it") expect(eligible).toEqual([server]);
  else if (choice === "no other server that may run it is left") {
    expect(c.may(index)).toEqual([server]);
    expect(eligible.length).toBeGreaterThan(1);
  } else if (choice === `${c.id(server)} has room for it`) expect(c.policy).toBe("planned");
  else checkTurn(c, index, server, choice);
}

function checkTurn(c: Counted, index: number, server: number, choice: string): void {
  expect(choice).toBe(`that server had the most${unitOf(c, 0)} free in its turn`);
  expect(c.policy).not.toBe("planned");
  if (c.policy !== "reset") return;
  const turn = [...c.table.turn.subarray(0, c.table.functionCount)];
  const earlier = turn.slice(0, turn.indexOf(index));
  const open = c.may(index).filter((each) =>
    earlier.every((other) => {
      const there = c.allocation.assigned[other];
      return there === NONE || c.agrees(index, each, other, there);
    }),
  );
  const most = Math.max(...open.map((each) => c.free(each, 0, earlier)));
  expect(c.free(server, 0, earlier)).toBe(most);
}

const READINGS: readonly Reading[] = [
  [
    /^stays on (\w) because (.*)$/,
    (c, index, [server, reason = ""]) => {
      expect([c.before[index], c.allocation.assigned[index]]).toEqual([c.at(server), c.at(server)]);
      if (reason === "it need not move") expect(c.policy).toBe("planned");
      else if (reason === "what runs is not moved") expect(c.policy).toBe("preempt");
      else checkChoice(c, index, c.at(server), reason);
    },
  ],
  [
    /^starts on (\w) because (.*)$/,
    (c, index, [server, reason = ""]) => {
      expect([c.before[index], c.allocation.assigned[index]]).toEqual([NONE, c.at(server)]);
      checkChoice(c, index, c.at(server), reason);
    },
  ],
  [
    /^goes to (\w) because (\w), where it ran, is lost, and (.*)$/,
    (c, index, [to, from, reason = ""]) => {
      expect([c.before[index], c.allocation.assigned[index]]).toEqual([c.at(from), c.at(to)]);
      expect(c.isUp(c.at(from))).toBe(false);
      checkChoice(c, index, c.at(to), reason);
    },
  ],
  [
    /^goes from (\w) to (\w) because (.*)$/,
    (c, index, [fromId, toId, reason = ""]) => {
      const [from, to] = [c.at(fromId), c.at(toId)];
      expect([c.before[index], c.allocation.assigned[index]]).toEqual([from, to]);
      expect(c.isUp(from)).toBe(true);
      const failed = /^it failed on (\w)$/.exec(reason);
      const room = /^it makes room on (\w) for ([f\d, and]+)( \d+ more)?$/.exec(reason);
      if (failed !== null) expect(c.hasFailed(index, from)).toBe(true);
      else if (room !== null) {
        expect(c.at(room[1])).toBe(from);
        expect(c.fits(index, from, c.functions)).toBe(false);
        const named = [...(room[2] ?? "").matchAll(/f(\d+)/g)].map(([, number]) => Number(number));
        expect(named.length).toBeGreaterThan(0);
        for (const other of named) {
          expect(c.allocation.assigned[other]).toBe(from);
          expect(c.allocation.current[other]).not.toBe(from);
        }
      } else if (/does not give enough for everything that ran there$/.test(reason)) {
        const ran = c.functions.filter((other) => c.allocation.current[other] === from);
        const isShort = c
          .dimensions()
          .some(
            (dimension) =>
              ran.reduce((sum, other) => sum + c.needs(other, dimension), 0) >
              c.gives(from, dimension),
          );
        expect(isShort).toBe(true);
      } else if (reason.startsWith("nothing as good")) {
        expect(c.policy).toBe("planned");
        expect(reason.endsWith("was found")).toBe(c.allocation.proven < PROVEN_MOVES);
      } else if (reason.startsWith("all are assigned again")) {
        expect(c.policy).toBe("reset");
        checkTurn(c, index, to, `that server had the most${unitOf(c, 0)} free in its turn`);
      } else expect(reason).toBe(`${toId} had the most${unitOf(c, 0)} free in its turn`);
    },
  ],
];

/** The reason after "does not run because" and "stopped because". */
const IDLE: readonly Reading[] = [
  [
    /^it failed on (?:every server that may run it: )?(.*?)(, the only server that may run it)?$/,
    (c, index) => {
      const eligible = c.servers.filter((server) => c.isEligible(index, server));
      expect(eligible.length).toBeGreaterThan(0);
      for (const server of eligible) {
        expect(c.hasFailed(index, server)).toBe(true);
        expect(c.isUp(server)).toBe(true);
      }
    },
  ],
  [
    /^no server may run it$/,
    (c, index) => expect(c.servers.filter((server) => c.isEligible(index, server))).toEqual([]),
  ],
  [
    /^no server that may run it is (up|left): (?:it failed on (.*), )?(.*) (is|are) lost$/,
    (c, index, [word, failed, down = "", verb]) => {
      const eligible = c.servers.filter((server) => c.isEligible(index, server));
      const lost = eligible.filter((server) => !c.isUp(server));
      const rest = eligible.filter((server) => c.isUp(server));
      expect(c.may(index)).toEqual([]);
      expect(word).toBe(rest.length === 0 ? "up" : "left");
      expect(down.split(/, | and /)).toEqual(lost.map(c.id));
      expect(verb).toBe(lost.length === 1 ? "is" : "are");
      if (rest.length > 0) expect(failed?.split(/, | and /)).toEqual(rest.map(c.id));
    },
  ],
  [
    /^it needs (\d+)( \w+)?, and no server that may run it now gives more than (\d+) \((\w)(?: with (\d+) % withheld)?\)$/,
    (c, index, [needs, unit = "", most, server, withheld = "0"]) => {
      const dimension = dimensionOf(c, unit);
      expect(Number(needs)).toBe(c.needs(index, dimension));
      const given = c.may(index).map((each) => c.gives(each, dimension));
      expect(Number(most)).toBe(Math.max(...given));
      expect(c.gives(c.at(server), dimension)).toBe(Number(most));
      expect(c.allocation.withheld[c.at(server)]).toBe(Number(withheld));
      expect(Number(most)).toBeLessThan(Number(needs));
    },
  ],
  [
    /^it needs (\d+)( \w+)?, and beside functions as important or more (?:nothing is free|at most (\d+) is free, on (\w))(; .*)?$/,
    (c, index, [needs, unit = "", most = "0", server, search = ""]) => {
      const dimension = dimensionOf(c, unit);
      const others = c.important(index);
      expect(Number(needs)).toBe(c.needs(index, dimension));
      const free = c.may(index).map((each) => c.free(each, dimension, others));
      expect(Number(most)).toBe(Math.max(...free));
      if (server !== undefined) expect(c.free(c.at(server), dimension, others)).toBe(Number(most));
      expect(Number(most)).toBeLessThan(Number(needs));
      checkSearch(c, index, search);
    },
  ],
  [
    /^beside functions as important or more no server has all that it needs free: (.*?)(; .*)?$/,
    (c, index, [lacks = "", search = ""]) => {
      const told = [...lacks.matchAll(/(\w) has (\d+) of (\d+)( \w+)/g)];
      expect(told.map(([, server]) => c.at(server))).toEqual(c.may(index));
      for (const [, server, free, needs, unit = ""] of told) {
        const dimension = dimensionOf(c, unit);
        expect(Number(needs)).toBe(c.needs(index, dimension));
        expect(Number(free)).toBe(c.free(c.at(server), dimension, c.important(index)));
        expect(Number(free)).toBeLessThan(Number(needs));
      }
      checkSearch(c, index, search);
    },
  ],
  [
    /^only (.*) ha(?:s|ve) room, and it must be (.*?)(; .*)?$/,
    (c, index, [roomy = "", bars = "", search = ""]) => {
      const servers = c.may(index).filter((each) => c.fits(index, each, c.important(index)));
      expect(roomy.split(/, | and /)).toEqual(servers.map(c.id));
      const told = [...bars.matchAll(/(apart from|with) f(\d+) on (\w)/g)].map(
        ([, how, other, server]) => ({ how, other: Number(other), there: c.at(server) }),
      );
      expect(told.length).toBeGreaterThan(0);
      for (const { how, other, there } of told) {
        expect(how === "with" ? c.isWith(index, other) : c.isApart(index, other)).toBe(true);
        expect(c.allocation.assigned[other]).toBe(there);
      }
      for (const server of servers)
        expect(told.some(({ other, there }) => !c.agrees(index, server, other, there))).toBe(true);
      checkSearch(c, index, search);
    },
  ],
  [
    /^(\w) has room without what is less important, but (no better|room is made only)/,
    (c, index, [server, why]) => {
      expect(c.fits(index, c.at(server), c.important(index))).toBe(true);
      if (why === "no better") {
        expect(c.policy).toBe("planned");
        expect(c.allocation.proven).toBe(PROVEN_NOTHING);
      } else {
        expect(c.policy).toBe("preempt");
        expect(c.fits(index, c.at(server), c.functions)).toBe(false);
      }
    },
  ],
  [
    /^(\w) has room, but it was not the server with the most/,
    (c, index, [server]) => {
      expect(c.policy).toBe("preempt");
      expect(c.fits(index, c.at(server), c.functions)).toBe(true);
    },
  ],
  [
    /^(\w) had room, but reset tries only the server with the most/,
    (c, index, [server]) => {
      expect(c.policy).toBe("reset");
      const turn = [...c.table.turn.subarray(0, c.table.functionCount)];
      const earlier = turn.slice(0, turn.indexOf(index));
      expect(c.fits(index, c.at(server), earlier)).toBe(true);
    },
  ],
];

/** Statements about the search: where it is proven, every allocation is tried. */
function checkSearch(c: Counted, index: number, search: string): void {
  if (c.policy !== "planned") expect(search).toBe("");
  else if (search === "; no better allocation was found")
    expect(c.allocation.proven).toBe(PROVEN_NOTHING);
  else {
    expect(search).toBe("; no move of others changes that");
    if (c.functions.length <= 12) expect(c.canRunAll([...c.important(index), index])).toBe(false);
  }
}

/** @returns which of the forms it has */
function read(c: Counted, index: number, sentence: string): RegExp {
  const idle = /^(does not run|stopped) because (.*)$/.exec(sentence);
  expect(idle !== null).toBe(c.allocation.assigned[index] === NONE);
  if (idle !== null) expect(idle[1] === "stopped").toBe(c.before[index] !== NONE);
  const text = idle?.[2] ?? sentence;
  const found = (idle === null ? READINGS : IDLE).find(([form]) => form.test(text));
  if (found === undefined) throw new Error(`no sentence that can be checked: ${sentence}`);
  const [form, check] = found;
  check(c, index, form.exec(text)?.slice(1) ?? []);
  return form;
}

/** One system of three has pairs of functions that must be together. */
function withPairs(random: Random, table: FunctionTable): FunctionTable {
  if (!random.oneIn(3)) return table;
  const amounts = (of: Int32Array, stride: number, at: number): number[] =>
    Array.from({ length: table.dimensions }, (_, dimension) => of[dimension * stride + at]);
  const partnersOf = (index: number): number[] => [
    ...table.partner.subarray(table.partnerStart[index], table.partnerStart[index + 1]),
  ];
  const rows = [...Array(table.functionCount).keys()].map((index) => {
    const apartFrom = partnersOf(index);
    const isPaired = index % 2 === 1 && !apartFrom.includes(index - 1) && random.oneIn(3);
    return {
      required: amounts(table.required, FUNCTIONS_MAX, index),
      priority: table.priority[index],
      servers: table.eligible[index],
      ...{ process: PROCESS_NONE, stopGraceMs: 0, apartFrom },
      ...(isPaired ? { together: [index - 1] } : {}),
    };
  });
  const resources = Array.from({ length: table.serverCount }, (_, server) =>
    amounts(table.resource, SERVERS_MAX, server),
  );
  return new FunctionTable(resources, rows);
}

/** Every sentence of an answer is read. @returns their forms */
function* formsOf(policy: Policy & { name: PolicyName }, seed: number): Generator<RegExp> {
  const random = new Random(seed + 880_000);
  const drawn = drawTable(random, random.between(1, 4), random.between(2, 14));
  const table = withPairs(random, drawn);
  for (const allocation of events(random, table, EVENTS)) {
    const before = allocation.current.slice();
    policy.allocate(table, allocation);
    const counted = new Counted(table, allocation, before, policy.name);
    const sentences = explanations({
      ...{ table, allocation, before, policy: policy.name },
      servers: counted.servers.map(counted.id),
      functions: counted.functions.map((index) => `f${index}`),
      dimensions: table.dimensions === 1 ? [] : DIMENSIONS,
      absence: () => "lost",
    });
    expect(sentences).toHaveLength(table.functionCount);
    for (const [index, sentence] of sentences.entries()) yield read(counted, index, sentence);
  }
}

test("what the sentences say is so, with every policy, and each kind of sentence is seen", () => {
  const seen = new Set<RegExp>();
  for (const policy of POLICIES)
    for (let seed = 1; seed <= SYSTEMS; seed++)
      for (const form of formsOf(policy, seed)) seen.add(form);
  const unseen = [...READINGS, ...IDLE].filter(([form]) => !seen.has(form));
  expect(unseen.map(([form]) => form.source)).toEqual([]);
}, 120_000);
