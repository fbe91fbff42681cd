import { afterAll, afterEach, beforeAll, expect, mock, spyOn, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { signal } from "../../test/harness/signals.ts";
import { until } from "../../test/harness/until.ts";
import { LOG_MANAGE_ENDED, LOG_PROCESS_ENDED } from "../catalogue/supervisor-code.ts";
import { RECORDS_IN_FLIGHT_MAX } from "../limits.ts";
import { MAINTENANCE_DURABLE } from "../wire/maintenance-record.ts";
import { MANAGE_SILENT_MS_MAX, MaintenanceLink } from "./maintenance-link.ts";

const directory = scratchDirectory("maintenance-link");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** How far the clock of this process is put forward: nobody waits a minute here. */
let aheadMs = 0;
const nowMs = performance.now.bind(performance);
beforeAll(() => {
  spyOn(performance, "now").mockImplementation(() => nowMs() + aheadMs);
});
afterAll(() => mock.restore());

/** A stand-in for `manage`: says that it lives, twenty times a second, and nothing else. */
function standIn(isSilent = false): string {
  const path = join(directory, "manage");
  const answer = `\\0${MAINTENANCE_DURABLE.toString(8)}${"\\000".repeat(7)}`;
  writeFileSync(
    path,
    `#!/bin/sh
echo $$ >> ${directory}/pids
${isSilent ? "exec sleep 60" : ""}
while printf '${answer}' >&3; do sleep 0.05; done
`,
  );
  chmodSync(path, 0o755);
  return path;
}

/** Of all stand-ins so far. */
function pids(): number[] {
  const file = join(directory, "pids");
  if (!existsSync(file)) return [];
  return [...readFileSync(file, "utf8").matchAll(/(\d+)\n/g)].map(([, pid]) => Number(pid));
}

function linkTo(...ownCommand: string[]): MaintenanceLink {
  return new MaintenanceLink(
    {
      ownCommand,
      serverId: "a",
      configFile: "none",
      configDirectory: "/",
      runDirectory: directory,
      errorsFile: join(directory, "errors"),
      stateDirectory: directory,
      executable: null,
      keyMarks: [],
      hasLowPorts: false,
      session: 1,
    },
    () => "",
  );
}

test("a process that reports life is kept, however old it is; one that falls silent is replaced", async () => {
  const link = linkTo(standIn());
  link.begin();
  try {
    const first = await until("the first process", () => pids()[0]);
    for (let look = 0; look < 3; look++) {
      aheadMs += MANAGE_SILENT_MS_MAX / 2;
      await Bun.sleep(1200); // silence is looked for once a second
    }
    expect(pids()).toEqual([first]);
    signal(first, "SIGSTOP");
    await Bun.sleep(1200); // its last words are read: later they would count as new
    aheadMs += MANAGE_SILENT_MS_MAX + 1000;
    expect(await until("its successor", () => pids()[1])).not.toBe(first);
  } finally {
    link.kill();
    await link.leave();
  }
});

test("a new process has the whole time for its first word, however long none was heard", async () => {
  aheadMs += MANAGE_SILENT_MS_MAX + 1000;
  const link = linkTo(standIn(true));
  const before = pids().length;
  link.begin();
  try {
    await until("the process", () => pids().length > before);
    await Bun.sleep(2500); // silence was looked for twice
    expect(pids()).toHaveLength(before + 1);
  } finally {
    link.kill();
    await link.leave();
  }
});

const STORES = [process.execPath, join(import.meta.dir, "../../test/children/manage-stand-in.ts")];
const stored = join(directory, "stored");
afterEach(() => rmSync(stored, { force: true }));

/** Codes of the records that were stored, and where it was told that nothing more comes. */
const codes = (): string[] =>
  existsSync(stored) ? readFileSync(stored, "utf8").trim().split("\n") : [];

test("leaving stores the records of a run that has not started up", async () => {
  const link = linkTo(...STORES);
  link.record(LOG_PROCESS_ENDED, 1);
  await link.leave();
  expect(codes()).toEqual([`${LOG_PROCESS_ENDED}`, "leave"]);
});

test("records that a process could not take follow as soon as it has stored some, however many", async () => {
  // Nobody looks again once a second: what is stored is all that moves them on.
  const interval = spyOn(globalThis, "setInterval").mockReturnValue(
    undefined as unknown as ReturnType<typeof setInterval>,
  );
  try {
    const link = linkTo(...STORES);
    link.begin();
    const count = 3 * RECORDS_IN_FLIGHT_MAX;
    for (let record = 0; record < count; record++) link.record(LOG_PROCESS_ENDED, record);
    await link.leave();
    expect(codes()).toEqual([...Array(count).fill(`${LOG_PROCESS_ENDED}`), "leave"]);
  } finally {
    interval.mockRestore();
  }
});

test("leaving during the pause before the next process: that one starts at once, and stores the rest", async () => {
  const program = join(directory, "manage");
  writeFileSync(program, "#!/bin/sh\nexit 1\n");
  chmodSync(program, 0o755);
  const begun: number[] = [];
  const { setTimeout: real } = globalThis;
  // A pause that nobody ends never ends.
  const timer = spyOn(globalThis, "setTimeout").mockImplementation(((
    act: () => void,
    ms: number,
  ) => {
    if (ms !== 100) return real(act, ms);
    begun.push(ms);
    return undefined;
  }) as unknown as typeof setTimeout);
  try {
    const link = linkTo(program);
    link.begin();
    await until("the pause after its second end", () => begun.length === 1);
    writeFileSync(program, `#!/bin/sh\nexec ${STORES.join(" ")} "$@"\n`);
    await link.leave();
  } finally {
    timer.mockRestore();
  }
  expect(codes()).toEqual([`${LOG_MANAGE_ENDED}`, `${LOG_MANAGE_ENDED}`, "leave"]);
});
