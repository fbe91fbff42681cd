import { afterAll, expect, test } from "bun:test";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { loadConfig } from "../config/load.ts";
import { rigConfiguration, writeConfiguration } from "./rig-configuration.ts";

const directory = scratchDirectory("rig-test");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function embedded() {
  const result = loadConfig(undefined);
  if (!result.ok) throw new Error("the embedded aircraft is wrong");
  return result.config;
}

test("functions run the rig's services and keep everything else", () => {
  const given = embedded();
  const config = rigConfiguration(given, ["/opt/rig"]);
  expect(config.functions[1]?.command).toEqual(["/opt/rig", "service", "1", "a,b"]);
  expect(config.functions.map(({ start, vips }) => ({ start, vips }))).toEqual(
    given.functions.map(({ start, vips }) => ({ start, vips })),
  );
  expect(config.keepAlive.periodMs).toBe(given.keepAlive.periodMs);
});

test("the serial console of the machine below stays alone", () => {
  expect(rigConfiguration(embedded(), ["/opt/rig"]).maintenance.console.device).toBeNull();
});

test("what is written is read again, with a key for its owner alone, a new one every time", () => {
  const config = rigConfiguration(embedded(), ["/opt/rig"]);
  const file = writeConfiguration(config, directory);
  const result = loadConfig(file);
  expect(result.ok && result.config).toEqual(config);
  const key = join(directory, config.keepAlive.keyFile ?? "");
  expect(statSync(key).mode & 0o777).toBe(0o600);
  const first = readFileSync(key, "utf8");
  rmSync(key);
  writeConfiguration(config, directory);
  expect(readFileSync(key, "utf8")).not.toBe(first);
});
