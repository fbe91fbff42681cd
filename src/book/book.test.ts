/** The book against the allocation itself, asked one failure after another. */
import { describe, expect, test } from "bun:test";
import { COLUMNS } from "../command-line/paragraph.ts";
import { formatProblems, loadConfig, parseConfig } from "../config/load.ts";
import type { AircraftConfig } from "../config/model.ts";
import { type Situation, WhatIf } from "../config/what-if.ts";
import { type Book, bookOf, lossesOf } from "./book.ts";
import { bookCsv } from "./book-csv.ts";
import { bookText } from "./book-text.ts";
import {
  changesOf,
  countsText,
  outlivingSentence,
  scopeText,
  spareSentences,
} from "./book-words.ts";

const aircraft = (name: string): AircraftConfig => {
  const result = loadConfig(
    new URL(`../../firmware-config/${name}.json`, import.meta.url).pathname,
  );
  if (!result.ok) throw new Error(formatProblems(result));
  return result.config;
};

/** Functions f0, f1 … of these sizes and of priority 5, on servers s0, s1 … of `resource`. */
const plain = (servers: number, resource: number, sizes: readonly number[]): AircraftConfig => {
  const text = JSON.stringify({
    system: "test",
    servers: Array.from({ length: servers }, (_, index) => ({ id: `s${index}`, resource })),
    functions: sizes.map((required, index) => ({
      ...{ id: `f${index}`, required, priority: 5, vips: [`10.44.1.${index + 1}/16`] },
    })),
  });
  const result = parseConfig(text, "test", "/");
  if (!result.ok) throw new Error(formatProblems(result));
  return result.config;
};

const groundBook = (config: AircraftConfig, down: string[] = []): [Book, Situation] => {
  const owners = new WhatIf(config).planWithAllServers().assignment;
  const situation = { owners, down, cannotRun: {} };
  return [bookOf(config, config.allocation, situation), situation];
};

describe("entries", () => {
  test("of up to six servers every failure that leaves one, of more the single and double ones", () => {
    const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `s${at}`);
    expect(lossesOf(["a"], 1)).toEqual([]);
    expect(lossesOf(["a", "b", "c"], 3).map((lost) => lost.join("+"))).toEqual([
      ...["a", "b", "c", "a+b", "a+c", "b+c"],
    ]);
    expect(lossesOf(names(6), 6)).toHaveLength(2 ** 6 - 2);
    expect(lossesOf(names(7), 7)).toHaveLength(7 + 21);
    expect(lossesOf(names(16), 16)).toHaveLength(16 + 120);
    // Three of seven are left: a double failure leaves one, and two leave one single failure each.
    expect(lossesOf(names(3), 7)).toHaveLength(6);
    expect(lossesOf(names(2), 7)).toEqual([["s0"], ["s1"]]);
  });

  test.each(["single-aisle-180", "twin-aisle-300", "very-large-480"])(
    "of %s are what the allocation answers",
    (name) => {
      const config = aircraft(name);
      const [book, situation] = groundBook(config);
      expect(book.book).toHaveLength(2 ** config.servers.length - 2);
      for (const { lost, back, ...plan } of book.book) {
        expect(back).toEqual([]);
        expect(plan).toEqual(new WhatIf(config).plan({ ...situation, down: lost }));
      }
    },
  );

  test("where servers are down, each that comes back, and each failure more", () => {
    const config = aircraft("twin-aisle-300");
    const [book, situation] = groundBook(config, ["b", "d"]);
    expect(book.down).toEqual(["b", "d"]);
    expect(book.book.map(({ lost, back }) => [lost, back])).toEqual([
      ...[
        [[], ["b"]],
        [[], ["d"]],
        [["a"], []],
        [["c"], []],
      ],
    ]);
    const owners = book.base.assignment;
    const { lost: _, back: __, ...plan } = book.book[0] as Book["book"][number];
    expect(plan).toEqual(new WhatIf(config).plan({ ...situation, owners, down: ["d"] }));
    expect(plan.alive).toEqual(["a", "b", "c"]);
    expect(scopeText(book)).toBe("2 failures (every failure that leaves a server), 2 recoveries");
  });

  test("important functions are counted, one alone is not all of them", () => {
    const sentence = (servers: number, priorities: readonly number[]): string => {
      const config = plain(
        servers,
        100,
        priorities.map(() => 60),
      );
      priorities.forEach((priority, index) => {
        Object.assign(config.functions[index] ?? {}, { priority });
      });
      return outlivingSentence(groundBook(config)[0]);
    };
    expect(sentence(2, [10, 2])).toBe(
      "The 1 function of priority 8 and more runs after every single failure.",
    );
    expect(sentence(3, [10, 8, 2])).toBe(
      "All 2 functions of priority 8 and more run after every single failure.",
    );
    expect(sentence(2, [10, 8])).toBe(
      "1 of 2 functions of priority 8 and more DOES NOT RUN after every single failure: f1.",
    );
    expect(sentence(2, [2])).toBe("There are no functions of priority 8 and more.");
  });

  test("what cannot run somewhere stays so in every entry", () => {
    const config = aircraft("single-aisle-180");
    const owners = new WhatIf(config).planWithAllServers().assignment;
    const cannotRun = { b: ["pa-relay"] };
    const book = bookOf(config, config.allocation, { owners, down: [], cannotRun });
    expect(book.base.assignment["pa-relay"]).toBe("a");
    expect(book.firstStops.find((stop) => stop.function === "pa-relay")?.lost).toEqual(["a"]);
    expect(outlivingSentence(book)).toBe(
      "1 of 4 functions of priority 8 and more DOES NOT RUN after every single failure: pa-relay.",
    );
  });
});

