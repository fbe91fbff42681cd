import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { AIRCRAFT, snapshot, writeSnapshot } from "../../test/harness/status-snapshot.ts";
import { RunningDaemon } from "./running-daemon.ts";
import { StatusError } from "./status-reader.ts";

let directory: string;
let daemon: RunningDaemon;
beforeEach(() => {
  directory = scratchDirectory("running");
  daemon = new RunningDaemon(directory);
});
afterEach(() => rmSync(directory, { recursive: true }));

const configure = (text: string): void => writeFileSync(join(directory, "config.json"), text);

test("none, and one with another configuration: each is reported", () => {
  expect(() => daemon.config()).toThrow(StatusError);
  expect(() => daemon.config()).toThrow(`not running: there is no ${directory}/config.json`);
  configure(JSON.stringify({ ...JSON.parse(AIRCRAFT), wings: 2 }));
  expect(() => daemon.config()).toThrow(StatusError);
  expect(() => daemon.config()).toThrow(/^another release is running: [^\n]+\n[\s\S]*wings/);
  configure(AIRCRAFT);
  expect(daemon.config().servers.map(({ id }) => id)).toEqual(["left", "right"]);
});

test("it may have been restarted with another configuration: each look reads both again", async () => {
  configure(AIRCRAFT);
  writeSnapshot(join(directory, "status"));
  expect((await daemon.status()).server).toBe("left");
  configure(AIRCRAFT.replaceAll('"left"', '"port"'));
  writeSnapshot(join(directory, "status"), snapshot({ owners: [1, 1, 1] }));
  const { server, functions } = await daemon.status();
  expect([server, ...functions.map(({ owner }) => owner)]).toEqual([
    "port",
    ...["right", "right", "right"],
  ]);
});

test("how old a snapshot may be goes by the period that it flies with", async () => {
  configure(AIRCRAFT.replace('"periodMs":10', '"periodMs":1000'));
  writeSnapshot(join(directory, "status"), snapshot({ ageMs: 5000 }));
  expect((await daemon.status()).phase).toBe("active");
  configure(AIRCRAFT);
  await expect(daemon.status()).rejects.toThrow("has written no snapshot for 5 s");
});
