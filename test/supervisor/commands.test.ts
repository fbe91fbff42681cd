import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PHASE_DRAINING } from "../../src/boundary/phase.ts";
import { RecordSocket } from "../../src/io/control-socket.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import {
  CONTROL_DONE,
  CONTROL_DRAIN,
  CONTROL_RECORD_BYTES,
  CONTROL_REFUSED,
  CONTROL_RESUME,
  controlKind,
  encodeControl,
  NO_INDEX,
} from "../../src/wire/control.ts";
import { STATUS_VERSION } from "../../src/wire/status-snapshot.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import {
  AIRCRAFT,
  type SnapshotValues,
  snapshot,
  writeSnapshot,
} from "../harness/status-snapshot.ts";
import { until } from "../harness/until.ts";

const LIMIT_MS = 60_000;

let directory: string;
let socket: RecordSocket | null;
let writer: NodeJS.Timeout | undefined;
let values: SnapshotValues;
beforeEach(() => {
  directory = scratchDirectory("commands");
  writeFileSync(join(directory, "config.json"), AIRCRAFT);
  socket = null;
  values = {};
});
afterEach(() => {
  clearInterval(writer);
  socket?.close();
  rmSync(directory, { recursive: true, force: true });
});

/**
 * The engine's side: writes its snapshot again and again, and answers every request with `kind`;
 * gives the requests.
 */
function engine(answer: number): number[] {
  const requests: number[] = [];
  const bound = RecordSocket.bound(join(directory, "engine.sock"));
  socket = bound;
  const outgoing = new NativeMemory(CONTROL_RECORD_BYTES);
  encodeControl(outgoing.view, answer, NO_INDEX, 0, 0, 0);
  const file = join(directory, "status");
  const turn = (): void => {
    if (bound.receive() === CONTROL_RECORD_BYTES) {
      requests.push(controlKind(bound.received.view));
      if (answer !== 0) bound.reply(outgoing);
    }
    writeSnapshot(file, snapshot(values));
  };
  turn();
  writer = setInterval(turn, 5);
  return requests;
}

