/**
 * Refusals of a data load, and its early ends: the real executable as the target, stock programs as
 * the loader. Needs root and `ip`.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { randomFillSync } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  LOG_LOAD_ABORTED,
  LOG_LOAD_NOT_SERVED,
  LOG_LOAD_REFUSED,
  LOG_LOAD_STARTED,
} from "../../src/catalogue/supervisor-code.ts";
import { encodeFileChoice } from "../../src/dataload/download-files.ts";
import { decodeUploadStatus, encodeUploadRequest } from "../../src/dataload/upload-files.ts";
import { FIELD_TABLE, SEAT_ADDRESS } from "../field/field.ts";
import { until } from "../harness/until.ts";
import { loadHeader } from "./load-set.ts";
import { Loader } from "./loader.ts";
import { LoadingField, TARGET } from "./loading-field.ts";
import { HEADER, PART_NUMBER, REQUEST } from "./signed-part.ts";

let place: LoadingField;
beforeEach(() => {
  place = new LoadingField();
});
afterEach(async () => {
  await place.end();
});

function offerLoad(hardware = "WINGHESA", bytes = 100_000_000): void {
  const content = randomFillSync(new Uint8Array(bytes));
  const files = [{ name: "BIG.BIN", content }];
  place.loader.write("BIG.BIN", content);
  place.loader.write(HEADER, loadHeader(PART_NUMBER, [hardware], files));
}

/** The installed part, which must stay. */
function keepInstalled(): void {
  mkdirSync(join(place.slots, "a"), { recursive: true });
  writeFileSync(join(place.slots, "a", "MANIFEST.JSN"), "as it was");
}

function expectInstalledAlone(): void {
  expect(readdirSync(place.slots, { recursive: true }).sort()).toEqual(["a", "a/MANIFEST.JSN"]);
  expect(readFileSync(join(place.slots, "a", "MANIFEST.JSN"), "utf8")).toBe("as it was");
  expect(existsSync(place.loads)).toBe(false);
}

async function begunUpload(): Promise<void> {
  expect(place.begin("LUI").status).toBe(1);
  await until("the status of the upload", () => place.loader.has("WINGHESA_L.LUS"));
  expect(place.loader.put("WINGHESA_L.LUR", REQUEST)).toBe("");
  await until("the file under way", () => place.state()?.operation?.file === "BIG.BIN");
}

test("in the air: status 1000 and why, for every operation; and the file of an operation that never began is refused", async () => {
  await place.start();
  writeFileSync(join(place.server.runDirectory, "on-ground"), "0");
  await place.saysGround("IN THE AIR");
  for (const ending of ["LCI", "LUI", "LNO", "LND"]) {
    const { status, description } = place.begin(ending);
    expect([ending, status]).toEqual([ending, 0x1000]);
    expect(description).toMatch(/^refused unless on ground: .*on-ground says 0, expected 1\)$/);
  }
  expect(place.loader.put("WINGHESA_L.LUR", REQUEST)).toContain("during no operation");
  expect(place.state()).toMatchObject({ operation: null, last: null });
  const records = await place.records(1);
  expect(records.map(([code]) => code)).toEqual(Array(records.length).fill(LOG_LOAD_REFUSED));
});

test("off the ground during an upload: it ends at once, the loader gets the reason, everything stays as it was", async () => {
  await place.start();
  offerLoad();
  keepInstalled();
  await begunUpload();
  writeFileSync(join(place.server.runDirectory, "on-ground"), "0");
  const why = "the aircraft is no longer on ground";
  expect(await place.ended()).toMatchObject({ completed: false, why });
  const status = decodeUploadStatus(place.loader.read("WINGHESA_L.LUS"));
  expect(status).toMatchObject({ status: 0x1003, description: why });
  expect(status.loads[0]).toMatchObject({ status: 0x1007 });
  expectInstalledAlone();
});

test("a loader that is gone half-way: over after 13 s of silence, everything stays as it was, and the next one is served", async () => {
  await place.start();
  offerLoad();
  keepInstalled();
  await begunUpload();
  await place.loader.stop();
  const { completed, why } = await place.ended();
  expect({ completed, why }).toEqual({
    completed: false,
    why: "the loader has taken no status for 13 s: it does not answer",
  });
  expectInstalledAlone();
  expect(await place.records(2)).toEqual([
    [LOG_LOAD_STARTED, `upload ${SEAT_ADDRESS}`],
    [LOG_LOAD_ABORTED, expect.stringContaining(`upload ${SEAT_ADDRESS}: the loader has taken`)],
  ]);
  place.loader.host.ip("addr", "add", `${SEAT_ADDRESS}/16`, "dev", "eth0");
  await place.loader.start();
  expect(place.begin("LCI").status).toBe(1);
  expect(await place.ended()).toMatchObject({ kind: "information", completed: true });
});

