/** Whatever happens to a file of a part is found, and the file is named. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Layout } from "../../src/part/layout.ts";
import { verifyPart } from "../../src/part/verify.ts";
import { keyPair, type Medium, objectionTo, putMedium, smallPart } from "../harness/part.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { Random } from "../harness/seeded-random.ts";

const LAYOUTS: readonly Layout[] = ["665-2", "665-3"];
const CORRUPTIONS = 1000;
const folder = scratchDirectory("part-damage");
const { privateKey, publicKey } = keyPair();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A part in a directory of its own; as it was once more after each `restore`. */
function part(name: string, layout: Layout) {
  const directory = join(folder, name);
  const medium = smallPart(privateKey, layout);
  const restore = (): void => putMedium(directory, medium);
  restore();
  return { directory, medium, restore, judge: () => objectionTo(directory, publicKey) };
}

test.each(LAYOUTS)("%s: a part as it was made is right", (layout) => {
  const { directory, judge } = part("sound", layout);
  expect(judge()).toBeNull();
  const verified = verifyPart(directory, [publicKey]);
  expect(verified.layout).toBe(layout);
  expect(verified.files.map(({ installName, bytes }) => [installName, bytes])).toEqual([
    ["wingman", 5001],
    ["aircraft.json", 18],
    ["wingman@.service", 7],
  ]);
});

test.each(LAYOUTS)("%s: every single byte of every file counts", (layout) => {
  const { directory, medium, judge } = part("bytes", layout);
  const random = new Random(11);
  const missed: string[] = [];
  for (const [name, content] of medium) {
    const descriptor = openSync(join(directory, name), "r+");
    for (let at = 0; at < content.length; at++) {
      const byte = content[at] ?? 0;
      writeSync(descriptor, Uint8Array.of(byte ^ random.between(1, 255)), 0, 1, at);
      const objection = judge();
      if (objection?.file !== name) missed.push(`${name} byte ${at}: ${objection?.message}`);
      writeSync(descriptor, Uint8Array.of(byte), 0, 1, at);
    }
    closeSync(descriptor);
  }
  expect(missed).toEqual([]);
  expect(judge()).toBeNull();
});

/** Each changes the directory and gives the names that it touched; null: nothing changed. */
const CORRUPTIONS_BY_NAME: Record<
  string,
  (directory: string, medium: Medium, random: Random) => string[] | null
> = {
  flip: (directory, medium, random) => {
    const [name, content] = pick(medium, random);
    const changed = Uint8Array.from(content);
    for (let count = random.between(1, 4); count > 0; count--)
      changed[random.below(changed.length)]! ^= random.between(1, 255);
    return replace(directory, name, content, changed);
  },
  truncate: (directory, medium, random) => {
    const [name, content] = pick(medium, random);
    return replace(directory, name, content, content.subarray(0, random.below(content.length)));
  },
  extend: (directory, medium, random) => {
    const [name, content] = pick(medium, random);
    const more = Uint8Array.from({ length: random.between(1, 600) }, () =>
      random.oneIn(2) ? 0 : random.below(256),
    );
    return replace(directory, name, content, Buffer.concat([content, more]));
  },
  swap: (directory, medium, random) => {
    const [one, first] = pick(medium, random);
    const [other, second] = pick(medium, random);
    if (one === other) return null;
    writeFileSync(join(directory, one), second);
    writeFileSync(join(directory, other), first);
    return [one, other];
  },
  delete: (directory, medium, random) => {
    const [name] = pick(medium, random);
    rmSync(join(directory, name));
    return [name];
  },
  rename: (directory, medium, random) => {
    const [name] = pick(medium, random);
    const other = random.oneIn(2) ? `${name}~` : name.toLowerCase();
    renameSync(join(directory, name), join(directory, other));
    return [name, other];
  },
  duplicate: (directory, medium, random) => {
    const [name, content] = pick(medium, random);
    const copy = `${name}.${random.below(10)}`;
    writeFileSync(join(directory, copy), content);
    return [copy];
  },
  zero: (directory, medium, random) => {
    const [name, content] = pick(medium, random);
    const start = random.below(content.length);
    const changed = Uint8Array.from(content).fill(0, start, start + random.between(1, 512));
    return replace(directory, name, content, changed);
  },
};

function pick(medium: Medium, random: Random): [string, Uint8Array] {
  return random.pick([...medium]);
}

function replace(
  directory: string,
  name: string,
  content: Uint8Array,
  changed: Uint8Array,
): string[] | null {
  if (Buffer.compare(content, changed) === 0) return null;
  writeFileSync(join(directory, name), changed);
  return [name];
}

test(`${CORRUPTIONS} random corruptions are ${CORRUPTIONS} refusals`, () => {
  const parts = LAYOUTS.map((layout) => part(`random-${layout}`, layout));
  const kinds = Object.keys(CORRUPTIONS_BY_NAME);
  const wrong: string[] = [];
  let refused = 0;
  for (let seed = 1; refused + wrong.length < CORRUPTIONS; seed++) {
    const random = new Random(seed);
    const { directory, medium, restore, judge } = random.pick(parts);
    const kind = random.pick(kinds);
    const touched = CORRUPTIONS_BY_NAME[kind]?.(directory, medium, random) ?? null;
    if (touched === null) continue;
    const objection = judge();
    if (objection !== null && touched.includes(objection.file)) refused++;
    else wrong.push(`seed ${seed}, ${kind} of ${touched}: ${objection?.message ?? "accepted"}`);
    restore();
  }
  expect(wrong).toEqual([]);
  expect(refused).toBe(CORRUPTIONS);
});

describe("files that do not belong to a part", () => {
  const { directory, judge, restore } = part("strange", "665-3");

  test.each<[string, () => void, string]>([
    [
      "a file that is not listed",
      () => writeFileSync(join(directory, "README.TXT"), "x"),
      "README.TXT: name: found a file that FILES.LUM does not list, expected no such file",
    ],
    [
      "a directory",
      () => mkdirSync(join(directory, "MORE")),
      "MORE: kind: found a directory, expected a regular file",
    ],
    [
      "a symbolic link in the place of a file",
      () => {
        renameSync(join(directory, "WINGMAN"), join(folder, "elsewhere"));
        symlinkSync(join(folder, "elsewhere"), join(directory, "WINGMAN"));
      },
      "WINGMAN: kind: found a symbolic link, expected a regular file",
    ],
    [
      "a list that is too large to be one",
      () => writeFileSync(join(directory, "FILES.LUM"), Buffer.alloc(1024 * 1024 + 1)),
      "FILES.LUM: size: found more than 1 MiB, expected at most 1 MiB",
    ],
    [
      "an empty directory",
      () => putMedium(directory, new Map()),
      "FILES.LUM: file: found nothing of that name, expected the file, as every medium has one",
    ],
    [
      "nothing",
      () => rmSync(directory, { recursive: true }),
      `${directory}: directory: found nothing of that name, expected the directory of a part`,
    ],
  ])("%s", (_, change, expected) => {
    restore();
    change();
    expect(judge()?.message).toBe(expected);
  });
});
