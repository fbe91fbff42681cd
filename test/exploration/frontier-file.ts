/**
 * The knowledge of an exploration in a file, so that it can continue later: a line of JSON with its
 * description and the length of each column, and then the columns one after the other.
 */
import { closeSync, openSync, readSync, renameSync, writeSync } from "node:fs";

const KINDS = { Int32Array, Int16Array, Uint32Array, Uint16Array, Uint8Array } as const;
export type Column = Int32Array | Int16Array | Uint32Array | Uint16Array | Uint8Array;

/** Columns with the numbers that belong to them. */
export interface Part {
  readonly numbers: Readonly<Record<string, number>>;
  readonly columns: readonly Column[];
}

interface Head {
  /** The exploration, and the digest of its code. */
  readonly key: string;
  readonly parts: readonly (null | {
    readonly numbers: Readonly<Record<string, number>>;
    readonly columns: readonly (readonly [keyof typeof KINDS, number])[];
  })[];
}

const HEAD_BYTES_MAX = 1 << 20;
/** One system call takes no more than 2 GiB. */
const BYTES_PER_CALL = 1 << 28;

/** Writes beside the file first: one that is there stays whole when this ends half-way. */
export function writeFrontier(path: string, key: string, parts: readonly (Part | null)[]): void {
  const head: Head = {
    key,
    parts: parts.map(
      (part) =>
        part && {
          numbers: part.numbers,
          columns: part.columns.map((column) => [
            column.constructor.name as keyof typeof KINDS,
            column.length,
          ]),
        },
    ),
  };
  const unfinished = `${path}.unfinished`;
  const file = openSync(unfinished, "w");
  try {
    writeSync(file, JSON.stringify(head).padEnd(HEAD_BYTES_MAX - 1));
    writeSync(file, "\n");
    for (const column of parts.flatMap((part) => part?.columns ?? [])) {
      const bytes = bytesOf(column);
      for (let at = 0; at < bytes.length; )
        at += writeSync(file, bytes, at, Math.min(BYTES_PER_CALL, bytes.length - at));
    }
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
}

/** Throws an Error with the content when it is no frontier of this exploration. */
export function readFrontier(path: string, key: string): (Part | null)[] {
  const file = openSync(path, "r");
  try {
    const text = Buffer.alloc(HEAD_BYTES_MAX);
    fill(file, text, path);
    const head = headOf(text.toString(), path);
    if (head.key !== key)
      throw new Error(`${path}: found the frontier of ${head.key}, expected that of ${key}`);
    return head.parts.map(
      (part) =>
        part && {
          numbers: part.numbers,
          columns: part.columns.map(([kind, length]) => {
            const column = new KINDS[kind](length);
            fill(file, bytesOf(column), path);
            return column;
          }),
        },
    );
  } finally {
    closeSync(file);
  }
}

function headOf(text: string, path: string): Head {
  try {
    const head = JSON.parse(text);
    if (typeof head.key === "string" && Array.isArray(head.parts)) return head;
  } catch {}
  throw new Error(`${path}: found something else, expected a frontier that explore has written`);
}

function fill(file: number, bytes: Uint8Array, path: string): void {
  for (let at = 0; at < bytes.length; ) {
    const count = readSync(file, bytes, at, Math.min(BYTES_PER_CALL, bytes.length - at), null);
    if (count === 0) throw new Error(`${path}: found its end too early, expected a whole frontier`);
    at += count;
  }
}

function bytesOf(column: Column): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
