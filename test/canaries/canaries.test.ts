/**
 * The simulator finds each known mistake within a minute of a processor; on the core as it is, it finds nothing in
 * as many flights.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../harness/run-mark.ts";
import { MUTATIONS, type Mutation } from "./mutations.ts";

const ROOT = join(import.meta.dir, "../..");
/** Of the clock: beside other work a minute of a processor takes some. */
const PATIENCE_MS = 600_000;
/** More flights than a minute has. */
const SEEDS = 100_000;
let directory: string;

beforeAll(() => {
  directory = scratchDirectory("canaries");
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** A copy of the product with the mistake in it. */
function mutated({ changes }: Mutation, place: number): string {
  const copy = join(directory, String(place));
  for (const folder of [
    "src",
    "test/simulation",
    "test/allocation",
    "test/harness",
    "scripts",
    "firmware-config",
  ]) {
    cpSync(join(ROOT, folder), join(copy, folder), { recursive: true });
  }
  for (const file of ["package.json", "tsconfig.json"]) cpSync(join(ROOT, file), join(copy, file));
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  for (const { file, from, to } of changes) {
    const text = readFileSync(join(copy, file), "utf8");
    const words = anyLayout(from);
    expect(text.match(words)?.length ?? 0, `"${from}" in ${file}`).toBe(1);
    writeFileSync(
      join(copy, file),
      text.replace(words, () => to),
    );
  }
  return copy;
}

/** Finds the words of a mistake wherever the formatter breaks their lines. */
function anyLayout(from: string): RegExp {
  const characters = [...from.replace(/\s/g, "")];
  return new RegExp(characters.map((one) => one.replace(/\W/g, "\\$&")).join("\\s*"), "g");
}

/** Flies until the mistake is found, and tells how to see it again. */
async function tell(root: string): Promise<string> {
  const child = Bun.spawn(
    [
      process.execPath,
      join(root, "scripts/simulate.ts"),
      "--seconds",
      "60",
      "--seeds",
      String(SEEDS),
    ],
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
      "--seconds",
      "60",
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
      const outcome = await simulate(mutated(mutation, place), mutation.options ?? []);
      expect(outcome.violations).toBe(1);
      expect(mutation.breaks).toContain(outcome.violation?.split(":")[0] as string);
    },
    PATIENCE_MS,
  );
});

test(
  "a failing seed is told with what is left of its faults, and its replay fails in the same way",
  async () => {
    const root = mutated(MUTATIONS[2] as Mutation, MUTATIONS.length);
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
