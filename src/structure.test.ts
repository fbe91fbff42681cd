/** The rules of the house: who may import whom, and how long a file may be. */
import { expect, test } from "bun:test";
import { importsOf, sources } from "../test/harness/source-files.ts";

const LINES_MAX = 450;
const CORE_LINES_MAX = 400;
const CORE_LINES_SUM_MAX = 4_000;

/** Files that are still too long. A name leaves the list together with its reason to be in it. */
const TOO_LONG: string[] = [];

/** Every import that `isForbidden` says so of, as `importer → imported`. */
function offences(isForbidden: (importer: string, imported: string) => boolean): string[] {
  return [...sources.keys()].flatMap((file) =>
    importsOf(file)
      .filter((imported) => isForbidden(file, imported))
      .map((imported) => `${file} → ${imported}`),
  );
}

/** One circle in a graph, beginning and ending with the same node; null: there is none. */
function circle(
  nodes: Iterable<string>,
  next: (node: string) => readonly string[],
): string[] | null {
  const done = new Set<string>();
  const visit = (node: string, way: readonly string[]): string[] | null => {
    const place = way.indexOf(node);
    if (place >= 0) return [...way.slice(place), node];
    if (done.has(node)) return null;
    for (const other of next(node)) {
      const found = visit(other, [...way, node]);
      if (found !== null) return found;
    }
    done.add(node);
    return null;
  };
  for (const node of nodes) {
    const found = visit(node, []);
    if (found !== null) return found;
  }
  return null;
}

/**
 * The folder of src/ that a file belongs to. The core, its boundary and its codecs count as one,
 * because what an event, a datagram or a record says is in the words of the core.
 */
function folderOf(file: string): string {
  const folder = file.split("/")[1] ?? "";
  return folder === "wire" || folder === "boundary" ? "core" : folder;
}

test("every import of a source file is seen and leads to a file", () => {
  const lost = offences((_, imported) => imported.startsWith("src/") && !sources.has(imported));
  expect(lost).toEqual([]);
  expect(importsOf("src/main.ts")).toContain("src/commands/run.ts");
  expect(importsOf("src/manage/web/page/plot.js")).toContain("src/manage/web/page-state.ts");
});

test("no file imports itself by way of others, types included", () => {
  expect(circle(sources.keys(), importsOf)).toBeNull();
});

test("folders stand above one another: none imports one that imports it", () => {
  const below = (folder: string): string[] => {
    const files = [...sources.keys()].filter((file) => folderOf(file) === folder);
    const imported = files.flatMap(importsOf).filter((file) => sources.has(file));
    return [...new Set(imported.map(folderOf))].filter((other) => other !== folder);
  };
  expect(circle([...sources.keys()].map(folderOf), below)).toBeNull();
});

test("what flies imports neither tests nor scripts", () => {
  expect(offences((_, imported) => /^(test|scripts)\//.test(imported))).toEqual([]);
});

/**
 * What decides is closed: the folder, and what its files may import beside limits and assertions.
 */
const CLOSED = {
  allocation: /^src\/allocation\//,
  boundary: /^src\/(boundary|wire)\//,
  core: /^src\/(core|boundary|wire|allocation)\//,
  upkeep: /^src\/upkeep\//,
};

test.each(Object.entries(CLOSED))("%s imports nothing that reaches outside", (folder, inside) => {
  const foreign = offences(
    (importer, imported) =>
      importer.startsWith(`src/${folder}/`) &&
      !inside.test(imported) &&
      !/^src\/(limits|assert|marks)\.ts$/.test(imported),
  );
  expect(foreign).toEqual([]);
});

test("limits are taken from limits.ts, which knows them all", () => {
  const outside = offences(
    (importer, imported) =>
      imported.startsWith("src/limits/") && !/^src\/limits[./]/.test(importer),
  );
  expect(outside).toEqual([]);
});

test(`no file is longer than ${LINES_MAX} lines, none of the core than ${CORE_LINES_MAX}`, () => {
  const tooLong = [...sources].filter(([file, text]) => {
    const max = file.startsWith("src/core/") ? CORE_LINES_MAX : LINES_MAX;
    return text.split("\n").length - 1 > max;
  });
  expect(tooLong.map(([file]) => file)).toEqual(TOO_LONG);
});

test(`the core can be read in a day: ${CORE_LINES_SUM_MAX} lines together at most`, () => {
  const core = [...sources].filter(([file]) => file.startsWith("src/core/"));
  const lines = core.reduce((sum, [, text]) => sum + text.split("\n").length - 1, 0);
  expect(lines).toBeLessThanOrEqual(CORE_LINES_SUM_MAX);
});
