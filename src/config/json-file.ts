/** Reads JSON files written by people: the configuration, and the state for `wingman plan`. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type JsonScan, scanJson } from "./json-scanner.ts";
import type { Problem } from "./model.ts";

/** The largest configuration (1,024 functions with 8 VIPs each) has some 700 KB. */
export const JSON_FILE_BYTES_MAX = 4 * 1024 * 1024;

export type TextResult = { ok: true; text: string } | { ok: false; problems: Problem[] };

/**
 * `value` is undefined when the text is not well formed; a duplicate key gives a value and
 * problems.
 */
export interface JsonResult extends JsonScan {
  value: unknown;
}

/**
 * Reads a whole file of at most JSON_FILE_BYTES_MAX bytes as UTF-8. A read error is a problem,
 * never an exception.
 */
export function readTextFile(file: string): TextResult {
  let bytes: Uint8Array;
  try {
    const descriptor = openSync(file, "r");
    try {
      if (fstatSync(descriptor).isDirectory()) return unreadable("a directory");
      bytes = readAtMost(descriptor, JSON_FILE_BYTES_MAX + 1);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return unreadable(failureInWords(error));
  }
  if (bytes.length > JSON_FILE_BYTES_MAX)
    return unreadable("more than 4 MiB", "a file of at most 4 MiB");
  const wrongLine = lineThatIsNotUtf8(bytes);
  if (wrongLine !== null) {
    const problem = {
      path: `line ${wrongLine}`,
      found: "bytes that are not UTF-8",
      expected: "UTF-8 text",
    };
    return { ok: false, problems: [problem] };
  }
  return { ok: true, text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) };
}

/** Reads JSON text strictly. */
export function parseJson(text: string): JsonResult {
  const scan = scanJson(text);
  return { ...scan, value: scan.wellFormed ? JSON.parse(text) : undefined };
}

function unreadable(found: string, expected = "a readable file"): TextResult {
  return { ok: false, problems: [{ path: "", found, expected }] };
}

/**
 * A file may grow while it is read, and a device has no size: the limit counts, not the size of
 * stat.
 */
function readAtMost(descriptor: number, bytesMax: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < bytesMax) {
    const chunk = new Uint8Array(Math.min(65_536, bytesMax - length));
    const count = readSync(descriptor, chunk);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    length += count;
  }
  return Buffer.concat(chunks);
}

function failureInWords(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  switch (code) {
    case "ENOENT":
      return "no such file";
    case "ENOTDIR":
      return "a path through something that is no directory";
    case "EACCES":
    case "EPERM":
      return "a file that this user may not read";
    case "EISDIR":
      return "a directory";
    case "ELOOP":
      return "symbolic links that lead in a circle";
    case "ENAMETOOLONG":
      return "a name that is too long";
    default:
      return `a file that cannot be read (${code === "" ? String(error) : code})`;
  }
}

/**
 * No byte of a UTF-8 sequence is a line feed, so lines are independent. Null when all lines are
 * valid.
 */
function lineThatIsNotUtf8(bytes: Uint8Array): number | null {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (let start = 0, line = 1; start <= bytes.length; line++) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed === -1 ? bytes.length : feed;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
  return null;
}
