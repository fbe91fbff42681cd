/** Walks through a whole object graph, to find fields that the tables do not know. */

export interface Met {
  readonly object: object;
  readonly className: string;
  /** How it was come to. */
  readonly path: string;
}

/** Every object of a class that is reached from `root`; `stops` names fields to stay out of. */
export function objectsOf(root: object, stops: ReadonlySet<string>): Met[] {
  const met = new Map<object, Met>();
  const left: Met[] = [{ object: root, className: root.constructor.name, path: "" }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (met.has(next.object)) continue;
    met.set(next.object, next);
    for (const [field, value] of Object.entries(next.object)) {
      if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) continue;
      if (stops.has(field)) continue;
      const path = `${next.path}.${field}`;
      left.push({ object: value, className: value.constructor.name, path });
    }
  }
  return [...met.values()].filter(
    ({ className }) => !["Object", "Array", "Map", "Set"].includes(className),
  );
}

/** Differences between the tables and the objects. */
export function unnamed(
  objects: readonly Met[],
  tables: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  others: readonly string[],
): string[] {
  const found = new Set<string>();
  for (const { object, className, path } of objects) {
    const table = tables[className];
    if (table === undefined) {
      if (!others.includes(className)) found.add(`class ${className} at ${path} has no table`);
      continue;
    }
    for (const field of Object.keys(object))
      if (table[field] === undefined) found.add(`${className}.${field} is not named`);
    for (const field of Object.keys(table))
      if (!Object.hasOwn(object, field)) found.add(`${className}.${field} is not there`);
  }
  return [...found].sort();
}
