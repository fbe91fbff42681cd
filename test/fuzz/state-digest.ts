/**
 * A digest of an object's whole content, private fields and nested objects included: two states
 * differ when their digests do.
 */

/** @param exempt names of fields that are left out wherever they occur */
export function stateDigest(root: object, exempt: ReadonlySet<string>): string {
  const seen = new Set<object>();
  const parts: string[] = [];
  const walk = (path: string, value: unknown): void => {
    if (ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      parts.push(`${path}=${Bun.hash(bytes)}`);
    } else if (typeof value === "object" && value !== null) {
      if (seen.has(value)) return;
      seen.add(value);
      for (const [name, field] of Object.entries(value))
        if (!exempt.has(name)) walk(`${path}.${name}`, field);
    } else if (typeof value !== "function") parts.push(`${path}=${String(value)}`);
  };
  walk("", root);
  return parts.join("\n");
}

/** The fields in which two digests differ. */
export function differences(before: string, after: string): string[] {
  const old = new Set(before.split("\n"));
  return after.split("\n").filter((part) => !old.has(part));
}
