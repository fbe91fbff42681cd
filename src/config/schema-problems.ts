/**
 * All disagreements between a value and a definition. valibot itself stops at an object's first
 * unknown key and ignores the length of a list with a bad element, but whoever repairs a file wants
 * all problems at once. So this walk judges objects and lists, and valibot every single value in
 * them.
 */
import * as v from "valibot";
import { definitionOf, type Named } from "./definition.ts";
import type { Problem } from "./model.ts";
import { nearestName } from "./nearest.ts";
import { alternatives, describeValue, keyPath } from "./problem.ts";
import { objectionTo } from "./schema-values.ts";

/** Problems of `value`, which stands at `path`; empty exactly when valibot accepts it. */
export function schemaProblems(schema: v.GenericSchema, value: unknown, path: string): Problem[] {
  const { shape, optional, nullable, expected } = definitionOf(schema);
  if ((optional && value === undefined) || (nullable && value === null)) return [];
  if (shape.kind === "object") {
    if (!isObject(value)) return [{ path, found: describeValue(value), expected }];
    return [
      ...unknownKeys(shape.entries, value, path),
      ...entryProblems(shape.entries, value, path),
    ];
  }
  if (shape.kind === "list") {
    if (!Array.isArray(value)) return [{ path, found: describeValue(value), expected }];
    const fits = value.length >= shape.lengthMin && value.length <= shape.lengthMax;
    // A list far beyond its limit is one mistake, not one per element.
    const elements = value.slice(0, shape.lengthMax);
    const inElements = elements.flatMap((element, index) =>
      schemaProblems(shape.item, element, `${path}[${index}]`),
    );
    return fits ? inElements : [{ path, found: describeValue(value), expected }, ...inElements];
  }
  if (shape.kind === "amount") {
    if (isObject(value)) return namedProblems(shape.named, value, path);
    if (typeof value === "number") return schemaProblems(shape.number, value, path);
    return [{ path, found: describeValue(value), expected }];
  }
  const result = v.safeParse(shape.schema, value, { abortPipeEarly: true });
  if (result.success) return [];
  return [
    {
      path,
      found: objectionTo(shape.schema, value) ?? describeValue(value),
      expected: result.issues[0].message,
    },
  ];
}

/** True for a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function namedProblems(
  { expected, name, value: each, countMin, countMax }: Named,
  value: Readonly<Record<string, unknown>>,
  path: string,
): Problem[] {
  const entries = Object.entries(value);
  const fits = entries.length >= countMin && entries.length <= countMax;
  return [
    ...(fits ? [] : [{ path, found: `an object with ${entries.length}`, expected }]),
    ...entries.slice(0, countMax).flatMap(([key, inside]) => {
      const place = keyPath(path, key);
      const inName = schemaProblems(name, key, place);
      return inName.length > 0 ? inName : schemaProblems(each, inside, place);
    }),
  ];
}

type Entries = Readonly<Record<string, v.GenericSchema>>;

function unknownKeys(
  entries: Entries,
  value: Readonly<Record<string, unknown>>,
  path: string,
): Problem[] {
  const known = Object.keys(entries);
  return Object.keys(value)
    .filter((key) => !Object.hasOwn(entries, key))
    .map((key) => {
      const nearest = nearestName(key, known);
      const expected = nearest === null ? knownKeys(known) : `"${nearest}"`;
      return { path: keyPath(path, key), found: "an unknown key", expected };
    });
}

/** Long lists (such as the functions of an aircraft in a state for `wingman plan`) are cut. */
function knownKeys(known: readonly string[]): string {
  if (known.length <= 16) return `one of the keys ${alternatives(known)}`;
  return `one of ${known.length} keys: ${known.slice(0, 8).join(", ")}, …`;
}

function entryProblems(
  entries: Entries,
  value: Readonly<Record<string, unknown>>,
  path: string,
): Problem[] {
  return Object.entries(entries).flatMap(([key, schema]) =>
    schemaProblems(schema, Object.hasOwn(value, key) ? value[key] : undefined, keyPath(path, key)),
  );
}
