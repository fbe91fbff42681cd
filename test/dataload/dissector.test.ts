/** Every protocol file, as made by the encoders and as read by tshark's dissector of A615a. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  encodeDownloadStatus,
  encodeFileChoice,
  encodeFileList,
  encodeFileRequest,
} from "../../src/dataload/download-files.ts";
import {
  encodeConfigurationList,
  encodeInformationStatus,
} from "../../src/dataload/information-files.ts";
import { encodeInitialization } from "../../src/dataload/initialization-file.ts";
import { encodeAck, encodeData, encodeRequest } from "../../src/dataload/tftp-packet.ts";
import { encodeUploadRequest, encodeUploadStatus } from "../../src/dataload/upload-files.ts";
import { run } from "../harness/command.ts";
import { scratchDirectory } from "../harness/run-mark.ts";

const STATUS = {
  ...{ status: 2, description: "half of it" },
  ...{ counter: 7, exceptionTimerS: 20, estimatedTimeS: 300 },
};

/** Each file, and what the dissector must find in it besides its head. */
const FILES: readonly (readonly [
  ending: string,
  content: Uint8Array,
  found: Record<string, string>,
])[] = [
  ["LCI", encodeInitialization({ status: 1, description: "" }), { "a615a.status_code": "1" }],
  [
    "LUI",
    encodeInitialization({ status: 0x1000, description: "in the air" }),
    { "a615a.status_code": "4096", "a615a.status": "in the air" },
  ],
  ["LNO", encodeInitialization({ status: 1, description: "" }), { "a615a.status_code": "1" }],
  [
    "LND",
    encodeInitialization({ status: 0x1000, description: "no" }),
    { "a615a.status_code": "4096", "a615a.status": "no" },
  ],
  [
    "LCS",
    encodeInformationStatus(STATUS),
    {
      "a615a.counter": "7",
      "a615a.status_code": "2",
      "a615a.exception_timer": "20",
      "a615a.estimated_time": "300",
      "a615a.status": "half of it",
    },
  ],
  [
    "LCL",
    encodeConfigurationList([
      {
        literal: "BOX",
        serialNumber: "S1",
        parts: [
          { partNumber: "P1", amendment: "A", designation: "D1" },
          { partNumber: "P2", amendment: "", designation: "D2" },
        ],
      },
    ]),
    {
      "a615a.num_hardware": "1",
      "a615a.literal_name": "BOX",
      "a615a.serial_number": "S1",
      "a615a.num_parts": "2",
      "a615a.part_number": "P1,P2",
      "a615a.designation": "D1,D2",
    },
  ],
  [
    "LUS",
    encodeUploadStatus({
      ...STATUS,
      percent: 9.9,
      loads: [
        { headerFile: "A.LUH", partNumber: "P1", percent: 100, status: 3, description: "" },
        { headerFile: "B.LUH", partNumber: "P2", percent: 50, status: 0x1007, description: "bad" },
      ],
    }),
    {
      "a615a.status_code": "2,3,4103",
      "a615a.load_ratio": "  9,100, 50",
      "a615a.file_count": "2",
      "a615a.file_name": "A.LUH,B.LUH",
      "a615a.part_number": "P1,P2",
      "a615a.counter": "7",
      "a615a.exception_timer": "20",
      "a615a.estimated_time": "300",
    },
  ],
  [
    "LUR",
    encodeUploadRequest([{ headerFile: "A.LUH", partNumber: "P1" }]),
    {
      "a615a.file_count": "1",
      "a615a.file_name": "A.LUH",
      "a615a.part_number": "P1",
    },
  ],
  [
    "LNL",
    encodeFileList([
      { name: "a.txt", description: "text" },
      { name: "b.bin", description: "" },
    ]),
    {
      "a615a.file_count": "2",
      "a615a.file_name": "a.txt,b.bin",
      "a615a.file_description": "text,",
    },
  ],
  [
    "LNA",
    encodeFileChoice(["a.txt", "b.bin"]),
    { "a615a.file_count": "2", "a615a.file_name": "a.txt,b.bin" },
  ],
  [
    "LNR",
    encodeFileRequest({ names: ["a.txt"], userData: Uint8Array.of(1, 2, 3) }),
    {
      "a615a.file_count": "1",
      "a615a.file_name": "a.txt",
      "a615a.user_data": "010203",
    },
  ],
  [
    "LNS",
    encodeDownloadStatus({
      ...STATUS,
      percent: 100,
      files: [{ name: "a.txt", status: 3, description: "whole" }],
    }),
    {
      "a615a.status_code": "2,3",
      "a615a.load_ratio": "100",
      "a615a.file_name": "a.txt",
      "a615a.counter": "7",
      "a615a.exception_timer": "20",
      "a615a.estimated_time": "300",
    },
  ],
];

let directory: string;
beforeAll(() => {
  directory = scratchDirectory("dissector");
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.each(FILES.map((entry) => [entry[0], entry] as const))("%s", (_, [ending, content, found]) => {
  const file = join(directory, `${ending}.pcap`);
  writeFileSync(file, captureOf(`WINGHESA_L.${ending}`, content));
  const fields = (filter: string, ...names: string[]): string =>
    run(
      ...["tshark", "-r", file, "-Y", filter, "-T", "fields", "-E", "separator=;"],
      ...names.flatMap((name) => ["-e", name]),
    ).replace(/\n$/, "");
  expect(fields("_ws.malformed || _ws.expert", "frame.number")).toBe("");
  const names = Object.keys(found);
  const all = fields("a615a", "a615a.file_length", "a615a.protocol_version", ...names);
  expect(all).toBe([String(content.length), "A4", ...names.map((name) => found[name])].join(";"));
});

/** A capture (pcap, raw IPv4) in which a file is written: request, acknowledgement, block. */
function captureOf(name: string, content: Uint8Array): Uint8Array {
  const [client, other] = [2000, 3000];
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(65_535, 16);
  head.writeUInt32LE(228, 20); // LINKTYPE_IPV4
  return Buffer.concat([
    head,
    datagram(1, client, 2, 59, encodeRequest("write", name, new Map([["blksize", "1428"]]))),
    datagram(2, other, 1, client, encodeAck(0)),
    datagram(1, client, 2, other, encodeData(1, content)),
  ]);
}

function datagram(
  from: number,
  fromPort: number,
  to: number,
  toPort: number,
  content: Uint8Array,
): Buffer {
  const length = 28 + content.length;
  const packet = Buffer.alloc(16 + length);
  packet.writeUInt32LE(length, 8);
  packet.writeUInt32LE(length, 12);
  packet[16] = 0x45;
  packet.writeUInt16BE(length, 18);
  packet[24] = 64;
  packet[25] = 17; // UDP
  packet.set([10, 0, 0, from], 28);
  packet.set([10, 0, 0, to], 32);
  packet.writeUInt16BE(fromPort, 36);
  packet.writeUInt16BE(toPort, 38);
  packet.writeUInt16BE(8 + content.length, 40);
  packet.set(content, 44);
  return packet;
}
