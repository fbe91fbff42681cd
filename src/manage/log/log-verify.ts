/**
 * Checks that a file taken from a log is complete: an export by its last line, the log's own file
 * record by record.
 */
import { createHash } from "node:crypto";
import {
  decodeLogHeader,
  LOG_HEADER_BYTES,
  LOG_MAGIC,
  LOG_PAGE_BYTES,
} from "../../wire/log-header.ts";
import { LOG_RECORD_BYTES } from "../../wire/log-record.ts";
import { LogImage } from "./log-image.ts";

export interface Verdict {
  readonly format: "text" | "CSV" | "JSON lines" | "binary" | "unknown";
  /** Problems and their places; none when the file is complete. */
  readonly problems: string[];
  /** Content of the file, for people. */
  readonly summary: string;
}

/** List at most this many problems. */
const NAMED_MAX = 20;

export function verifyLog(name: string, bytes: Uint8Array): Verdict {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isMagic = (at: number): boolean =>
    bytes.length >= at + 4 && view.getUint32(at) === LOG_MAGIC;
  return isMagic(0) || isMagic(LOG_PAGE_BYTES) ? verifyImage(name, bytes) : verifyExport(bytes);
}

function verifyImage(name: string, bytes: Uint8Array): Verdict {
  const headers = [0, LOG_PAGE_BYTES].map((at) => decodeLogHeader(bytes, at));
  if (headers.every((header) => header === null)) {
    return {
      format: "binary",
      problems: ["neither header, at byte 0 and at byte 4096, is whole"],
      summary: "",
    };
  }
  const image = new LogImage(name, bytes);
  const problems = headers.flatMap((header, copy) =>
    header === null
      ? [`copy ${copy + 1} of the header, at byte ${copy * LOG_PAGE_BYTES}, is damaged`]
      : [],
  );
  for (const at of [0, LOG_PAGE_BYTES]) {
    const rest = bytes.subarray(at + LOG_HEADER_BYTES, at + LOG_PAGE_BYTES);
    const dirty = rest.findIndex((byte) => byte !== 0);
    if (dirty >= 0)
      problems.push(
        `byte ${at + LOG_HEADER_BYTES + dirty} is not 0, though nothing is written there`,
      );
  }
  if (bytes.length !== image.expectedBytes()) {
    problems.push(`the file has ${bytes.length} bytes, expected ${image.expectedBytes()}`);
  }
  const damaged = image.damagedPlaces();
  for (const at of damaged.slice(0, NAMED_MAX)) {
    problems.push(`bytes ${at} to ${at + LOG_RECORD_BYTES - 1} are no record`);
  }
  if (damaged.length > NAMED_MAX) problems.push(`and ${damaged.length - NAMED_MAX} more places`);
  const { records, oldestSequence, newestSequence } = image.storage();
  const gaps = image
    .gaps()
    .map(([first, last]) => (first === last ? String(first) : `${first} to ${last}`));
  const missing =
    gaps.length === 0 ? "" : `; no records with the numbers ${gaps.slice(0, NAMED_MAX).join(", ")}`;
  const summary = `${records} records, ${oldestSequence} to ${newestSequence}, of server ${image.header.server}${missing}`;
  return { format: "binary", problems, summary };
}

const DIGEST_LINES = [
  ["JSON lines", /^\{"sha256":"([0-9a-f]{64})"\}\n$/],
  ["CSV", /^SHA-256 ([0-9a-f]{64}),+\r\n$/],
  ["text", /^SHA-256 ([0-9a-f]{64})\n$/],
] as const;

/** The end of an export that was copied as text. */
const OTHER_LINE_ENDS = /(?:SHA-256 [0-9a-f]{64},*|\{"sha256":"[0-9a-f]{64}"\})\r*\n$/;

function verifyExport(bytes: Uint8Array): Verdict {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines = linesOf(body);
  const summary = `${lines.length} lines, ${body.length} bytes`;
  for (let last = lines.length - 1; last >= 0; last--) {
    const start = lines[last] as number;
    const end = lines[last + 1] ?? body.length;
    // Shortest and longest line that may hold a digest.
    if (end - start < 72 || end - start > 120) continue;
    const line = body.toString("latin1", start, end);
    for (const [format, pattern] of DIGEST_LINES) {
      const said = pattern.exec(line)?.[1];
      if (said === undefined) continue;
      const problems: string[] = [];
      if (end < body.length)
        problems.push(`${body.length - end} bytes follow the SHA-256 in line ${last + 1}`);
      const found = createHash("sha256").update(body.subarray(0, start)).digest("hex");
      if (found !== said) {
        problems.push(
          `lines 1 to ${last} were changed: line ${last + 1} gives SHA-256 ${said}, but they have ${found}`,
        );
      }
      return { format, problems, summary };
    }
  }
  if (OTHER_LINE_ENDS.test(body.toString("latin1", Math.max(0, body.length - 120)))) {
    return {
      format: "unknown",
      problems: ["its line ends were changed on the way: copy it as binary"],
      summary,
    };
  }
  const where =
    body.length === 0
      ? "the file is empty"
      : `it ends in line ${lines.length} at byte ${body.length}`;
  const problems = [
    `no line with a SHA-256: ${where}, so it was truncated, or is no log of Wingman`,
  ];
  return { format: "unknown", problems, summary };
}

/** Offsets of the begins of lines. */
function linesOf(body: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 0; at >= 0 && at < body.length; ) {
    starts.push(at);
    const end = body.indexOf(0x0a, at);
    at = end < 0 ? -1 : end + 1;
  }
  return starts;
}
