/**
 * The simulator finds each known mistake within 2,000 flights; in as many of the unchanged core it
 * finds nothing.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../harness/run-mark.ts";
import { mutated } from "./mutated-copy.ts";
import { MUTATIONS, type Mutation } from "./mutations.ts";

/** Of the clock: for a test that hangs. */
const PATIENCE_MS = 900_000;
const SEEDS = 2_000;
let directory: string;

beforeAll(() => {
  directory = scratchDirectory("canaries");
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Flies until the mistake is found, and tells how to see it again. */
async function tell(root: string): Promise<string> {
  const child = Bun.spawn(
    [process.execPath, join(root, "scripts/simulate.ts"), "--seeds", String(SEEDS)],
    {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(1);
  return text;
}

interface Outcome {
  violations: number;
  violation: string | null;
  seeds: number;
}

async function simulate(root: string, options: readonly string[]): Promise<Outcome> {
  const child = Bun.spawn(
    [
      process.execPath,
      join(root, "scripts/simulate.ts"),
      "--json",
      "--seeds",
      String(SEEDS),
      ...options,
    ],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
  );
  const text = await new Response(child.stdout).text();
  await child.exited;
  return JSON.parse(text) as Outcome;
}

MUTATIONS.forEach((mutation, place) => {
  test(
    `the simulator catches: ${mutation.name}`,
    async () => {
      const outcome = await simulate(
        mutated(directory, mutation, String(place)),
        mutation.options ?? [],
      );
      expect(outcome.violations).toBe(1);
      expect(mutation.breaks).toContain(outcome.violation?.split(":")[0] as string);
    },
    PATIENCE_MS,
  );
});

test(
  "a failing seed is reported with the faults left after shrinking, and its replay fails in the same way",
  async () => {
    const root = mutated(directory, MUTATIONS[0] as Mutation, "told");
    const told = await tell(root);
    const [, seed, property] = /^seed (\d+) violates (\w+):/m.exec(told) ?? [];
    const [, left] = /^with (\d+) faults left/m.exec(told) ?? [];
    expect(Number(left)).toBeLessThanOrEqual(3);
    const replay = Bun.spawnSync(
      [process.execPath, join(root, "scripts/simulate.ts"), "--seed", String(seed)],
      {
        cwd: root,
      },
    );
    expect(replay.exitCode).toBe(1);
    expect(replay.stdout.toString()).toContain(`${property}: `);
  },
  PATIENCE_MS,
);
