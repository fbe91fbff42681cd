/**
 * Imports go one way: scripts and tests use the product and the harness, and nothing uses them,
 * except the builders of executables and parts, which tests also use.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dir, "../..");
const IMPORT = /\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;

/** Allowed imports per folder, besides its own; the first row that matches counts. */
const RULES: readonly (readonly [string, RegExp, RegExp])[] = [
  ["a unit test", /^src\/.*\.test\.ts$/, /^(src|test|scripts\/package)\/|^package\.json$/],
  ["the product", /^src\//, /^(src|firmware-config)\/|^package\.json$/],
  [
    "a test of the harness",
    /^test\/harness\/.*\.test\.ts$/,
    /^(src|test\/harness|test\/children)\//,
  ],
  ["the harness", /^test\/harness\//, /^(src|test\/harness|scripts\/package)\//],
  ["a test", /^test\//, /^(src|test|scripts\/package|scripts\/build)\/|^scripts\/build\.ts$/],
  [
    "a script",
    /^scripts\//,
    /^(src|scripts|test\/(harness|simulation|chaos|exploration|scenarios))\/|^package\.json$/,
  ],
];

const sources = ["src", "test", "scripts"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name}`)
    .filter((name) => name.endsWith(".ts")),
);

function importsOf(source: string): string[] {
  const text = readFileSync(join(ROOT, source), "utf8");
  return [...text.matchAll(IMPORT)].map(([, path = ""]) => join(dirname(source), path));
}

test.each(RULES)("%s imports from where it may, and from nowhere else", (_, who, from) => {
  const those = sources.filter(
    (source) => RULES.find(([, fits]) => fits.test(source))?.[1] === who,
  );
  const found = those.flatMap((source) => importsOf(source).map((path) => [source, path] as const));
  expect(found.length).toBeGreaterThan(10); // the canary
  expect(found.filter(([, path]) => !from.test(path))).toEqual([]);
});