test("the first failure that stops a function is one of the fewest servers", () => {
  const config = aircraft("very-large-480");
  const [book] = groundBook(config);
  for (const { function: id, lost } of book.firstStops) {
    const stopping = book.book.filter(({ assignment }) => assignment[id] === null);
    if (lost === null) {
      expect(stopping).toEqual([]);
      continue;
    }
    expect(stopping.map((entry) => entry.lost)).toContainEqual(lost);
    const fewest = Math.min(...stopping.map((entry) => entry.lost.length));
    expect(stopping.find((entry) => entry.lost.length === fewest)?.lost).toEqual(lost);
  }
  expect(book.firstStops.find((stop) => stop.function === "pa-relay-upper")?.lost).toBeNull();
  expect(book.firstStops.find((stop) => stop.function === "games-2")?.lost).toEqual(["a"]);
});

describe("spare capacity", () => {
  /** Whether one more function of so many units runs in each case and stops nothing. */
  const fits = (config: AircraftConfig, required: number): boolean => {
    const [template] = config.functions;
    if (template === undefined) throw new Error("there is no function");
    const extra = { ...template, id: "extra", required, priority: 1 };
    const more = { ...config, functions: [...config.functions, extra] };
    const owners = new WhatIf(more).plan({
      ...{ owners: new WhatIf(config).planWithAllServers().assignment, down: [], cannotRun: {} },
    }).assignment;
    return [[], ...config.servers.map(({ id }) => [id])].every((down) => {
      const without = groundBook(config)[1];
      const before = new WhatIf(config).plan({ ...without, down });
      const after = new WhatIf(more).plan({ owners, down, cannotRun: {} });
      return (
        after.assignment.extra !== null &&
        config.functions.every(
          ({ id }) => before.assignment[id] === null || after.assignment[id] !== null,
        )
      );
    });
  };

  test.each<[string, AircraftConfig, number]>([
    ["two servers half full", plain(2, 100, [20, 20]), 60],
    ["three servers: one is emptied for it", plain(3, 100, [30, 30, 30]), 100],
    ["a full aircraft", plain(2, 10, [10, 10]), 0],
    ["the twin aisle", aircraft("twin-aisle-300"), 5],
  ])("%s: the size that was tried fits, one unit more does not", (_, config, expected) => {
    const { oneMore } = groundBook(config)[0].spare;
    expect(oneMore).toBe(expected);
    if (expected > 0) expect(fits(config, expected)).toBe(true);
    expect(fits(config, expected + 1)).toBe(false);
  });

  test("in words that can be signed", () => {
    expect(spareSentences(groundBook(plain(2, 100, [20, 20]))[0])).toEqual([
      "160 of 200 units are free.",
      "A further function of up to 80 units fits now, on server s0, and nothing moves or stops for it.",
      "After the worst single failure (server s0) the largest room left on one server is 60 units, on s1.",
      "Tried: one more function of priority 1 that takes 60 units runs both with no failure and after every " +
        "single one, and no other function stops for it; one that takes 61 does not.",
    ]);
    expect(spareSentences(groundBook(plain(1, 10, [10]))[0])).toEqual([
      "0 of 10 units are free.",
      "No further function fits now without stopping another one.",
      "Tried: one more function of priority 1, however small, does not run now.",
    ]);
    expect(spareSentences(groundBook(plain(2, 10, [1]), ["s0", "s1"])[0])).toEqual([
      "No server is alive: nothing could be added.",
    ]);
  });
});

test("changes are counted in words", () => {
  const [book] = groundBook(aircraft("single-aisle-180"), ["b"]);
  const [back] = book.book;
  if (back === undefined) throw new Error("there is no entry");
  expect(countsText(changesOf(book, back))).toBe("12 of 12 functions run: 4 start.");
});

test("as text it fits a terminal, as CSV it has a row for each function and change", () => {
  for (const config of [aircraft("very-large-480"), plain(16, 10, [1, 2, 3])]) {
    const [book] = groundBook(config);
    const text = bookText(book);
    expect(text.split("\n").filter((line) => line.length > COLUMNS)).toEqual([]);
    const [head, ...rows] = bookCsv(book).trimEnd().split("\r\n");
    expect(head?.split(",")).toHaveLength(10);
    expect(rows).toHaveLength(book.book.length * book.functions.length);
    for (const entry of book.book.slice(0, 30)) {
      const own = rows.filter((row) => row.startsWith(`${entry.lost.join("+")},`));
      for (const row of own) {
        const [, , id = "", , , before, after] = row.split(",");
        expect(before).toBe(book.base.assignment[id] ?? "");
        expect(after).toBe(entry.assignment[id] ?? "");
      }
    }
  }
  expect(bookText(groundBook(aircraft("single-aisle-180"))[0])).toContain(
    "\navod            4     b    STOPPED  STOPPED  a\n",
  );
});
