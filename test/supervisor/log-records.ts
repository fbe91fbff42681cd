import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Events in the maintenance log of a state directory, in its order. */
export function recordsOf(stateDirectory: string): { code: number; first: number; count: number }[] {
  const file = join(stateDirectory, "maintenance.log");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => (line.endsWith("}") ? [{ count: 1, ...JSON.parse(line) }] : []));
}
