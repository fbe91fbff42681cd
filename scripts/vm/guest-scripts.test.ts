/** Which executable the guest starts: its script, with a root of our own in place of the guest's. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";

const directory = scratchDirectory("guest-scripts");
afterAll(() => rmSync(directory, { recursive: true }));

const put = (name: string, text: string): void => {
  mkdirSync(join(directory, name, ".."), { recursive: true });
  writeFileSync(join(directory, name), text);
  chmodSync(join(directory, name), 0o755);
};

/** What head-end.sh starts, and with which arguments. */
function started(): string {
  const script = readFileSync(join(import.meta.dir, "guest/head-end.sh"), "utf8")
    .replaceAll(/(?<=[ =<"(])\/(?=var|usr|etc|run|dev)/g, `${directory}/`)
    .replaceAll(/cat \/run/g, `cat ${directory}/run`);
  const { stdout, exitCode } = Bun.spawnSync(["sh", "-c", script]);
  expect(exitCode).toBe(0);
  return stdout.toString().trim().replaceAll(directory, "");
}

const SAY = '#!/bin/sh\necho "$0 $*"\n';
put("usr/bin/wingman", SAY);
put("run/server", "a\n");
put("dev/ttyS1", "");

test("without a slot it is the executable of the read-only root", () => {
  expect(started()).toBe("/usr/bin/wingman run --server a --config /etc/wingman/aircraft.json");
});

test("a slot goes before it, with its own configuration where it has one", () => {
  put("var/lib/wingman/slots/b/wingman", SAY);
  symlinkSync("b", join(directory, "var/lib/wingman/slots/current"));
  const slot = "/var/lib/wingman/slots/current";
  expect(started()).toBe(`${slot}/wingman run --server a --config /etc/wingman/aircraft.json`);
  put("var/lib/wingman/slots/b/aircraft.json", "{}");
  expect(started()).toBe(`${slot}/wingman run --server a --config ${slot}/aircraft.json`);
});

test("a slot that leads nowhere is none", () => {
  rmSync(join(directory, "var/lib/wingman/slots/b"), { recursive: true });
  expect(started()).toStartWith("/usr/bin/wingman run ");
});
