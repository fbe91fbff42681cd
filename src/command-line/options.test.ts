import { describe, expect, test } from "bun:test";
import { InputFileError, UsageError } from "./errors.ts";
import { parseOptions, requireConfig, wholeNumberOption } from "./options.ts";

const KINDS = { config: "value", "run-dir": "value", json: "flag" } as const;

const messageOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return "accepted";
};

describe("parseOptions", () => {
  test("gives values, flags and operands", () => {
    expect(parseOptions("c", ["--config", "f", "x", "--json"], KINDS, 1)).toEqual({
      options: { config: "f", "run-dir": undefined, json: true },
      operands: ["x"],
    });
    expect(parseOptions("c", [], KINDS).options).toEqual({
      config: undefined,
      "run-dir": undefined,
      json: false,
    });
    expect(parseOptions("c", ["--config=--odd", "--run-dir=a=b"], KINDS).options).toMatchObject({
      config: "--odd",
      "run-dir": "a=b",
    });
    expect(parseOptions("c", ["--", "--config", "-x"], KINDS, 2).operands).toEqual([
      "--config",
      "-x",
    ]);
    expect(parseOptions("c", ["--config", "-"], KINDS).options.config).toBe("-");
  });

  test.each<[string[], string]>([
    [["--confg", "f"], 'c: unknown option "--confg"; did you mean --config?'],
    [["--zzz"], 'c: unknown option "--zzz"; it takes --config --run-dir --json'],
    [["-x"], 'c: unknown option "-x"; it takes --config --run-dir --json'],
    [["--no-json"], 'c: unknown option "--no-json"; it takes --config --run-dir --json'],
    [["--constructor"], 'c: unknown option "--constructor"; it takes --config --run-dir --json'],
    [["--config"], "c: option --config needs a value"],
    [["--config", "--json"], "c: option --config needs a value"],
    [["--config="], "c: option --config needs a value"],
    [["--json=yes"], "c: option --json takes no value"],
    [["--json", "--json"], "c: option --json is given twice"],
    [["--config", "a", "--config", "b"], "c: option --config is given twice"],
    [["file"], 'c: found "file", expected options only'],
  ])("%j", (args, expected) => {
    expect(messageOf(() => parseOptions("c", args, KINDS))).toBe(expected);
  });

  test("an option of many values is given as often as is wanted", () => {
    const many = { console: "values" } as const;
    expect(parseOptions("c", ["--console", "a=1", "--console=b=2"], many).options.console).toEqual([
      "a=1",
      "b=2",
    ]);
    expect(parseOptions("c", [], many).options.console).toEqual([]);
    expect(messageOf(() => parseOptions("c", ["--console"], many))).toBe(
      "c: option --console needs a value",
    );
  });

  test("counts operands", () => {
    expect(messageOf(() => parseOptions("c", ["a", "b"], {}, 1))).toBe(
      'c: found "b", expected no more',
    );
    expect(messageOf(() => parseOptions("c", ["--x"], {}))).toBe(
      'c: unknown option "--x"; it takes none',
    );
  });
});

test("wholeNumberOption", () => {
  expect(wholeNumberOption("c", "n", "12", 1, 12)).toBe(12);
  for (const text of ["0", "13", "-1", "1.5", "1e1", "", " 5", "0x5", "99999999999999999999"]) {
    expect(messageOf(() => wholeNumberOption("c", "n", text, 1, 12))).toContain(
      "expected a whole number from 1 to 12",
    );
  }
});

test("requireConfig throws every problem", () => {
  expect(requireConfig(undefined).config.servers).toHaveLength(2);
  expect(() => requireConfig("/nonexistent.json")).toThrow(InputFileError);
  expect(() => requireConfig("/nonexistent.json")).toThrow(
    "1 problem in /nonexistent.json\n/nonexistent.json: found no such file, expected a readable file",
  );
});
