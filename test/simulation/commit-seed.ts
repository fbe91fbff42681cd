import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** Another set of seeds for each commit; where there is no repository, the same one each time. */
export function seedOfCommit(): number {
  const { exitCode, stdout } = Bun.spawnSync(["git", "rev-parse", "HEAD"], {
    cwd: ROOT,
    stderr: "ignore",
  });
  return exitCode === 0 ? Number.parseInt(stdout.toString().slice(0, 7), 16) : 1;
}
