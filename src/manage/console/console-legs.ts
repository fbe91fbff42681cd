import type { LogReader } from "../maintenance.ts";

/**
 * Legs and their faults as CSV (RFC 4180), a row per fault and one for a leg without any; the last
 * line is `SHA-256 ` and the digest of all bytes before it.
 */
export function legsFile(log: LogReader): Uint8Array {
  const header = [
    ...[
      "leg",
      "power_on",
      "begun_utc",
      "ended_utc",
      "records",
      "code",
      "text",
      "class",
      "ata",
      "function",
      "detail",
    ],
    ...["count", "state"],
  ];
  const rows = log.legs().flatMap((leg) => {
    const start = [leg.leg, leg.powerOn, iso(leg.begunUtcMs), iso(leg.endedUtcMs), leg.records];
    const faults = log.faults(leg.leg);
    if (faults.length === 0) return [[...start, "", "", "", "", "", "", "", ""]];
    return faults.map((fault) => [
      ...[
        ...start,
        fault.label,
        fault.text,
        fault.class,
        fault.ata,
        fault.function,
        fault.detail,
        fault.count,
      ],
      fault.nature ?? (fault.isActive ? "ACTIVE" : "CLEARED"),
    ]);
  });
  const body = [header, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
  return new TextEncoder().encode(
    `${body}SHA-256 ${new Bun.CryptoHasher("sha256").update(body).digest("hex")}\r\n`,
  );
}

function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function iso(utcMs: number | null): string {
  return utcMs === null ? "" : new Date(utcMs).toISOString();
}
