/** The design pages say what is so: names of headings and files, and who may import whom. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { importsOf, ROOT, sources } from "../test/harness/source-files.ts";

const PAGES = {
  "PROTOCOL.md": "src/core/PROTOCOL.md",
  "ARCHITECTURE.md": "src/ARCHITECTURE.md",
} as const;
type Page = keyof typeof PAGES;
const PAGE_NAMES = Object.keys(PAGES) as Page[];

const textOf = (page: Page): string => readFileSync(join(ROOT, PAGES[page]), "utf8");
const pages = PAGE_NAMES.map((page) => [page, textOf(page)] as const);

const headingsOf = (page: Page): string[] =>
  [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);

/** Every text file that people write, but for this one, which names what is forbidden. */
const written = ["src", "test", "scripts", "firmware-config"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => /\.(ts|js|mjs|py|css|html|conf|rules|service|sysusers)$/.test(file))
    .filter((file) => file !== "src/design.test.ts" && statSync(join(ROOT, file)).isFile())
    .sort()
    .map((file) => [file, readFileSync(join(ROOT, file), "utf8")] as const),
);

/** The places of a form, as `file:line: text`. */
function placesOf(form: RegExp, text: string, file: string): string[] {
  return [...text.matchAll(form)].map((match) => {
    const line = text.slice(0, match.index).split("\n").length;
    return `${file}:${line}: ${match[0].replace(/\s+/g, " ")}`;
  });
}

test("the files are read, and the pages have their headings", () => {
  expect(written.length).toBeGreaterThan(800);
  expect(headingsOf("PROTOCOL.md")).toContain("Hand-over");
  expect(headingsOf("ARCHITECTURE.md")).toContain("Rooms");
});

test('a page is named with a heading that it has: (PROTOCOL.md, "Hand-over"), on one line', () => {
  const headings = new Map(PAGE_NAMES.map((page) => [page, new Set(headingsOf(page))]));
  const wrong = written.flatMap(([file, text]) =>
    placesOf(/\b(?:PROTOCOL|ARCHITECTURE)\.md(?:, "[^"\n]*")?/g, text, file).filter((place) => {
      const [, page = "", heading] = /: (\w+\.md)(?:, "(.*)")?$/.exec(place) ?? [];
      return heading === undefined || !headings.get(page as Page)?.has(heading);
    }),
  );
  expect(wrong).toEqual([]);
});

test('pages name each other\'s headings and their own rightly: ("Lease")', () => {
  const all = new Set(PAGE_NAMES.flatMap(headingsOf));
  const named = pages.flatMap(([page, text]) =>
    [...text.matchAll(/(?:\(|see |under )"([A-Z][^"\n]*)"/g)].map(([, name = ""]) => ({
      page,
      name,
    })),
  );
  expect(named.length).toBeGreaterThan(2);
  expect(named.filter(({ name }) => !all.has(name))).toEqual([]);
});

/** What only those have who were there when this was designed. */
const ELSEWHERE = [
  /\bprotocol,[\s*/#]+(?:sections?\b|P\d)/gi,
  /\bcontract\b/gi,
  /\bdesign\/\w+/g,
  /\bfacts\/\w+/g,
  /\bruntime[\s*/#]+facts\b/gi,
  /\b(?:in|see|,)\s+trap\s+\d/gi,
] as const;

test("nothing refers to a document that is not in the repository", () => {
  const wrong = written.flatMap(([file, text]) =>
    ELSEWHERE.flatMap((form) => placesOf(form, text, file)),
  );
  expect(wrong).toEqual([]);
  const names = written.flatMap(([file, text]) =>
    [...text.matchAll(/[\w./-]+\.md\b/g)].map(([name]) => ({ file, name })),
  );
  const known = new Set<string>(["README.md", ...PAGE_NAMES, ...Object.values(PAGES)]);
  expect(names.filter(({ name }) => !known.has(name))).toEqual([]);
});

test.each(pages)("every file and folder that %s names is there", (_, text) => {
  const files = [...text.matchAll(/[\w.-]+(?:\/[\w.-]+)*\.(?:ts|js|mjs|json|html|css|md)\b/g)];
  const folders = [...text.matchAll(/\b(?:src|test|scripts|firmware-config)\/[\w./-]*\w/g)];
  const shells = [...text.matchAll(/\b(?:io|wire|core|boundary|allocation)\/[\w-]+(?![\w.-]*\.)/g)];
  const isThere = (name: string): boolean =>
    [
      name,
      join("src", name),
      ...PAGE_NAMES.filter((page) => page === name).map((page) => PAGES[page]),
    ]
      .flatMap((path) => [path, `${path}.ts`])
      .some((path) => existsSync(join(ROOT, path)));
  expect(files.length).toBeGreaterThan(20);
  const names = [...files, ...folders, ...shells].map(([name]) => name);
  expect(names.filter((name) => !isThere(name))).toEqual([]);
});

/** The rooms as they stand under "Rooms": a name with what is in it, then arrows to its imports. */
function roomsOf(text: string): Map<string, Set<string>> {
  const [, section = ""] = text.split(/^## Rooms$/m);
  const [, block = ""] = section.split(/^```(?:text)?$/m);
  const rooms = new Map<string, Set<string>>();
  let names = new Set<string>();
  for (const line of block.trim().split("\n")) {
    const [, imported] = /^ +← (.+)$/.exec(line) ?? [];
    if (imported === undefined) {
      names = new Set();
      rooms.set(/^[\w.-]+/.exec(line)?.[0] ?? line, names);
    } else for (const name of imported.split(" ")) if (name !== "nothing") names.add(name);
  }
  return rooms;
}

const rooms = roomsOf(textOf("ARCHITECTURE.md"));

/** Everybody may import these. */
const COMMON = ["src/limits.ts", "src/assert.ts", "src/marks.ts"];

/** The room of a file, or the name of a file that stands alone. */
const roomOf = (file: string): string => file.split("/")[1] ?? "";

/** What the page calls an import. */
function nameOf(imported: string): string {
  if (imported.startsWith("src/")) return roomOf(imported);
  const [first = ""] = imported.split(/[/:]/);
  return first;
}

test("each directory imports exactly what ARCHITECTURE.md lists", () => {
  const found = new Map<string, Set<string>>();
  const forbidden: string[] = [];
  for (const file of sources.keys()) {
    const room = roomOf(file);
    if (COMMON.includes(file)) continue;
    const names = found.get(room) ?? new Set();
    found.set(room, names);
    for (const imported of importsOf(file)) {
      if (COMMON.includes(imported) || nameOf(imported) === room) continue;
      names.add(nameOf(imported));
      if (!rooms.get(room)?.has(nameOf(imported))) forbidden.push(`${file} → ${imported}`);
    }
  }
  expect(forbidden).toEqual([]);
  expect([...rooms.keys()].sort()).toEqual([...found.keys()].sort());
  const unused = [...rooms].flatMap(([room, names]) =>
    [...names].filter((name) => !found.get(room)?.has(name)).map((name) => `${room} → ${name}`),
  );
  expect(unused).toEqual([]);
});
