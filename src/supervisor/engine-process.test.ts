import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { CONTROL_PROCESS_RUNNING } from "../wire/control.ts";
import { EngineProcess } from "./engine-process.ts";
import { isRunning, processStat } from "./process-stat.ts";

/** More than the socket has room for. */
const RECORDS = 20_000;

const directory = scratchDirectory("engine-process");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function engineOf(program: string): EngineProcess {
  const script = join(directory, "engine.ts");
  writeFileSync(script, program);
  return new EngineProcess(
    {
      ownCommand: [process.execPath, script],
      serverId: "a",
      configFile: "none",
      configDirectory: "/",
      runDirectory: directory,
      errorsFile: join(directory, "errors"),
      environment: {},
      keys: null,
      isDrained: false,
      inputs: 0,
      incarnation: 1,
    },
    () => {},
  );
}

test("an engine that reads late gets every record, in order", async () => {
  const source = join(import.meta.dir, "..");
  const begin = join(directory, "begin");
  const engine = engineOf(`
    import { existsSync } from "node:fs";
    import { RecordSocket } from "${source}/io/control-socket.ts";
    import { controlArgument } from "${source}/wire/control.ts";
    const supervisor = RecordSocket.inherited(3);
    while (!existsSync("${begin}")) await Bun.sleep(5);
    for (let expected = 0; expected < ${RECORDS}; ) {
      if (supervisor.receive() <= 0) await Bun.sleep(1);
      else if (controlArgument(supervisor.received.view, 0) !== expected++) process.exit(9);
    }
  `);
  try {
    for (let record = 0; record < RECORDS; record++)
      engine.send(CONTROL_PROCESS_RUNNING, 0, record);
    writeFileSync(begin, "");
    expect(await engine.ended).toEqual({ exitCode: 0, signal: null });
  } finally {
    engine.kill();
  }
}, 30_000);

test("records for an engine that died before it read the earlier ones are dropped: its end is all that is reported", async () => {
  const engine = engineOf("setInterval(() => {}, 1000);");
  engine.send(CONTROL_PROCESS_RUNNING, 0); // never read
  engine.kill();
  // Without a turn of the event loop, so that the end is not known here yet.
  const endMs = performance.now() + 20_000;
  while (isRunning(processStat(engine.pid))) expect(performance.now()).toBeLessThan(endMs);
  for (let record = 0; record < 3; record++) engine.send(CONTROL_PROCESS_RUNNING, record);
  expect((await engine.ended).signal).toBe("SIGKILL");
});
