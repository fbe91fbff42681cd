import { describe, expect, test } from "bun:test";
import { JSON_DEPTH_MAX, scanJson } from "./json-scanner.ts";

const firstProblem = (text: string): string => {
  const [problem] = scanJson(text).problems;
  return problem === undefined
    ? "none"
    : `${problem.path}: found ${problem.found}, expected ${problem.expected}`;
};

describe("mistakes are named with their place", () => {
  test.each([
    ["", "line 1, column 1: found an empty file, expected a JSON object"],
    [" \n\t", "line 2, column 2: found nothing but spaces, expected a JSON object"],
    [
      "\ufeff{}",
      'line 1, column 1: found a byte order mark, expected UTF-8 text that starts with "{"',
    ],
    ["{", 'line 1, column 2: found the end of the file, expected a key in quotation marks or "}"'],
    ['{"a" 1}', 'line 1, column 6: found "1", expected ":" after the key "a"'],
    ['{"a": }', 'line 1, column 7: found "}", expected a value'],
    ['{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3: found "\\"", expected "," or "}"'],
    [
      '{"a": 1,\r\n}',
      'line 2, column 1: found "}", expected a key in quotation marks (no comma before "}")',
    ],
    ["[1,\n2,\n]", 'line 3, column 1: found "]", expected a value (no comma before "]")'],
    ["[1 2]", 'line 1, column 4: found "2", expected "," or "]"'],
    ["{a: 1}", 'line 1, column 2: found "a", expected a key in quotation marks or "}"'],
    ["{'a': 1}", `line 1, column 2: found "'", expected a key in quotation marks or "}"`],
    ["{} {}", 'line 1, column 4: found "{", expected the end of the file'],
    [
      "{}\n// end",
      "line 2, column 1: found a comment (JSON has none), expected the end of the file",
    ],
    [
      '{ /* x */ "a": 1}',
      'line 1, column 3: found a comment (JSON has none), expected a key in quotation marks or "}"',
    ],
    ["[True]", 'line 1, column 2: found "True", expected a value'],
    ["[NaN]", 'line 1, column 2: found "NaN", expected a value'],
    ["[nullx]", 'line 1, column 2: found "nullx", expected a value'],
    ["[.5]", 'line 1, column 2: found ".5", expected a value'],
    [
      "[1.]",
      'line 1, column 2: found "1.", expected a number such as 10, without leading zeros, units or signs of its own',
    ],
    [
      "[007]",
      'line 1, column 2: found "007", expected a number such as 10, without leading zeros, units or signs of its own',
    ],
    [
      "[10ms]",
      'line 1, column 2: found "10ms", expected a number such as 10, without leading zeros, units or signs of its own',
    ],
    [
      '["a\nb"]',
      "line 1, column 4: found the end of the line, expected the string to end with a quotation mark (line breaks and tabs are written \\n and \\t)",
    ],
    [
      '["a',
      "line 1, column 4: found the end of the file, expected the string to end with a quotation mark (line breaks and tabs are written \\n and \\t)",
    ],
    [
      '["a\\x"]',
      'line 1, column 5: found "x", expected one of " \\ / b f n r t or u with four hexadecimal digits after "\\"',
    ],
    [
      '["\\u12g4"]',
      'line 1, column 4: found "u12g4", expected one of " \\ / b f n r t or u with four hexadecimal digits after "\\"',
    ],
    ["\u0001", 'line 1, column 1: found "\\u0001", expected a value'],
    ["[😀]", 'line 1, column 2: found "😀", expected a value'],
  ])("%j", (text, expected) => {
    expect(firstProblem(text)).toBe(expected);
    expect(scanJson(text).wellFormed).toBe(false);
  });

  test("nesting is bounded", () => {
    const nested = (depth: number): string => `${"[".repeat(depth)}0${"]".repeat(depth)}`;
    expect(firstProblem(nested(JSON_DEPTH_MAX))).toBe("none");
    expect(firstProblem(nested(JSON_DEPTH_MAX + 1))).toContain(
      "lists and objects within each other",
    );
    expect(firstProblem("[".repeat(1_000_000))).toContain("lists and objects within each other");
  });
});

describe("a key given twice", () => {
  test("is named with its path and the place of the second one", () => {
    const text = '{"servers": [{"id": "a"},\n {"id": "b", "id": "c"}], "a b": 1,\n "\\u0061 b": 2}';
    expect(scanJson(text)).toEqual({
      wellFormed: true,
      problems: [
        {
          path: "servers[1].id",
          found: 'a second "id" in line 2, column 14',
          expected: "each key once",
        },
        { path: '["a b"]', found: 'a second "a b" in line 3, column 2', expected: "each key once" },
      ],
    });
  });

  test("the same key in different objects is no mistake", () => {
    expect(scanJson('{"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}]}').problems).toEqual([]);
  });
});

/** Every text that one edit makes of these must be judged as JSON.parse judges it. */
test("agrees with JSON.parse on well-formed text", () => {
  const seeds = [
    '{"a": [1, -2.5e+3, true, false, null, "x\\u00e9\\n"], "b": {"": {}}}',
    '[0, -0, 1e5, 1E-7, 12.50, "\\"\\\\\\/\\b\\f\\r\\t", [], [[]]]\r\n',
    ' "text" ',
    "-12",
    "null",
  ];
  const insertions = [...'{}[]",:\\/ \n\t01-+.eEtfnu', "\u0000", "\u2028", "\ufeff", "😀"];
  const accepts = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  let tried = 0;
  let accepted = 0;
  for (const seed of seeds) {
    for (let at = 0; at <= seed.length; at++) {
      const head = seed.slice(0, at);
      const variants = [head, head + seed.slice(at + 1)];
      for (const insertion of insertions)
        variants.push(head + insertion + seed.slice(at), head + insertion + seed.slice(at + 1));
      for (const text of variants) {
        const expected = accepts(text);
        if (scanJson(text).wellFormed !== expected)
          throw new Error(`differs from JSON.parse: ${JSON.stringify(text)}`);
        tried++;
        if (expected) accepted++;
      }
    }
  }
  expect(tried).toBeGreaterThan(5000);
  expect(accepted).toBeGreaterThan(500);
});
