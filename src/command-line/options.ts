/** Argument parsing common to all commands. */
import { parseArgs } from "node:util";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { nearestName } from "../config/nearest.ts";
import { quoted } from "../config/problem.ts";
import { InputFileError, UsageError } from "./errors.ts";

/**
 * Options of a command by their names without dashes: a `flag` stands alone, a `value` takes one,
 * and `values` may be repeated.
 */
export type OptionKinds = Readonly<Record<string, "flag" | "value" | "values">>;
export type Options<Kinds extends OptionKinds> = {
  [Name in keyof Kinds]: Kinds[Name] extends "flag"
    ? boolean
    : Kinds[Name] extends "values"
      ? string[]
      : string | undefined;
};

/**
 * Parses the arguments of `command`. `operandsMax` is the maximum number of arguments that are no
 * options; everything after `--` is an operand.
 *
 * @throws UsageError on an unknown option, a missing or unwanted value, an option given twice, or
 * an extra operand.
 */
export function parseOptions<const Kinds extends OptionKinds>(
  command: string,
  args: readonly string[],
  kinds: Kinds,
  operandsMax = 0,
): { options: Options<Kinds>; operands: string[] } {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(kinds).map(([name, kind]) => [
        name,
        { type: kind === "flag" ? "boolean" : "string" } as const,
      ]),
    ),
    allowPositionals: true,
    strict: false, // its errors do not name the nearest option: the tokens are checked here
    tokens: true,
  });
  const values: Record<string, string | boolean | string[] | undefined> = {};
  for (const [name, kind] of Object.entries(kinds)) {
    values[name] = kind === "flag" ? false : kind === "values" ? [] : undefined;
  }
  const given = new Set<string>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const kind = Object.hasOwn(kinds, token.name) ? kinds[token.name] : undefined;
    if (kind === undefined)
      throw new UsageError(unknownOption(command, token.rawName, Object.keys(kinds)));
    if (kind !== "values" && given.has(token.name))
      throw new UsageError(`${command}: option ${token.rawName} is given twice`);
    given.add(token.name);
    if (kind === "flag") {
      if (token.value !== undefined)
        throw new UsageError(`${command}: option ${token.rawName} takes no value`);
      values[token.name] = true;
    } else {
      // `--config --json` is a forgotten value, not a file named --json; `--config=--json` makes it
      // one.
      const forgotten =
        token.value === undefined || (!token.inlineValue && /^-./.test(token.value));
      if (forgotten || token.value === "")
        throw new UsageError(`${command}: option ${token.rawName} needs a value`);
      const earlier = values[token.name];
      values[token.name] = Array.isArray(earlier) ? [...earlier, token.value ?? ""] : token.value;
    }
  }
  const extra = operands[operandsMax];
  if (extra !== undefined) {
    throw new UsageError(
      `${command}: found ${quoted(extra)}, expected ${operandsMax === 0 ? "options only" : "no more"}`,
    );
  }
  return { options: values as Options<Kinds>, operands };
}

function unknownOption(command: string, rawName: string, names: readonly string[]): string {
  const nearest = nearestName(rawName.replace(/^-+/, ""), names);
  const known = names.map((name) => `--${name}`).join(" ");
  const hint =
    nearest === null
      ? known === ""
        ? "it takes none"
        : `it takes ${known}`
      : `did you mean --${nearest}?`;
  return `${command}: unknown option ${quoted(rawName)}; ${hint}`;
}

/**
 * The value of option `name` as a whole number.
 *
 * @throws UsageError unless it is a whole number from `min` to `max` in decimal digits.
 */
export function wholeNumberOption(
  command: string,
  name: string,
  text: string,
  min: number,
  max: number,
): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || value < min || value > max) {
    throw new UsageError(
      `${command}: --${name}: found ${quoted(text)}, expected a whole number from ${min} to ${max}`,
    );
  }
  return value;
}

/**
 * The configuration in `--config`; without it the embedded default aircraft.
 *
 * @throws InputFileError with every problem of the file.
 */
export function requireConfig(file: string | undefined): LoadedConfig {
  const result = loadConfig(file);
  if (!result.ok) throw new InputFileError(result);
  return result;
}
