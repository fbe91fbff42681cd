/**
 * Each operation of a data load to its end: the real executable as the target, stock programs as
 * the loader, and the traffic as decoded by tshark. Needs root and `ip`.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LOG_LOAD_COMPLETED, LOG_LOAD_STARTED } from "../../src/catalogue/supervisor-code.ts";
import {
  decodeFileList,
  encodeFileChoice,
  encodeFileRequest,
} from "../../src/dataload/download-files.ts";
import { decodeFindAnswer } from "../../src/dataload/find-packet.ts";
import { decodeConfigurationList } from "../../src/dataload/information-files.ts";
import { decodeUploadStatus } from "../../src/dataload/upload-files.ts";
import { SEAT_ADDRESS } from "../field/field.ts";
import { run } from "../harness/command.ts";
import { WINGMAN } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { LoadingField, TARGET } from "./loading-field.ts";
import { HEADER, PART_NUMBER, REQUEST, Signer } from "./signed-part.ts";

const ACCEPTED = { status: 1, description: "" };

const signer = new Signer();
let place: LoadingField;
beforeEach(() => {
  place = new LoadingField();
});
afterEach(async () => {
  await place.end();
});

/**
 * The exchange between loader and target: requested files and protocol files, as tshark decodes
 * them. Intermediate statuses, which depend on time, are left out.
 */
async function story(): Promise<string[]> {
  const { loader } = place;
  expect(await loader.fields("_ws.malformed", "frame.number")).toEqual([]);
  const lines = await loader.fields(
    "tftp.opcode == 1 || tftp.opcode == 2 || a615a",
    ...["ip.src", "_ws.col.Info"],
  );
  const told = lines
    .map((line) => line.replace(TARGET, "target").replace(SEAT_ADDRESS, "loader"))
    .map((line) => line.replaceAll(/, Transfer type: octet.*|File: |\t/g, " "))
    .map((line) => line.replace(/,? {2,}/g, (gap) => (gap.startsWith(",") ? ", " : " ")).trimEnd())
    .filter((line) => !/Write Request, {1,2}WINGHESA_L\.L[CUN]S|In progress/i.test(line));
  return [...new Set(told)]; // what was not answered soon enough is sent again
}

test("FIND: one answer to each broadcast, from the server's own address", async () => {
  await place.start();
  const { field } = place;
  field.seat.ip("route", "add", "255.255.255.255", "dev", "eth0");
  const asked = ["255.255.255.255", "10.44.255.255", TARGET];
  const child = join(import.meta.dir, "../children/find-child.ts");
  const lines = run(...field.seat.enter, process.execPath, child, ...asked)
    .trim()
    .split("\n");
  expect(lines).toHaveLength(asked.length);
  for (const line of lines) {
    const [hex = "", ...from] = line.split(" ");
    expect(from).toEqual([TARGET, "1001"]);
    expect(decodeFindAnswer(Buffer.from(hex, "hex"))).toEqual({
      ...{ hardware: "WINGHESA", type: "HEADEND", position: "L" },
      ...{ literal: "WINGMAN HEAD-END", manufacturer: "WNG" },
    });
  }
});

test("information: what is loaded", async () => {
  await place.start();
  await place.loader.listen();
  expect(place.begin("LCI")).toEqual(ACCEPTED);
  expect(await place.ended()).toEqual({
    ...{ kind: "information", from: SEAT_ADDRESS, completed: true, why: "" },
  });
  const [hardware] = decodeConfigurationList(place.loader.read("WINGHESA_L.LCL"));
  expect(hardware).toMatchObject({ literal: "WINGMAN HEAD-END", serialNumber: "a" });
  expect(hardware?.parts[0]).toMatchObject({ partNumber: "WINGMAN" });
  expect(await place.records(2)).toEqual([
    [LOG_LOAD_STARTED, `information ${SEAT_ADDRESS}`],
    [LOG_LOAD_COMPLETED, `information ${SEAT_ADDRESS}`],
  ]);
  expect(await story()).toEqual([
    "loader Read Request, WINGHESA_L.LCI",
    "target WINGHESA_L.LCI, Status: Accepted, not yet started",
    "target WINGHESA_L.LCS, Status: Accepted, not yet started",
    "target Write Request, WINGHESA_L.LCL",
    "target WINGHESA_L.LCL",
    "target WINGHESA_L.LCS, Status: Operation completed without error",
  ]);
});

