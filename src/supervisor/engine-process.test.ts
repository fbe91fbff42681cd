import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { CONTROL_PROCESS_RUNNING } from "../wire/control.ts";
import { EngineProcess } from "./engine-process.ts";
import { isRunning, processStat } from "./process-stat.ts";

const directory = scratchDirectory("engine-process");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("records for an engine that died before it read the earlier ones are dropped: its end is all that is reported", async () => {
  const script = join(directory, "engine.ts");
  writeFileSync(script, "setInterval(() => {}, 1000);");
  const engine = new EngineProcess(
    {
      ownCommand: [process.execPath, script],
      serverId: "a",
      configFile: "none",
      configDirectory: "/",
      runDirectory: directory,
      errorsFile: join(directory, "errors"),
      environment: {},
      isDrained: false,
      incarnation: 1,
    },
    () => {},
  );
  engine.send(CONTROL_PROCESS_RUNNING, 0); // never read
  engine.kill();
  // Without a turn of the event loop, so that the end is not known here yet.
  const endMs = performance.now() + 20_000;
  while (isRunning(processStat(engine.pid))) expect(performance.now()).toBeLessThan(endMs);
  for (let record = 0; record < 3; record++) engine.send(CONTROL_PROCESS_RUNNING, record);
  expect((await engine.ended).signal).toBe("SIGKILL");
});
