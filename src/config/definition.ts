/** Reads the definition of a valibot schema, for walks over it beside a file or for the manual. */
import * as v from "valibot";

export interface Definition {
  /** May be left out. */
  optional: boolean;
  /** May be null. */
  nullable: boolean;
  /** Default of a missing key; undefined when there is none. */
  default: unknown;
  /** The words that follow "expected". */
  expected: string;
  description: string;
  shape:
    | { kind: "object"; entries: Readonly<Record<string, v.GenericSchema>> }
    | { kind: "list"; item: v.GenericSchema; lengthMin: number; lengthMax: number }
    | { kind: "amount"; number: v.GenericSchema; named: Named }
    | { kind: "single"; schema: v.GenericSchema };
}

/** An object with freely chosen names. */
export interface Named {
  /** The words that follow "expected". */
  expected: string;
  name: v.GenericSchema;
  value: v.GenericSchema;
  countMin: number;
  countMax: number;
}

/** Parts of valibot's schemas that its generic type does not show. */
interface SchemaParts {
  type: string;
  message?: unknown;
  wrapped?: v.GenericSchema;
  entries?: Record<string, v.GenericSchema>;
  item?: v.GenericSchema;
  options?: readonly v.GenericSchema[];
  key?: v.GenericSchema;
  value?: v.GenericSchema;
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
  if (parts.type === "union") {
    const [number, named] = parts.options ?? [];
    if (number === undefined || named === undefined) throw new Error("no number or names");
    return { ...about, shape: { kind: "amount", number, named: namedOf(named) } };
  }
  if (parts.item === undefined) return { ...about, shape: { kind: "single", schema } };
  const [lengthMin, lengthMax] = bounds(parts, "length");
  return { ...about, shape: { kind: "list", item: parts.item, lengthMin, lengthMax } };
}

function namedOf(schema: v.GenericSchema): Named {
  const parts = schema as v.GenericSchema & SchemaParts;
  const { key: name, value } = parts;
  if (name === undefined || value === undefined) throw new Error("no record");
  const [countMin, countMax] = bounds(parts, "entries");
  return { expected: String(parts.message), name, value, countMin, countMax };
}

function bounds({ pipe }: SchemaParts, of: "length" | "entries"): [min: number, max: number] {
  const requirement = (type: string): unknown =>
    pipe?.find((action) => action.type === type)?.requirement;
  return [
    Number(requirement(`min_${of}`) ?? 0),
    Number(requirement(`max_${of}`) ?? Number.POSITIVE_INFINITY),
  ];
}
