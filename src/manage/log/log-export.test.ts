import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { NOW_UTC_MS, open, scratch } from "../../../test/harness/log-on-disk.ts";
import {
  LOG_SERVER_ALIVE,
  LOG_SERVER_LOST,
  LOG_STALLED,
  LOG_VIP_FAILED,
} from "../../boundary/maintenance-code.ts";
import { LOG_ACTION_REFUSED } from "../../catalogue/supervisor-code.ts";
import { exportLog } from "./log-export.ts";
import { LogImage } from "./log-image.ts";
import { verifyLog } from "./log-verify.ts";

const SECOND_US = 1_000_000;

let directory: string;
let image: LogImage;
beforeAll(() => {
  directory = scratch();
  const log = open(directory);
  log.take(1, LOG_SERVER_LOST, 1, 0, 101 * SECOND_US);
  log.ground(false, 102 * SECOND_US);
  for (let i = 0; i < 5; i++) log.take(2 + i, LOG_STALLED, 300 + i, 0, (103 + i) * SECOND_US);
  log.take(7, LOG_VIP_FAILED, 1, 13, 110 * SECOND_US);
  log.take(8, LOG_SERVER_ALIVE, 1, 0, 111 * SECOND_US);
  log.ground(true, 112 * SECOND_US);
  log.tick(113 * SECOND_US, 0);
  log.note(LOG_ACTION_REFUSED, 1, '=move "map", not on ground', 113 * SECOND_US);
  log.sync();
  image = new LogImage("log", log.image());
  log.close();
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const bytesOf = (text: string): Uint8Array => Buffer.from(text, "utf8");
const problemsOf = (content: string | Uint8Array): string[] =>
  verifyLog("x", typeof content === "string" ? bytesOf(content) : content).problems;

describe("text", () => {
  test("fits the terminal and shows the server, the legs, the faults by leg and class, and the records", () => {
    const text = exportLog(image, "text");
    const lines = text.split("\n");
    expect(lines.filter((line) => line.length > 80 || line.endsWith(" "))).toEqual([]);
    expect(lines.slice(0, 9)).toEqual([
      ...[
        "WINGMAN MAINTENANCE LOG",
        "",
        "PART NUMBER  WNG5E00010001",
        "SYSTEM       single-aisle-180",
      ],
      ...[
        "SERVER       a",
        "POWER-ON     1",
        "RECORDS      16 (1 TO 16), 16 SHOWN",
        "DAMAGED      0",
        "LOST         0",
      ],
    ]);
    expect(text).toContain(`
LEGS
    LEG  POWER-ON  BEGUN (UTC)          ENDED (UTC)          RECORDS  FAULTS
      1         1 2026-06-01 00:00:02  2026-06-01 00:00:12       13       3
`);
    expect(text).toContain(`
  LEG 1, CLASS 2
    WNG-0111 SERVER LOST                               INTERMITTENT    0 X
      b
      FIRST 2026-06-01 00:00:01   LAST 2026-06-01 00:00:01
      CAUSE: No server hears its keep-alives any longer.
      ACTION: Check power and network cables of the server named.
    WNG-0301 SERVER WAS STALLED                        INTERMITTENT    5 X
`);
    expect(text).toContain(
      "    WNG-0210 VIP COULD NOT BE SET                      HARD            1 X\n      pram-emergency, permission denied (errno 13), ATA 23-31\n",
    );
    expect(text).toContain(`
      16      1  +113.000 S               - EVENT    WNG-0431
                 MAINTENANCE ACTION REFUSED: pram-emergency =move "map", not on
                 ground ATA 23-31
`);
    expect(text).toContain("SERVER WAS STALLED: 304 ms (2 TIMES)");
  });

  test("of a part says so, and shows legs and faults of the part only", () => {
    const text = exportLog(image, "text", { leg: 0, class: 2 });
    expect(text).toContain("ONLY         LEG 0, CLASS 2\n");
    expect(text).toContain("LEGS\n  NONE\n");
    expect(text).not.toContain("STALLED");
    expect(text).toContain("16), 1 SHOWN");
  });

  test("of nothing is still a report", () => {
    expect(problemsOf(exportLog(image, "text", { since: 9999, leg: 77 }))).toEqual([]);
  });
});

describe("CSV", () => {
  /** A plain reader of RFC 4180. */
  function rows(csv: string): string[][] {
    const table: string[][] = [[]];
    let field = "";
    let quoted = false;
    for (let i = 0; i < csv.length; i++) {
      const c = csv[i] as string;
      if (quoted) {
        if (c !== '"') field += c;
        else if (csv[i + 1] === '"') field += csv[++i];
        else quoted = false;
      } else if (c === '"') quoted = true;
      else if (c === "," || c === "\r") {
        table.at(-1)?.push(field);
        field = "";
      } else if (c === "\n") table.push([]);
      else field += c;
    }
    return table.slice(0, -1);
  }

  test("has the same number of fields in every row, the last one included, and no formula", () => {
    const table = rows(exportLog(image, "csv"));
    expect(new Set(table.map((row) => row.length))).toEqual(new Set([15]));
    expect(table[0]).toEqual([
      ...[
        "sequence",
        "powerOn",
        "bootUs",
        "utc",
        "leg",
        "server",
        "kind",
        "label",
        "text",
        "class",
        "ata",
        "function",
      ],
      ...["detail", "count", "nature"],
    ]);
    expect(table[2]?.slice(0, 9)).toEqual([
      ...[
        "2",
        "1",
        "101000000",
        new Date(NOW_UTC_MS + 1000).toISOString(),
        "0",
        "a",
        "set",
        "WNG-0111",
        "SERVER LOST",
      ],
    ]);
    expect(table.at(-2)?.[12]).toBe(`'=move "map", not on ground`);
    expect(table.at(-2)?.[3]).toBe("");
    expect(table.at(-1)?.[0]).toMatch(/^SHA-256 [0-9a-f]{64}$/);
    expect(table.length).toBe(1 + 16 + 1);
  });
});

test("JSON lines are objects, the entries as they are and the digest last", () => {
  const objects = exportLog(image, "json")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(objects.slice(0, -1)).toEqual(image.entries());
  expect(objects.at(-1)).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

describe("verify", () => {
  test.each([
    ["text", "text"],
    ["csv", "CSV"],
    ["json", "JSON lines"],
  ] as const)(
    "%s: whole as it is, and not with any one byte changed, added, or cut off",
    (format, name) => {
      const content = exportLog(image, format);
      expect(verifyLog("x", bytesOf(content))).toMatchObject({ format: name, problems: [] });
      for (let at = 0; at < content.length; at++) {
        const bytes = bytesOf(content);
        bytes[at] = (bytes[at] as number) ^ 1;
        expect(problemsOf(bytes).length).toBe(1);
        expect(problemsOf(content.slice(0, at)).length).toBe(1);
      }
      expect(problemsOf(`${content}x`)[0]).toContain("1 bytes follow the SHA-256 in line ");
    },
  );

  test("names the place", () => {
    const content = exportLog(image, "csv");
    expect(problemsOf(content.replace("SERVER LOST", "SERVER LAST"))[0]).toMatch(
      /^lines 1 to 17 were changed: line 18 gives SHA-256 [0-9a-f]{64}, but they have [0-9a-f]{64}$/,
    );
    const cut = content.indexOf("\r\n", 500) + 2;
    expect(problemsOf(content.slice(0, cut))[0]).toContain(`at byte ${cut}, so it was truncated`);
    expect(problemsOf("")[0]).toContain("the file is empty");
  });

  test.each(["text", "csv", "json"] as const)(
    "%s with other line ends is reported as such",
    (format) => {
      const content = exportLog(image, format);
      const other =
        format === "csv" ? content.replaceAll("\r\n", "\n") : content.replaceAll("\n", "\r\n");
      expect(problemsOf(other)).toEqual([
        "its line ends were changed on the way: copy it as binary",
      ]);
    },
  );

  test("the binary file, with any byte beside the headers changed", () => {
    for (const at of [256, 4095, 4096 + 256, 8191]) {
      const bytes = image.image().slice();
      bytes[at] = 1;
      expect(problemsOf(bytes)).toEqual([`byte ${at} is not 0, though nothing is written there`]);
    }
  });

  test("the binary file, record by record", () => {
    const bytes = image.image().slice();
    expect(verifyLog("x", bytes)).toEqual({
      ...{ format: "binary", problems: [], summary: "16 records, 1 to 16, of server a" },
    });
    bytes[8192 + (144 + 2) * 256 + 77] = 0x55;
    bytes[100] = 0x55;
    expect(verifyLog("x", bytes)).toEqual({
      format: "binary",
      problems: [
        "copy 1 of the header, at byte 0, is damaged",
        `bytes ${8192 + 146 * 256} to ${8192 + 147 * 256 - 1} are no record`,
      ],
      summary: "15 records, 1 to 16, of server a; no records with the numbers 4",
    });
    expect(problemsOf(bytes.slice(0, 50_000))).toContain(
      "the file has 50000 bytes, expected 65536",
    );
    bytes[4096 + 100] = 0x55;
    expect(problemsOf(bytes)).toEqual(["neither header, at byte 0 and at byte 4096, is whole"]);
  });
});
