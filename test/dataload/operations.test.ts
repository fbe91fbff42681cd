/**
 * Each operation of a data load to its end: the real executable as the target, stock programs as
 * the loader, and what went over the wire as tshark decodes it. Needs root and `ip`.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  LOG_LOAD_COMPLETED,
  LOG_LOAD_REFUSED,
  LOG_LOAD_STARTED,
} from "../../src/catalogue/upkeep-code.ts";
import { decodeFileList, decodeDownloadStatus, encodeFileChoice } from "../../src/dataload/download-files.ts";
import { decodeFindAnswer, encodeFindRequest } from "../../src/dataload/find-packet.ts";
import {
  decodeConfigurationList,
  decodeInformationStatus,
} from "../../src/dataload/information-files.ts";
import { decodeInitialization } from "../../src/dataload/initialization-file.ts";
import { decodeUploadStatus, encodeUploadRequest } from "../../src/dataload/upload-files.ts";
import { Field, FIELD_TABLE, SEAT_ADDRESS } from "../field/field.ts";
import { recordsOf } from "../harness/log-records.ts";
import { run } from "../harness/command.ts";
import { until } from "../harness/until.ts";
import { Loader } from "./loader.ts";
import { loadHeader } from "./load-set.ts";

const TARGET = "10.44.0.1";
const PART_NUMBER = "WNG5D00020001";

let field: Field;
let loader: Loader;
beforeEach(async () => {
  field = new Field({ servers: 1 });
  loader = new Loader(field.seat, SEAT_ADDRESS, TARGET);
  await loader.start();
  await loader.listen();
});
afterEach(async () => {
  await loader.end();
  await field.close();
});

async function started(dataLoad: object = { listen: TARGET, position: "L" }): Promise<void> {
  field.a.land();
  field.a.start({ ...FIELD_TABLE, maintenance: { dataLoad } });
  await until(
    () => `the data load is open: ${readFileSync(field.a.manageErrors, "utf8")}`,
    () => dataLoad_().includes(TARGET) && field.a.command("console", "show ground").out.includes("ON GROUND"),
  );
}
const dataLoad_ = (): string => field.a.command("console", "show dataload").out;

const codes = (): number[] =>
  recordsOf(field.a.stateDirectory)
    .map(({ code }) => code)
    .filter((code) => code >= LOG_LOAD_STARTED && code < 499);

/** No packet that a dissector finds fault with. */
async function soundCapture(): Promise<void> {
  expect(await loader.fields("_ws.malformed || _ws.expert.severity == error", "frame.number")).toEqual([]);
}

test("FIND: one answer to a broadcast, from the server's own address", async () => {
  await started();
  const child = Bun.spawnSync(
    [
      ...[...field.seat.enter, "python3", "-c"],
      `import socket,sys
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET,socket.SO_BROADCAST,1)
s.settimeout(3)
for to in ("255.255.255.255","10.44.255.255","${TARGET}"):
  s.sendto(bytes.fromhex("${Buffer.from(encodeFindRequest()).toString("hex")}"),(to,1001))
  d,a=s.recvfrom(2000); print(d.hex(),a[0],a[1])`,
    ],
  );
  console.log(child.stderr.toString());
  const answers = child.stdout.toString().trim().split("\n");
  expect(answers).toHaveLength(3);
  for (const line of answers) {
    const [hex = "", address, port] = line.split(" ");
    expect([address, port]).toEqual([TARGET, "1001"]);
    expect(decodeFindAnswer(Buffer.from(hex, "hex"))).toMatchObject({ hardware: "WINGHESA", position: "L" });
  }
});

test("information: what is loaded", async () => {
  await started();
  const begun = decodeInitialization(loader.get("WINGHESA_L.LCI"));
  expect(begun).toEqual({ status: 1, description: "" });
  await until("the last status", () =>
    loader.has("WINGHESA_L.LCS") && loader.read("WINGHESA_L.LCS").length > 0 && decodeInformationStatus(loader.read("WINGHESA_L.LCS")).status === 3,
  );
  const [hardware] = decodeConfigurationList(loader.read("WINGHESA_L.LCL"));
  expect(hardware?.serialNumber).toBe("a");
  console.log(hardware, dataLoad_());
  await until("records", () => codes().length >= 2);
  expect(codes()).toEqual([LOG_LOAD_STARTED, LOG_LOAD_COMPLETED]);
  console.log(await loader.fields("tftp || a615a", "frame.time_relative", "ip.src", "tftp.source_file","tftp.destination_file","_ws.col.Info"));
  await soundCapture();
});
