/** Decisions pass through records of the log: recomputed from them, they give the same result. */
import { expect, test } from "bun:test";
import { ContingencyBook } from "../../src/allocation/contingency-book.ts";
import { NONE } from "../../src/allocation/function-table.ts";
import { POLICY_NAMES, type PolicyName, policyNamed } from "../../src/allocation/policies.ts";
import { LOG_DECISIONS_LEFT_OUT } from "../../src/boundary/maintenance-code.ts";
import { functionTableOf } from "../../src/config/function-table.ts";
import { parseConfig } from "../../src/config/load.ts";
import { parseSituation } from "../../src/config/situation-file.ts";
import { WhatIf } from "../../src/config/what-if.ts";
import {
  DECISION_INTERVAL_S,
  DECISION_RECORDS_PER_PERIOD,
  DECISIONS_BURST_MAX,
  DECISIONS_WAITING_MAX,
} from "../../src/limits.ts";
import { decisionsOf, replayed } from "../../src/manage/log/decisions.ts";
import { Random } from "../harness/seeded-random.ts";
import { Decided } from "./decided.ts";
import { events } from "./planned-system.ts";

/** An aircraft with functions of all kinds. */
function aircraft(random: Random, policy: PolicyName) {
  const servers = Array.from({ length: random.between(2, 6) }, (_, place) => `s${place}`);
  const count = random.between(1, 40);
  const functions = Array.from({ length: count }, (_, index) => ({
    ...{ id: `f${index}`, priority: random.between(1, 10), required: random.between(1, 30) },
    ...{ vips: [`10.0.${index >> 7}.${(index % 120) + 1}/16`], servers },
  }));
  const text = JSON.stringify({
    ...{ system: "decisions", allocation: policy },
    keepAlive: {
      interfaces: ["eth1"],
      ...{ group: "239.255.77.1", port: 44177, periodMs: 10, lostAfterPeriods: 5 },
      recoveredAfterPeriods: 10,
    },
    clients: { interface: "eth0", lease: "off" },
    servers: servers.map((id) => ({ id, resource: 100 })),
    functions,
  });
  const result = parseConfig(text, "decisions", "/");
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

test.each(POLICY_NAMES)("%s: from start to failure and recovery, byte for byte", (policy) => {
  let made = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed);
    const config = aircraft(random, policy);
    const table = functionTableOf(config);
    const book = new ContingencyBook(table, policyNamed(policy));
    const decided = new Decided(config);
    const answers: string[] = [];
    for (const allocation of events(random, table, 5)) {
      allocation.holds = random.oneIn(5);
      for (let index = 0; index < table.functionCount; index++)
        allocation.claimed[index] = allocation.current[index] !== NONE && random.oneIn(6) ? 1 : 0;
      book.answer(allocation);
      decided.decide(allocation, 0);
      answers.push([...allocation.assigned.subarray(0, table.functionCount)].join());
    }
    decided.writeAll();
    const { whole, torn, leftOut } = decisionsOf(decided.records);
    expect({ torn, leftOut, count: whole.length }).toEqual({ torn: 0, leftOut: 0, count: 5 });
    for (const [place, { isSame, plan, situation }] of replayed(config, whole).entries()) {
      const ids = config.servers.map(({ id }) => id);
      const assigned = config.functions.map(({ id }) => ids.indexOf(plan?.assignment[id] ?? ""));
      expect({ seed, isSame, assigned: assigned.join() }).toEqual({
        ...{ seed, isSame: true, assigned: answers[place] as string },
      });
      // As a person has it: printed, and read by wingman plan --from.
      const read = parseSituation(JSON.stringify(situation), "printed", config);
      if (!read.ok) throw new Error(JSON.stringify(read.problems));
      expect(JSON.stringify(new WhatIf(config).plan(read.situation))).toBe(JSON.stringify(plan));
      made++;
    }
  }
  expect(made).toBe(300);
});

/** An aircraft, and its first answer, which is not yet reported. */
function answered(seed: number) {
  const random = new Random(seed);
  const config = aircraft(random, "planned");
  const table = functionTableOf(config);
  const decided = new Decided(config);
  const [allocation] = events(random, table, 1);
  if (allocation === undefined) throw new Error("there is one");
  new ContingencyBook(table, policyNamed("planned")).answer(allocation);
  return { config, decided, allocation };
}

test("an answer that differs from the log, and another table, are reported", () => {
  const { config, decided, allocation } = answered(3);
  decided.decide(allocation, 0);
  decided.writeAll();
  const [decision] = decisionsOf(decided.records).whole;
  if (decision === undefined) throw new Error("there is one");
  const other = replayed(config, [{ ...decision, digest: decision.digest ^ 1 }]);
  expect(other).toMatchObject([{ isSame: false, plan: {} }]);
  const functions = config.functions.map((entry) => ({ ...entry, priority: 11 - entry.priority }));
  expect(replayed({ ...config, functions }, [decision])).toMatchObject([
    { isSame: false, situation: null, plan: null },
  ]);
});

test("a decision with missing records is none, and the next one is whole", () => {
  const random = new Random(5);
  const config = aircraft(random, "planned");
  const table = functionTableOf(config);
  const decided = new Decided(config);
  for (const allocation of events(random, table, 3)) {
    new ContingencyBook(table, policyNamed("planned")).answer(allocation);
    decided.decide(allocation, 0);
  }
  decided.writeAll();
  const { whole } = decisionsOf(decided.records);
  expect(whole.length).toBe(3);
  const second = decided.records.findIndex(({ sequence }) => sequence === whole[1]?.sequence);
  const without = decided.records.toSpliced(second - 1, 1); // its last record but one
  expect(decisionsOf(without)).toMatchObject({ torn: 1, whole: { length: 2 } });
});

test("records per period are bounded, and too many in a row are counted", () => {
  const { decided, allocation } = answered(7);
  for (let row = 0; row < DECISIONS_WAITING_MAX + 2; row++) decided.decide(allocation, row);
  expect(decided.period()).toBeLessThanOrEqual(DECISION_RECORDS_PER_PERIOD);
  decided.writeAll();
  const told = () => decided.records.filter(({ code }) => code === LOG_DECISIONS_LEFT_OUT);
  expect(told().map(({ first }) => first)).toEqual([2]);
  const { length } = decisionsOf(decided.records).whole;
  expect(length).toBe(DECISIONS_WAITING_MAX);
  for (let row = 0; row < 2 * DECISIONS_BURST_MAX; row++) {
    decided.decide(allocation, 1000 + row);
    decided.writeAll();
  }
  expect(decisionsOf(decided.records).whole.length).toBe(DECISIONS_BURST_MAX);
  // Some time later there is one more, and the omitted ones are reported.
  decided.decide(allocation, (DECISION_INTERVAL_S + 1) * 1_000_000);
  decided.writeAll();
  expect(decisionsOf(decided.records).whole.length).toBe(DECISIONS_BURST_MAX + 1);
  expect(told().length).toBe(1);
  decided.decide(allocation, 3 * DECISION_INTERVAL_S * 1_000_000);
  decided.writeAll();
  expect(told().length).toBe(2);
});
