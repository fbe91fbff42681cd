/**
 * `inside.ts ORDER`: the checks, in their own namespaces, which end with this process and take
 * everything along: machines, taps, and the files in memory. Reports in lines of JSON.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../src/rig/command-run.ts";
import { ProcedureStep, type StepResult } from "../../src/rig/procedure-step.ts";
import { AIRCRAFT } from "./aircraft.ts";
import { CHECKS } from "./checks.ts";
import { writeRamdisk, writeRoot } from "./guest-images.ts";
import type { GuestParts } from "./guest-parts.ts";
import { HeadEnds } from "./head-ends.ts";
import { makeNetworks } from "./machine-network.ts";
import { makeParts } from "./part-media.ts";

export interface InsideOrder {
  /** An empty directory: memory is mounted on it, only visible here. */
  readonly mountPoint: string;
  readonly parts: GuestParts;
  /** The flight executable. */
  readonly wingman: string;
  /** Names of checks. */
  readonly names: readonly string[];
}

export type InsideMessage =
  | { readonly started: true }
  | { readonly name: string; readonly result: StepResult; readonly seconds: number }
  | { readonly failure: string };

const say = (message: InsideMessage): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

async function inside(order: InsideOrder): Promise<boolean> {
  const { mountPoint, parts, wingman } = order;
  say({ started: true });
  await runCommand(["mount", "-t", "tmpfs", "-o", "mode=700", "vm", mountPoint]);
  // Relative names: the path of a Unix socket has at most 107 bytes.
  process.chdir(mountPoint);
  const directory = ".";
  const images = {
    kernel: parts.kernel,
    ramdisk: join(directory, "ramdisk"),
    root: join(directory, "root"),
  };
  writeRamdisk(images.ramdisk, parts);
  const stage = join(directory, "stage");
  mkdirSync(stage);
  const configuration = JSON.stringify(AIRCRAFT);
  const media = await makeParts(wingman, configuration, join(directory, "part"));
  await writeRoot(images.root, stage, parts, {
    ...{ wingman, configuration, parts: media },
    key: crypto.getRandomValues(new Uint8Array(32)),
  });
  await makeNetworks(["a", "b"]);
  const headEnds = new HeadEnds(wingman, directory, images, media);
  try {
    return await runChecks(order.names, headEnds);
  } finally {
    await headEnds.close();
  }
}

/**
 * Whether all passed. A check that cannot continue fails; the next one begins with fresh machines.
 */
async function runChecks(names: readonly string[], headEnds: HeadEnds): Promise<boolean> {
  let passed = true;
  for (const [index, { name, title, run }] of CHECKS.entries()) {
    if (!names.includes(name)) continue;
    const step = new ProcedureStep(index + 1, title);
    const beganMs = performance.now();
    try {
      await run(step, headEnds);
    } catch (error) {
      step.check("goes on to its end", "does", (error as Error).message, false);
    }
    const { result } = step;
    say({ name, result, seconds: Math.round((performance.now() - beganMs) / 100) / 10 });
    passed &&= result.passed;
    if (!result.passed) process.stderr.write(`${headEnds.lastWords()}\n`);
  }
  return passed;
}

// The process outside holds the other end: if it closes, that process is gone.
process.stdin.on("end", () => process.exit(1)).resume();
try {
  // Measurements of this process must not wait for others of this machine, see machine.ts.
  writeFileSync("/proc/self/autogroup", "-5");
} catch {
  // no autogroup, or not permitted to this user
}
try {
  process.exit((await inside(JSON.parse(process.argv[2] ?? "") as InsideOrder)) ? 0 : 1);
} catch (error) {
  say({ failure: (error as Error).message });
  process.exit(1);
}
