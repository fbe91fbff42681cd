import { expect, spyOn, test } from "bun:test";
import { POLICY_NAMES } from "../allocation/policies.ts";
import { CATALOGUE } from "../catalogue/catalogue.ts";
import { UsageError } from "../command-line/errors.ts";
import { COLUMNS } from "../command-line/paragraph.ts";
import { PUBLIC_COMMANDS } from "./command-list.ts";
import { help } from "./help.ts";
import { TOPICS } from "./manual/manual.ts";

const manual = async (...args: string[]): Promise<string> => {
  const log = spyOn(console, "log").mockImplementation(() => {});
  try {
    expect(await help(args)).toBe(0);
    return log.mock.calls.flat().join("\n");
  } finally {
    log.mockRestore();
  }
};

test("there is a topic for every command and every subject", () => {
  const names = TOPICS.map(({ name }) => name);
  const subjects = [
    "overview",
    "configuration",
    "allocation",
    "keep-alive",
    "handover",
    "lease",
    "notice",
    "files",
    "exit-codes",
    "network",
  ];
  expect(names).toEqual(
    expect.arrayContaining([...subjects, ...PUBLIC_COMMANDS.map(({ name }) => name)]),
  );
  expect(new Set(names).size).toBe(names.length);
});

test.each(TOPICS.map(({ name }) => name))("the topic %s fits the terminal", async (name) => {
  const text = await manual(name);
  expect(text.length).toBeGreaterThan(50);
  expect(text.split("\n").filter((line) => line.length > COLUMNS)).toEqual([]);
  expect(text).not.toMatch(/undefined|NaN|\[object|\s$/);
});

test("without a topic it is the overview, which names all others", async () => {
  const text = await manual();
  expect(text).toBe(await manual("overview"));
  for (const { name } of TOPICS) if (name !== "overview") expect(text).toContain(`\n  ${name} `);
});

test("the configuration is explained key by key, with range and default", async () => {
  const text = await manual("configuration");
  expect(text).toContain(`
keepAlive.periodMs
    Time between two keep-alives, in milliseconds.
    A whole number from 5 to 1,000. Default: 10.
`);
  expect(text).toContain(`
functions[].priority
    10 is the most important and kept longest.
    A whole number from 1 to 10. Required.
`);
});

test("the topic allocation describes every policy", async () => {
  const text = await manual("allocation");
  for (const name of POLICY_NAMES) expect(text).toMatch(new RegExp(`^${name}( |$)`, "m"));
});

test("every maintenance code stands in the list with its class, cause, action and what clears it", async () => {
  const text = await manual("faults");
  for (const { code, text: words } of CATALOGUE) {
    expect(text).toContain(`\nWNG-${String(code).padStart(4, "0")}  ${words}`);
  }
  expect(text).toContain(`
WNG-0120  CLIENT NETWORK CARRIER LOST  (class 2)
          The client interface has no link.
          Action: Check the cable and the switch port.
          Cleared by WNG-0121.
`);
});

test.each(["show", "move", "download"])("%s is looked up with the console", async (name) => {
  await expect(help([name])).rejects.toThrow(
    new UsageError(`help: "${name}" is a command of the console: see 'wingman help console'`),
  );
});

test("an unknown topic is answered with the nearest", async () => {
  await expect(help(["alocation"])).rejects.toThrow(
    new UsageError('help: unknown topic "alocation"; did you mean allocation?'),
  );
  await expect(help(["zzzzzz"])).rejects.toThrow("expected overview, configuration, ");
  await expect(help(["run", "check"])).rejects.toThrow(UsageError);
});

test("a code is explained, however it is written", async () => {
  const text = await manual("WNG-0111");
  for (const name of ["wng-0111", "wng-111", "111", "0111"]) expect(await manual(name)).toBe(text);
  expect(text).toStartWith("WNG-0111  SERVER LOST\n");
  expect(text).toContain("Class      class 2: maintenance status only");
  expect(text).toContain("Cause      No server hears its keep-alives any longer.");
  expect(text).toContain("Action     Check power and network cables of the server named.");
  expect(text).toContain("Ends       with WNG-0110 SERVER ALIVE, ");
  expect(text).toContain("Clears     WNG-0112 SERVER UNREACHABLE FROM HERE, ");
  expect(await manual("125")).toContain("WNG-0100 PHASE CHANGED (ACTIVE or DRAINING)");
  expect(await manual("300")).toContain("Ends       with the next start of the daemon\n");
});

test("an unknown code is answered with the nearest", async () => {
  await expect(help(["WNG-0137"])).rejects.toThrow(
    new UsageError("help: unknown code WNG-0137; did you mean WNG-0136?"),
  );
  await expect(help(["1011"])).rejects.toThrow("did you mean WNG-0111?");
  for (const far of ["WNG-9999", "WNG-5555"])
    await expect(help([far])).rejects.toThrow(
      new UsageError(`help: unknown code ${far}; 'wingman help faults' lists all codes`),
    );
  await expect(help(["wng-01l1"])).rejects.toThrow("did you mean WNG-0111?");
});

test("the topic faults begins with the symptoms", async () => {
  const text = await manual("faults");
  expect(text.indexOf("Everything is dark")).toBeGreaterThan(0);
  expect(text.indexOf("Everything is dark")).toBeLessThan(text.indexOf("WNG-0100  PHASE"));
});
