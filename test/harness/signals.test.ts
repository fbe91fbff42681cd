import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "./processes.ts";
import { signal, signalAll } from "./signals.ts";
import { until } from "./until.ts";

const ROOT = join(import.meta.dir, "../..");
const SIGNALS = "test/harness/signals.ts";

/** SIGCONT: harmless, should one be sent after all. */
const NOBODY = [0, 1, -0, -1, -process.pid, Number.NaN, 4711.5, Number.POSITIVE_INFINITY];

test("a number that is no process's is refused, and reported", () => {
  for (const pid of NOBODY) {
    const expected = `found ${pid}, expected the number of a process`;
    expect(() => signal(pid, "SIGCONT")).toThrow(expected);
    expect(() => signalAll([process.pid, pid], "SIGCONT")).toThrow(expected);
  }
  expect(() => signal(undefined as unknown as number, "SIGCONT")).toThrow("found undefined");
});

test("a process that has ended is refused, whether it was collected or not", async () => {
  const child = Bun.spawn(["true"]);
  await child.exited;
  expect(() => signal(child.pid, "SIGCONT")).toThrow(`found ${child.pid}, which is no running`);
  signalAll([child.pid], "SIGCONT"); // gone meanwhile: no error

  const parent = Bun.spawn(["sh", "-c", "sh -c 'echo $$' & exec sleep 1000 >&-"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const zombie = Number(await parent.stdout.text());
    await until("its end", () => !isRunning(zombie));
    expect(() => signal(zombie, "SIGCONT")).toThrow(`found ${zombie}, which is no running`);
  } finally {
    parent.kill("SIGKILL");
    await parent.exited;
  }
});

test("one that runs gets it", async () => {
  const children = [0, 1, 2].map(() => Bun.spawn(["sleep", "1000"]));
  const [first, ...others] = children;
  signal(first?.pid ?? 0, "SIGTERM");
  signalAll(
    others.map(({ pid }) => pid),
    "SIGKILL",
  );
  await Promise.all(children.map((child) => child.exited));
  expect(children.map(({ signalCode }) => signalCode)).toEqual(["SIGTERM", "SIGKILL", "SIGKILL"]);
});

test("no other file of the tests and scripts signals a number, and the rig only by the product's own check", () => {
  // A signal 0 only asks whether the process is there.
  // A shell may end itself: `$$` is its own number.
  const signalling =
    /(?<!#)\bprocess\??\.kill\b(?!\([^()]*, 0\))|\bspawn\w*\(\W*p?kill|\bp?kill -(?![A-Z]+ \$\$)[A-Z1-9]|\bkillall\b/;
  const sources = ["test", "scripts", "src"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .map((name) => `${folder}/${name}`)
      .filter((name) => /\.(ts|mjs|js|sh)$/.test(name))
      // An emulated machine's own numbers, by its own shell.
      .filter((name) => !/^scripts\/vm\/check-/.test(name))
      .filter((name) => folder !== "src" || name.endsWith(".test.ts") || /^src\/rig\//.test(name)),
  );
  expect(sources).toContain(SIGNALS);
  const found = sources.filter((name) => signalling.test(readFileSync(join(ROOT, name), "utf8")));
  // The rig's: everybody in a process namespace of its own, of which it is the first process.
  expect(found.sort()).toEqual(["src/rig/aircraft-process.ts", SIGNALS].sort());
});