test("upload: a load with a file of 3 MB, whole and byte for byte, and the whole exchange as tshark has it", async () => {
  const { loader } = place;
  const part = signer.part(3_000_001);
  await place.start(signer.trust);
  await loader.listen();
  for (const [name, content] of part.files) loader.write(name, content);
  expect(place.begin("LUI")).toEqual(ACCEPTED);
  await until("the status of the upload", () => loader.has("WINGHESA_L.LUS"));
  expect(loader.put("WINGHESA_L.LUR", REQUEST)).toBe("");
  expect(await place.ended()).toMatchObject({ kind: "upload", completed: true, why: PART_NUMBER });
  for (const { installName, content } of part.contents)
    expect(sha256(readFileSync(join(place.slots, "a", installName)))).toBe(sha256(content));
  const status = decodeUploadStatus(loader.read("WINGHESA_L.LUS"));
  expect(status).toMatchObject({ status: 3, percent: 100 });
  expect(status.loads).toEqual([
    { headerFile: HEADER, partNumber: PART_NUMBER, percent: 100, status: 3, description: "" },
  ]);
  expect(await story()).toEqual([
    "loader Read Request, WINGHESA_L.LUI",
    "target WINGHESA_L.LUI, Status: Accepted, not yet started",
    "target WINGHESA_L.LUS, Status: Accepted, not yet started, Load Ratio: 0 %",
    "loader Write Request, WINGHESA_L.LUR",
    "loader WINGHESA_L.LUR",
    ...[HEADER, ...[...part.files.keys()].filter((name) => name !== HEADER)].map(
      (name) => `target Read Request, ${name}`,
    ),
    "target WINGHESA_L.LUS, Status: Operation completed without error, Load Ratio: 100 %",
  ]);
});

test("a load without a trusted signature is transferred, checked, refused, and nothing is left of it", async () => {
  const { loader } = place;
  const part = signer.part(3001);
  await place.start(new Signer().trust);
  for (const [name, content] of part.files) loader.write(name, content);
  expect(place.begin("LUI")).toEqual(ACCEPTED);
  await until("the status of the upload", () => loader.has("WINGHESA_L.LUS"));
  expect(loader.put("WINGHESA_L.LUR", REQUEST)).toBe("");
  const { completed, why } = await place.ended();
  expect(completed).toBe(false);
  expect(why).toContain("MANIFEST.SIG: signature: found one of another key");
  expect(existsSync(join(place.slots, "a"))).toBe(false);
  expect(existsSync(place.loads)).toBe(false);
});

