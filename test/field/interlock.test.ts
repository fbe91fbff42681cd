/**
 * Drain, resume and move ask the planner first: an action that would stop a function needs a
 * confirmation, and is allowed on ground only; on the console and on the command line alike.
 */
import { afterEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WINGMAN } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
afterEach(() => field.close());

/** All serve, and their consoles answer. */
async function ready(config: object): Promise<void> {
  field = new Field();
  field.start(config);
  await field.settled();
  for (const server of field.servers) {
    const ask = () => server.command("console", "show ground");
    const { id, manageErrors } = server;
    await until(
      () => `the console of ${id} answers: ${ask().err}${readFileSync(manageErrors)}${server.log}`,
      () => ask().code === 0,
    );
  }
}

const CONFIG = {
  ...FIELD_TABLE,
  functions: [
    { id: "f1", required: 100, priority: 10, vips: ["10.44.1.1/16"], servers: ["a"] },
    { id: "f2", required: 100, priority: 9, vips: ["10.44.1.2/16"] },
  ],
};
/** Everything fits on one server. */
const ROOMY = {
  ...FIELD_TABLE,
  functions: [
    { id: "f1", required: 10, priority: 10, vips: ["10.44.1.1/16"] },
    { id: "f2", required: 10, priority: 9, vips: ["10.44.1.2/16"] },
  ],
};

test("in the air nothing that stops a function is done, by console or by command line", async () => {
  await ready(CONFIG);
  const { a } = field;
  const ways: [command: string[], refused: RegExp][] = [
    [["console", "drain"], /it stops f1: .*drain confirm \(CONFIRM\)/],
    [["console", "drain", "confirm"], /stops f1.*run\/on-ground is missing.* \(GROUND\)/],
    [["drain"], /it stops f1: .*--confirm/],
    [["drain", "--confirm"], /stops f1.*run\/on-ground is missing or invalid, expected 1/],
    [["console", "move", "f2", "a", "confirm"], /on-ground.* \(GROUND\)/],
  ];
  for (const [[name = "", ...rest], refused] of ways) {
    const { code, err } = a.command(name, ...rest);
    expect([code, err]).toEqual([1, expect.stringMatching(refused)]);
  }
  expect(a.vips()).toEqual(["10.44.1.1"]);
  expect(a.state()?.draining).toBe(false);
  expect(a.command("console", "move", "f1", "a").err).toContain("f1 runs on a already (THERE)");
  writeFileSync(join(a.runDirectory, "on-ground"), "1\n");
  expect(a.command("drain", "--confirm")).toMatchObject({ code: 0, err: "" });
  expect(a.vips()).toEqual([]);
});

test("in the air actions that stop nothing are done at once, and so is their reversal", async () => {
  await ready(ROOMY);
  const { a, b } = field;
  expect(a.command("console", "drain")).toMatchObject({ code: 0, err: "" });
  await until("b has both", () => (b.vips().length === 2 ? true : null));
  // b is the last one now.
  await until("b sees it", () => b.command("console", "show servers").out.includes("draining"));
  expect(b.command("console", "drain").err).toMatch(/it stops f1, f2.*\(CONFIRM\)/);
  expect(b.command("drain").err).toMatch(/it stops f1, f2/);
  expect(a.command("console", "resume")).toMatchObject({ code: 0, err: "" });
  await field.settled();
  expect(a.command("drain")).toMatchObject({ code: 0, err: "" });
  expect(a.command("resume")).toMatchObject({ code: 0, err: "" });
});

test("a plan is asked of what status prints, and both say why", async () => {
  field = new Field();
  field.start(CONFIG);
  await field.settled();
  const { a, b } = field;
  const file = join(field.directory, "state.json");
  writeFileSync(file, a.command("status", "--json").out);
  const plan = (): { alive: string[]; assignment: object; why: object } => {
    const config = join(a.runDirectory, "config.json");
    const args = ["plan", "--config", config, "--from", file, "--json"];
    const { exitCode, stdout, stderr } = Bun.spawnSync([WINGMAN, ...args]);
    expect([exitCode, stderr.toString()]).toEqual([0, ""]);
    return JSON.parse(stdout.toString());
  };
  expect(plan().assignment).toEqual({ f1: "a", f2: "b" });
  await b.stop("SIGKILL");
  await until("b is gone", () => (a.state()?.servers[1]?.state === "alive" ? null : true));
  writeFileSync(file, a.command("status", "--json").out);
  const why =
    "does not run because it needs 100, and beside functions as important or more nothing is free";
  expect(plan()).toMatchObject({
    alive: ["a"],
    assignment: { f1: "a", f2: null },
    why: { f2: expect.stringContaining(why) },
  });
  const { functions } = JSON.parse(readFileSync(file, "utf8"));
  expect(functions).toMatchObject([
    { id: "f1", why: "runs on a because no other server may run it" },
    { id: "f2", why: expect.stringContaining(why) },
  ]);
  const text = a.command("status").out;
  expect(text).toContain("\nf2: does not run because it needs 100, and beside functions");
  expect(text).not.toContain("\nf1: ");
});
