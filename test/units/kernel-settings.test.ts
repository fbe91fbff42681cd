/** firmware-config/90-wingman.conf compared with this kernel and with README and manual. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { catalogueEntry } from "../../src/catalogue/catalogue.ts";
import { TOPICS } from "../../src/commands/manual/manual.ts";

const ROOT = join(import.meta.dir, "../..");
const text = readFileSync(join(ROOT, "firmware-config/90-wingman.conf"), "utf8");

interface Setting {
  readonly key: string;
  readonly value: string;
  /** A key of a module: sysctl.d(5) is silent when it does not exist. */
  readonly isOfModule: boolean;
}

const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
const settings: Setting[] = lines.map((line) => {
  const [, dash = "", key = "", value = ""] = /^(-?)([a-z0-9_.]+) = (\d+)$/.exec(line) ?? [];
  return { key, value, isOfModule: dash === "-" };
});
const isThere = (key: string): boolean => existsSync(`/proc/sys/${key.replaceAll(".", "/")}`);
/** Limits of the whole machine, shown in its first network namespace alone. */
const isOfMachine = (key: string): boolean => key.includes(".neigh.default.gc_");

test("every line is a key with a number, and has a reason above it", () => {
  expect(settings.map(({ key }) => key)).not.toContain("");
  for (const paragraph of text.split("\n\n").slice(1, -1))
    expect(paragraph).toMatch(/^# [\s\S]*Without: [\s\S]*\n-?[a-z]/);
});

test("this kernel knows every key that is not of a module", () => {
  const missing = settings.filter(({ key, isOfModule }) => !isOfModule && !isThere(key));
  const hidden = settings.filter(({ key }) => isOfMachine(key));
  const isFirst = hidden.some(({ key }) => isThere(key));
  const unknown = missing.filter(({ key }) => isFirst || !isOfMachine(key));
  expect(unknown.map(({ key }) => key)).toEqual([]);
});

/** README, manual, and the settings that the catalogue tells the mechanic to make. */
const documents: readonly string[] = [
  readFileSync(join(ROOT, "README.md"), "utf8"),
  ...TOPICS.map((topic) => topic.text()),
];

test("README and manual set nothing else", () => {
  const values = new Map(settings.map(({ key, value }) => [key, value]));
  const said = documents.flatMap((document) =>
    [...document.matchAll(/\b((?:net|kernel|vm)\.[a-z0-9_.]+[a-z0-9_])\s?=\s?(\d+)/g)].map(
      ([, key = "", value = ""]) => ({ key, value }),
    ),
  );
  expect(said.length).toBeGreaterThan(2);
  for (const { key, value } of said) expect([key, values.get(key)]).toEqual([key, value]);
});

test("the maintenance codes that it names say so", () => {
  const named = [...text.matchAll(/WNG-(\d{4})/g)].map(([, code]) => Number(code));
  expect(named).toEqual([482, 243]);
  const actions = named.map((code) => catalogueEntry(code)?.action ?? "");
  expect(actions[0]).toContain("ip_nonlocal_bind");
  expect(actions[1]).toContain("arp_ignore=1 and arp_announce=2");
});