test("download: the maintenance log in every form, and each is whole", async () => {
  const { loader } = place;
  await place.start();
  await loader.listen();
  expect(place.begin("LNO")).toEqual(ACCEPTED);
  await until(
    "the list of files",
    () => loader.has("WINGHESA_L.LNL") && loader.read("WINGHESA_L.LNL").length > 6,
  );
  const names = decodeFileList(loader.read("WINGHESA_L.LNL")).map(({ name }) => name);
  expect(names).toEqual(["txt", "csv", "jsonl", "bin"].map((ending) => `wingman-log-a.${ending}`));
  expect(loader.put("WINGHESA_L.LNA", encodeFileChoice(names))).toBe("");
  expect(await place.ended()).toMatchObject({ kind: "download", completed: true, why: "4 files" });
  for (const name of names) {
    const verified = Bun.spawnSync([WINGMAN, "log", "verify", join(loader.files, name)]);
    expect([name, verified.exitCode, verified.stderr.toString()]).toEqual([name, 0, ""]);
  }
  expect(Buffer.from(loader.read("wingman-log-a.txt")).toString()).toContain("DATA LOAD STARTED");
  expect(await story()).toEqual([
    "loader Read Request, WINGHESA_L.LNO",
    "target WINGHESA_L.LNO, Status: Accepted, not yet started",
    "target WINGHESA_L.LNS, Status: Accepted, not yet started",
    "target Write Request, WINGHESA_L.LNL",
    "target WINGHESA_L.LNL",
    "loader Write Request, WINGHESA_L.LNA",
    "loader WINGHESA_L.LNA",
    "target Write Request, wingman-log-a.txt",
    "target Write Request, wingman-log-a.csv",
    "target Write Request, wingman-log-a.jsonl",
    "target Write Request, wingman-log-a.bin",
    "target WINGHESA_L.LNS, Status: Operation completed without error",
  ]);
});

test("media-defined download: the log by its name, whole", async () => {
  const { loader } = place;
  await place.start();
  await loader.listen();
  expect(place.begin("LND")).toEqual(ACCEPTED);
  await until("the status of the download", () => loader.has("WINGHESA_L.LNS"));
  const names = ["wingman-log-a.bin", "wingman-log-a.txt"];
  const request = encodeFileRequest({ names, userData: Uint8Array.of(0x55) });
  expect(loader.put("WINGHESA_L.LNR", request)).toBe("");
  expect(await place.ended()).toMatchObject({
    ...{ kind: "media-defined download", completed: true, why: "2 files" },
  });
  for (const name of names) {
    const verified = Bun.spawnSync([WINGMAN, "log", "verify", join(loader.files, name)]);
    expect([name, verified.exitCode, verified.stderr.toString()]).toEqual([name, 0, ""]);
  }
  expect(await place.records(2)).toEqual([
    [LOG_LOAD_STARTED, `media-defined download ${SEAT_ADDRESS}`],
    [LOG_LOAD_COMPLETED, `media-defined download ${SEAT_ADDRESS}: 2 files`],
  ]);
  expect(await story()).toEqual([
    "loader Read Request, WINGHESA_L.LND",
    "target WINGHESA_L.LND, Status: Accepted, not yet started",
    "target WINGHESA_L.LNS, Status: Accepted, not yet started",
    "loader Write Request, WINGHESA_L.LNR",
    "loader WINGHESA_L.LNR",
    "target Write Request, wingman-log-a.bin",
    "target Write Request, wingman-log-a.txt",
    "target WINGHESA_L.LNS, Status: Operation completed without error",
  ]);
});

test("upload of 100 MB: byte for byte; console and log tell how far it is", async () => {
  const { loader } = place;
  const part = signer.part(100_000_000);
  await place.start(signer.trust);
  for (const [name, content] of part.files) loader.write(name, content);
  expect(place.begin("LUI")).toEqual(ACCEPTED);
  await until("the status of the upload", () => loader.has("WINGHESA_L.LUS"));
  expect(loader.put("WINGHESA_L.LUR", REQUEST)).toBe("");
  const seen = new Set<number>();
  await until("the file under way", () => {
    const operation = place.state()?.operation;
    if (operation?.file === "WINGMAN") seen.add(operation.percent);
    return seen.size > 2;
  });
  const shown = place.server.command("console", "show dataload").out;
  expect(shown).toMatch(
    /OPERATION {2}upload, in progress\nLOADER +10\.44\.9\.1\nDONE +\d+ %\nFILE +WINGMAN/,
  );
  expect(await place.ended()).toMatchObject({ completed: true });

  expect(sha256(readFileSync(join(place.slots, "a/wingman")))).toBe(
    sha256(part.contents[0]?.content ?? new Uint8Array(0)),
  );
  expect(existsSync(place.loads)).toBe(false);
});

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
