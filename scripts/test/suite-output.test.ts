import { expect, test } from "bun:test";
import { SuiteOutput } from "./suite-output.ts";

function taken(...lines: string[]): { seen: string; where: string } {
  let seen = "";
  const output = new SuiteOutput((text) => {
    seen += text;
  });
  for (const line of lines) output.take(line);
  return { seen, where: output.where };
}

test("before the first file nothing is known", () => {
  expect(taken("bun test v1.4.5 (a7733435c)", "").where).toBe("before its first test");
});

test("the file, and the last test of it that has ended, say where it is", () => {
  const lines = ["test/a.test.ts:", "(pass) outer > one [10.25ms]", "(pass) two"];
  expect(taken(lines[0] ?? "").where).toBe("in test/a.test.ts");
  expect(taken(...lines.slice(0, 2)).where).toBe('in test/a.test.ts, after the test "outer > one"');
  expect(taken(...lines).where).toBe('in test/a.test.ts, after the test "two"');
  expect(taken(...lines, "", "test/b.test.ts:").where).toBe("in test/b.test.ts");
  const failed = taken(...lines, "error: x", "(fail) three [2.5s]", "it says (done)");
  expect(failed.where).toBe('in test/a.test.ts, after the test "three"');
  expect(taken(...lines, "no end of line(pass) four [1ms]").where).toEndWith('"four"');
});

test("a passed test is a dot; everything else is printed below its file", () => {
  const { seen } = taken(
    "bun test v1.4.5 (a7733435c)",
    "",
    "test/a.test.ts:",
    "(pass) one [1ms]",
    "(pass) two [1ms]",
    "measured 3 ms",
    "(pass) three [1ms]",
    "",
    "test/b.test.ts:",
    "(skip) four",
    "(pass) five",
    "",
    "test/c.test.ts:",
    "(pass) six",
    "",
    " 4 pass",
  );
  expect(seen).toBe(
    "bun test v1.4.5 (a7733435c)\n..\n\ntest/a.test.ts:\nmeasured 3 ms\n.\n\ntest/b.test.ts:\n(skip) four\n..\n 4 pass\n",
  );
});
