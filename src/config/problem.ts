/** Texts of problems in a file, one line each. */
import type { Problem } from "./model.ts";

/**
 * Characters of a found value that are shown: enough to recognise it, and always room for the rest.
 */
const FOUND_TEXT_MAX = 60;

/** One line per problem: `source: path: found X, expected Y`. */
export function formatProblems(file: { source: string; problems: readonly Problem[] }): string {
  return file.problems
    .map(({ path, found, expected }) => {
      const place = path === "" ? "" : `${path}: `;
      return `${printable(file.source)}: ${place}found ${found}, expected ${expected}`;
    })
    .join("\n");
}

/** Describes a value from a JSON file, for use after "found". */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value))
    return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" ? quoted(value) : String(value);
}

/**
 * The text in quotation marks on one line, shortened, with control characters written as escapes.
 */
export function quoted(text: string): string {
  const shown = text.length > FOUND_TEXT_MAX ? `${text.slice(0, FOUND_TEXT_MAX)}…` : text;
  return printable(JSON.stringify(shown));
}

/** Joins names for people: `a`, `a or b`, `a, b or c`. */
export function alternatives(names: readonly string[], conjunction = "or"): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} ${conjunction} ${names.at(-1)}`;
}

/**
 * Path of an entry of the object at `path`. Keys that are no plain words are quoted, so that a path
 * is never ambiguous.
 */
export function keyPath(path: string, key: string): string {
  if (!/^[$A-Za-z_][\w$-]*$/.test(key)) return `${path}[${quoted(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** A file must not control the terminal of a reader of its problems. */
export function printable(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
