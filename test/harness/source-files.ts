/** The source files of src/, and what each imports: for the tests of the house's rules. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dir, "../..");

/** Text of every source file by its path from the root, tests left out. */
export const sources: ReadonlyMap<string, string> = new Map(
  readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .map((name) => join("src", name))
    .filter((file) => /\.(ts|js|html|css|svg)$/.test(file) && !file.endsWith(".test.ts"))
    .sort()
    .map((file) => [file, readFileSync(join(ROOT, file), "utf8")]),
);

/**
 * The imports of a file, types included: a path from the root, or the name of a package. The forms:
 * `from "x"`, `import "x"`, and `import("x")` in code and in the comments that type the page.
 */
export function importsOf(file: string): string[] {
  const forms = /\b(?:from\s+|import\s*\(?\s*)"([^"\n]+)"/g;
  return [...(sources.get(file) ?? "").matchAll(forms)].map(([, specifier = ""]) =>
    specifier.startsWith(".") ? join(file, "..", specifier) : specifier,
  );
}