test("a second loader while one is at work: illegal operation; the first one comes to its end", async () => {
  await place.start();
  const other = new Loader(place.field.network.addHost("10.44.9.2/16"), "10.44.9.2", TARGET);
  try {
    expect(place.begin("LNO").status).toBe(1);
    await until("the list", () => place.loader.has("WINGHESA_L.LNL"));
    expect(place.begin("LCI")).toEqual({ status: 0x1000, description: "the download is not over" });
    for (const ending of ["LCI", "LUI", "LNO", "LXX"])
      expect(other.get(`WINGHESA_L.${ending}`)).toHaveLength(0);
    expect(other.put("WINGHESA_L.LNA", encodeFileChoice([]))).toContain("illegal operation");
    const name = "wingman-log-a.csv";
    expect(place.loader.put("WINGHESA_L.LNA", encodeFileChoice([name]))).toBe("");
    expect(await place.ended()).toMatchObject({ completed: true, from: SEAT_ADDRESS });
    expect(place.loader.read(name).length).toBeGreaterThan(0);
  } finally {
    await other.end();
  }
});

test("impossible loads: the loader gets the reason for each, and nothing stays", async () => {
  await place.start();
  keepInstalled();
  const attempt = async (request: Uint8Array): Promise<string> => {
    expect(place.begin("LUI").status).toBe(1);
    await until("the upload", () => place.state()?.operation?.kind === "upload");
    expect(place.loader.put("WINGHESA_L.LUR", request)).toBe("");
    const { why } = await place.ended();
    const { status, description } = decodeUploadStatus(place.loader.read("WINGHESA_L.LUS"));
    expect([status, description]).toEqual([0x1003, why]);
    expectInstalledAlone();
    return why;
  };
  offerLoad("OTHERBOX", 10);
  expect(await attempt(REQUEST)).toBe(`${HEADER}: found hardware OTHERBOX, expected WINGHESA`);
  place.loader.write(HEADER, new Uint8Array(64));
  expect(await attempt(REQUEST)).toMatch(/^WNG5D00020001\.LUH: length: found 0 words, expected 32/);
  const missing = encodeUploadRequest([{ headerFile: "NONE.LUH", partNumber: PART_NUMBER }]);
  expect(await attempt(missing)).toBe("NONE.LUH: the loader refuses a file: File not found");
  const outside = encodeUploadRequest([{ headerFile: "../X.LUH", partNumber: PART_NUMBER }]);
  expect(await attempt(outside)).toContain('found "../X.LUH" in LUR');
  expect(await attempt(Uint8Array.of(1, 2, 3))).toContain("LUR, byte 0: found 3 more bytes");
  offerLoad("WINGHESA", 1000);
  place.loader.write("BIG.BIN", new Uint8Array(999));
  expect(await attempt(REQUEST)).toBe(`${HEADER}: found 999 bytes in BIG.BIN, expected 1000`);
  place.loader.write("BIG.BIN", new Uint8Array(1001));
  expect(await attempt(REQUEST)).toContain("in BIG.BIN, expected at most 1000");
});

test("an address that is not on this machine: a fault, and open as soon as it is there", async () => {
  await place.loader.start();
  place.server.land();
  place.server.start({ ...FIELD_TABLE, maintenance: { dataLoad: { listen: "10.44.0.77" } } });
  await until("the console", () => existsSync(join(place.server.runDirectory, "console.sock")));
  expect(await place.records(1)).toEqual([[LOG_LOAD_NOT_SERVED, "data load 10.44.0.77"]]);
  expect(place.state()).toEqual({
    ...{ target: "WINGHESA_A", address: null, operation: null, last: null },
  });
  expect(readFileSync(place.server.manageErrors, "utf8")).toContain(
    "data load 10.44.0.77: found no address 10.44.0.77 on this machine, expected one of its own",
  );
  place.server.host.ip("addr", "add", "10.44.0.77/16", "dev", "eth0");
  await until("it is open", () => place.state()?.address === "10.44.0.77");
});

test("the maintenance process has one capability, and only while it needs it", async () => {
  await place.start(null, { listen: "eth0" });
  const status = (): string => {
    const manage = place.server
      .processes()
      .find((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0")[1] === "manage");
    return readFileSync(`/proc/${manage}/status`, "latin1");
  };
  for (const set of ["Inh", "Prm", "Eff", "Amb"])
    expect(status()).toMatch(new RegExp(`^Cap${set}:\\s*0000000000000400$`, "m"));
  expect(status()).toMatch(/^NoNewPrivs:\s*1$/m);
});
