/**
 * The reference of the configuration in the manual, written from the schema itself so that it
 * cannot say anything else.
 */
import type * as v from "valibot";
import { paragraph } from "../command-line/paragraph.ts";
import { type Definition, definitionOf } from "../config/definition.ts";
import { keyPath } from "../config/problem.ts";
import { ConfigSchema } from "../config/schema.ts";

/** One entry for each key: its path, what it means, what it takes, its default. */
export function configurationReference(): string {
  return entriesOf(ConfigSchema, "").join("\n\n");
}

function entriesOf(schema: v.GenericSchema, path: string): string[] {
  const { shape } = definitionOf(schema);
  if (shape.kind === "object") {
    return Object.entries(shape.entries).flatMap(([key, entry]) => {
      const place = keyPath(path, key);
      const definition = definitionOf(entry);
      // An object has nothing to say beside its keys.
      const own = definition.shape.kind === "object" ? [] : [entryText(place, definition)];
      return [...own, ...entriesOf(entry, place)];
    });
  }
  if (shape.kind === "list" && definitionOf(shape.item).shape.kind === "object")
    return entriesOf(shape.item, `${path}[]`);
  return [];
}

function entryText(path: string, definition: Definition): string {
  const { description, shape, optional, default: standard } = definition;
  const item = shape.kind === "list" ? definitionOf(shape.item) : null;
  const each = item === null || item.shape.kind === "object" ? "" : `, each ${item.expected}`;
  const presence = optional
    ? standard === undefined
      ? ""
      : ` Default: ${JSON.stringify(standard)}.`
    : " Required.";
  const range = `${capitalized(definition.expected)}${each}${definition.nullable ? ", or null" : ""}.${presence}`;
  return [path, paragraph(description, "    "), paragraph(range, "    ")].join("\n");
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
