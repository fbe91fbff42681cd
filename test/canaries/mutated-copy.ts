/** Copies of the product, each with a few words changed: a known mistake, or another release. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Mutation } from "./mutations.ts";

const ROOT = join(import.meta.dir, "../..");

/** A copy of the product with the changes in it. */
export function mutated(
  directory: string,
  { changes }: Pick<Mutation, "changes">,
  name: string,
): string {
  const copy = join(directory, name);
  for (const folder of [
    "src",
    "test/simulation",
    "test/exploration",
    "test/scenarios",
    "test/allocation",
    "test/harness",
    "scripts",
    "firmware-config",
  ]) {
    cpSync(join(ROOT, folder), join(copy, folder), { recursive: true });
  }
  for (const file of ["package.json", "package-lock.json", "tsconfig.json"])
    cpSync(join(ROOT, file), join(copy, file));
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  for (const { file, from, to } of changes) {
    const text = readFileSync(join(copy, file), "utf8");
    const words = anyLayout(from);
    const found = text.match(words)?.length ?? 0;
    if (found !== 1) throw new Error(`"${from}" stands in ${file} ${found} times, not once`);
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
