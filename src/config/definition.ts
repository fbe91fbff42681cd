/**
 * What a valibot schema says of itself, for those who walk the definition beside a file or into the
 * manual.
 */
import * as v from "valibot";

export interface Definition {
  /** May be left out. */
  optional: boolean;
  /** May be null. */
  nullable: boolean;
  /** What stands in for a key that is left out; undefined when nothing does. */
  default: unknown;
  /** The words that follow "expected". */
  expected: string;
  description: string;
  shape:
    | { kind: "object"; entries: Readonly<Record<string, v.GenericSchema>> }
    | { kind: "list"; item: v.GenericSchema; lengthMin: number; lengthMax: number }
    | { kind: "single"; schema: v.GenericSchema };
}

/** The parts of valibot's schemas that its generic type does not show. */
interface SchemaParts {
  type: string;
  message?: unknown;
  wrapped?: v.GenericSchema;
  entries?: Record<string, v.GenericSchema>;
  item?: v.GenericSchema;
  pipe?: readonly { type: string; requirement?: unknown }[];
}

export function definitionOf(schema: v.GenericSchema): Definition {
  const parts = schema as v.GenericSchema & SchemaParts;
  if (parts.wrapped !== undefined) {
    const inner = definitionOf(parts.wrapped);
    if (parts.type === "nullable") return { ...inner, nullable: true };
    return {
      ...inner,
      optional: true,
      default: v.getDefault(schema as Parameters<typeof v.getDefault>[0]),
    };
  }
  const about = {
    optional: false,
    nullable: false,
    default: undefined,
    expected: String(parts.message),
    description: v.getDescription(schema) ?? "",
  };
  if (parts.entries !== undefined)
    return { ...about, shape: { kind: "object", entries: parts.entries } };
  if (parts.item === undefined) return { ...about, shape: { kind: "single", schema } };
  const requirement = (type: string): unknown =>
    parts.pipe?.find((action) => action.type === type)?.requirement;
  const lengthMin = Number(requirement("min_length") ?? 0);
  const lengthMax = Number(requirement("max_length") ?? Number.POSITIVE_INFINITY);
  return { ...about, shape: { kind: "list", item: parts.item, lengthMin, lengthMax } };
}