function wingman(...args: string[]): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  const main = join(import.meta.dir, "../../src/main.ts");
  return Bun.spawn([process.execPath, main, ...args, "--run-dir", directory], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function outcome(...args: string[]): Promise<[code: number, stdout: string, stderr: string]> {
  const child = wingman(...args);
  const texts = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return [await child.exited, ...texts];
}

test("status: text, or one JSON document and nothing else", async () => {
  writeSnapshot(join(directory, "status"));
  const [code, text] = await outcome("status");
  expect(code).toBe(0);
  expect(text).toContain("server left: active");
  const [jsonCode, json, errors] = await outcome("status", "--json");
  expect([jsonCode, errors]).toEqual([0, ""]);
  expect(JSON.parse(json)).toMatchObject({
    server: "left",
    phase: "active",
    functions: { length: 3 },
  });
});

test(
  "status gives the reason in one line when there is none, exit code 1",
  async () => {
    const gone = Bun.spawnSync(["true"]).pid;
    const file = join(directory, "status");
    const cases: [prepare: () => void, message: RegExp][] = [
      [() => {}, /^wingman: status: not running: there is no \S+\/status\n$/],
      [
        () => writeSnapshot(file, snapshot({ pid: gone })),
        /^wingman: status: not running: the engine .* \(pid \d+\) is gone\n$/,
      ],
      [
        () => writeSnapshot(file, snapshot({ ageMs: 5000 })),
        /^wingman: status: the engine .* has written no snapshot for 5 s\n$/,
      ],
      [
        () => writeSnapshot(file, snapshot(), (view) => view.setUint32(8, 3, true)),
        /^wingman: status: \S+ holds no complete snapshot: .*\n$/,
      ],
      [
        () => writeSnapshot(file, snapshot(), (view) => view.setUint32(4, 99, true)),
        new RegExp(`^wingman: status: .*layout version 99, expected ${STATUS_VERSION}.*\\n$`),
      ],
      [
        () => writeFileSync(file, "short"),
        /^wingman: status: \S+ holds no complete snapshot: .*\n$/,
      ],
      [
        () => writeFileSync(file, new Uint8Array(10_000).fill(2)),
        /^wingman: status: \S+ is no snapshot of an engine\n$/,
      ],
      [
        () => rmSync(join(directory, "config.json")),
        /^wingman: status: not running: there is no \S+config.json\n$/,
      ],
    ];
    for (const [prepare, message] of cases) {
      prepare();
      const [code, output, errors] = await outcome("status", "--json");
      expect(errors).toMatch(message);
      expect([code, output]).toEqual([1, ""]);
    }
  },
  LIMIT_MS,
);

test("a user who may not signal the engine can still see its status", async () => {
  const isRoot = process.getuid?.() === 0;
  // Whom root may not signal: somebody else's process, without the right to. Else process 1.
  const foreign = isRoot ? Bun.spawn(["setpriv", "--reuid=65534", "sleep", "600"]) : null;
  try {
    writeSnapshot(join(directory, "status"), snapshot({ pid: foreign?.pid ?? 1 }));
    const main = join(import.meta.dir, "../../src/main.ts");
    const withoutRight = ["setpriv", "--bounding-set=-kill", "--inh-caps=-all"];
    const ask = (...command: string[]) =>
      Bun.spawnSync([...(isRoot ? withoutRight : []), ...command]);
    await until("somebody else's process", () => {
      const refused = ask("sh", "-c", `kill -0 ${foreign?.pid ?? 1}`);
      return refused.exitCode !== 0;
    });
    const result = ask(process.execPath, main, "status", "--json", "--run-dir", directory);
    expect(result.stderr.toString()).toBe("");
    expect(JSON.parse(result.stdout.toString())).toMatchObject({ phase: "active" });
    expect(result.exitCode).toBe(0);
  } finally {
    foreign?.kill();
  }
});

test(
  "status --json --watch: one document a line, until Ctrl-C, exit code 0",
  async () => {
    engine(0);
    const child = wingman("status", "--json", "--watch");
    let output = "";
    const reading = (async () => {
      for await (const chunk of child.stdout) output += new TextDecoder().decode(chunk);
    })();
    await until("two lines", () => output.split("\n").length > 2);
    child.kill("SIGINT");
    expect(await child.exited).toBe(0);
    await reading;
    for (const line of output.trimEnd().split("\n")) expect(JSON.parse(line).server).toBe("left");
  },
  LIMIT_MS,
);

test("status --watch without a terminal prints blocks without escape sequences", async () => {
  engine(0);
  const child = wingman("status", "--watch");
  let output = "";
  const reading = (async () => {
    for await (const chunk of child.stdout) output += new TextDecoder().decode(chunk);
  })();
  await until("two blocks", () => output.split("server left:").length > 2);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  await reading;
  expect(output).not.toContain("\u001b");
}, 30_000);

test(
  "drain waits until the server owns nothing",
  async () => {
    const requests = engine(CONTROL_DONE);
    const child = wingman("drain");
    let ended = false;
    void child.exited.then(() => {
      ended = true;
    });
    await until("the request", () => requests.length === 1);
    expect(requests).toEqual([CONTROL_DRAIN]);
    values = { phase: PHASE_DRAINING, flags: 7, owners: [0, 1, -1] };
    await Bun.sleep(200);
    expect(ended).toBe(false);
    values = { phase: PHASE_DRAINING, flags: 7, owners: [1, 1, -1] };
    expect(await child.exited).toBe(0);
    expect(readdirSync(directory).sort()).toEqual(["config.json", "engine.sock", "status"]);
  },
  LIMIT_MS,
);

test("drain --no-wait ends with the engine's answer; resume too", async () => {
  const requests = engine(CONTROL_DONE);
  expect(await outcome("drain", "--no-wait")).toEqual([0, "", ""]);
  expect(await outcome("resume")).toEqual([0, "", ""]);
  expect(requests).toEqual([CONTROL_DRAIN, CONTROL_RESUME]);
});

test(
  "refused, not answered, no daemon: one line each, exit code 1",
  async () => {
    engine(CONTROL_REFUSED);
    expect(await outcome("drain")).toEqual([1, "", "wingman: drain: the engine refuses\n"]);
    expect(await outcome("resume")).toEqual([1, "", "wingman: resume: the engine refuses\n"]);
    clearInterval(writer);
    expect(await outcome("resume")).toEqual([
      1,
      "",
      "wingman: resume: the engine did not answer within 2000 ms\n",
    ]);
    socket?.close();
    socket = null;
    expect((await outcome("resume"))[2]).toMatch(
      /^wingman: resume: not running: nobody listens at \S+\n$/,
    );
    rmSync(join(directory, "engine.sock"));
    expect((await outcome("resume"))[2]).toMatch(
      /^wingman: resume: not running: there is no \S+\n$/,
    );
    rmSync(join(directory, "config.json"));
    expect((await outcome("drain"))[2]).toMatch(/^wingman: drain: not running: there is no \S+\n$/);
  },
  LIMIT_MS,
);

test("launch by hand: the program's own exit code, 127 when there is none, 2 for a wrong command line", () => {
  const main = join(import.meta.dir, "../../src/main.ts");
  const launch = (...args: string[]): [number, string] => {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, main, "launch", ...args]);
    return [exitCode, stderr.toString()];
  };
  expect(launch("--", "/bin/sh", "-c", "exit 5")).toEqual([5, ""]);
  expect(launch("--", `${directory}/none`)[0]).toBe(127);
  expect(launch("--", directory)).toEqual([
    126,
    expect.stringContaining("Permission denied (EACCES)"),
  ]);
  expect(launch("--", "relative")[0]).toBe(2);
  expect(launch("/bin/true")).toEqual([
    2,
    "wingman: launch: expected -- and a program with its arguments\n",
  ]);
  expect(launch("--")[0]).toBe(2);
});

test("a run directory that may not be read is reported", () => {
  mkdirSync(join(directory, "closed"), { mode: 0o700 });
  const main = join(import.meta.dir, "../../src/main.ts");
  // Root may read everything: as the only user of a user namespace, root's directory belongs to
  // nobody it knows.
  const withoutRights = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-all",
  ];
  const result = Bun.spawnSync([
    ...(process.getuid?.() === 0 ? withoutRights : []),
    ...["sh", "-c", 'chmod 000 "$1/closed" && shift && exec "$@"', "sh", directory],
    ...[process.execPath, main, "status", "--run-dir", join(directory, "closed")],
  ]);
  expect(result.stderr.toString()).toMatch(/^wingman: status: not permitted to read \S+\n$/);
  expect(result.exitCode).toBe(1);
});
