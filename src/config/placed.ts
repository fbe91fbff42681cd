/** Parts of a file that may be wrong, each with its place: input of the checks between parts. */
import * as v from "valibot";
import type { Problem } from "./model.ts";
import { quoted } from "./problem.ts";
import { isObject } from "./schema-problems.ts";
import { IdSchema } from "./schema-values.ts";

export type Section = Readonly<Record<string, unknown>>;

/** A value with its place in the file. */
export interface Placed<Value> {
  path: string;
  value: Value;
}

/** One problem for every value that occurred before. */
export function repeated(values: readonly Placed<string>[], expected: string): Problem[] {
  const first = new Map<string, string>();
  return values.flatMap(({ path, value }) => {
    const before = first.get(value);
    if (before === undefined) {
      first.set(value, path);
      return [];
    }
    return [{ path, found: `${quoted(value)}, which ${before} is already`, expected }];
  });
}

/** The value with its default filled in, or undefined when its schema refuses it. */
export function sound<const Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> | undefined {
  const result = v.safeParse(schema, value);
  return result.success ? result.output : undefined;
}

export function sectionOf(value: unknown): Section {
  return isObject(value) ? value : {};
}

/** The elements of a list that are objects, up to the maximum length of the list. */
export function sectionsOf(value: unknown, path: string, lengthMax: number): Placed<Section>[] {
  const elements: unknown[] = Array.isArray(value) ? value.slice(0, lengthMax) : [];
  return elements.flatMap((element, index) =>
    isObject(element) ? [{ path: `${path}[${index}]`, value: element }] : [],
  );
}

export function textsOf(value: unknown, path: string): Placed<string>[] {
  const elements: unknown[] = Array.isArray(value) ? value : [];
  return elements.flatMap((element, index) =>
    typeof element === "string" ? [{ path: `${path}[${index}]`, value: element }] : [],
  );
}

export function idsOf(entries: readonly Placed<Section>[]): Placed<string>[] {
  return entries.flatMap(({ path, value }) =>
    v.is(IdSchema, value.id) ? [{ path: `${path}.id`, value: value.id }] : [],
  );
}
