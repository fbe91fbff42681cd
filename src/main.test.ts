/** The executable from outside: exit codes, what goes to stdout and what to stderr. */
import { expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../test/harness/run-mark.ts";
import { COMMANDS } from "./commands/command-list.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;

const wingman = (...args: string[]) => {
  const child = Bun.spawnSync([process.execPath, MAIN, ...args], {
    env: { PATH: process.env.PATH },
  });
  return { code: child.exitCode, out: child.stdout.toString(), err: child.stderr.toString() };
};

test("no command: the short usage, exit 2", () => {
  const { code, out, err } = wingman();
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toStartWith("wingman: expected a command\n\n  run ");
  expect(err).not.toContain("engine ");
});

test("an unknown command is answered with the nearest", () => {
  expect(wingman("chek")).toEqual({
    code: 2,
    out: "",
    err: 'wingman: unknown command "chek"; did you mean check?\n',
  });
  expect(wingman("constructor").err).toStartWith(
    'wingman: unknown command "constructor"; expected one of run, check,',
  );
});

test("every command has a loader", () => {
  const text = readFileSync(MAIN, "utf8");
  const [, loaders = ""] = /LOADERS[^=]*=> *Promise<Command>>> = \{\n(.*?)\n\};/s.exec(text) ?? [];
  const names = [...loaders.matchAll(/^ {2}(\w+): async/gm)].map(([, name = ""]) => name);
  expect(names.sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
});

test("help and version also as options", () => {
  const manual = wingman("help", "plan");
  expect(manual.code).toBe(0);
  expect(manual.out).toStartWith("wingman plan ");
  expect(wingman("plan", "--down", "b", "--help")).toEqual(manual);
  expect(wingman("--help").out).toBe(wingman("help").out);
  expect(wingman("--version", "--json").out).toBe(wingman("version", "--json").out);
});

test("a wrong configuration: every problem on stderr, nothing on stdout, no stack trace, exit 2", () => {
  const { code, out, err } = wingman("plan", "--config", import.meta.path, "--json");
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toBe(
    `wingman: 1 problem in ${import.meta.path}\n` +
      `${import.meta.path}: line 1, column 1: found a comment (JSON has none), expected a value\n`,
  );
});

test("check --json of a wrong configuration is one document, exit 2", () => {
  const { code, out, err } = wingman("check", "--config", "/nonexistent", "--json");
  expect(code).toBe(2);
  expect(JSON.parse(out)).toEqual({
    ok: false,
    source: "/nonexistent",
    problems: [{ path: "", found: "no such file", expected: "a readable file" }],
  });
  expect(err).toContain("no such file");
});

test("a reader that has gone makes no noise", () => {
  const script = 'exec 3> >(:); wait $!; "$0" "$@" >&3';
  const child = Bun.spawnSync(["bash", "-c", script, process.execPath, MAIN, "help", "faults"]);
  expect(child.stderr.toString()).toBe("");
  expect(child.exitCode).toBe(0);
});

test("long output arrives whole at a slow reader", () => {
  const directory = scratchDirectory("main");
  try {
    const file = join(directory, "sixteen.json");
    const servers = Array.from({ length: 16 }, (_, index) => ({ id: `s${index}`, resource: 10 }));
    const functions = Array.from({ length: 16 }, (_, index) => ({
      ...{ id: `f${index}`, required: 10, priority: 5 },
      vips: [`10.44.1.${index + 1}/16`],
    }));
    writeFileSync(file, JSON.stringify({ system: "sixteen", servers, functions }));
    const script = '"$0" "$@" | { sleep 0.3; cat; }';
    const command = [process.execPath, MAIN, "plan", "--book", "--json", "--config", file];
    const child = Bun.spawnSync(["bash", "-c", script, ...command]);
    expect(child.stdout.length).toBeGreaterThan(65_536); // more than a pipe holds
    expect(JSON.parse(child.stdout.toString()).book).toHaveLength(16 + 120);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
