import { expect, test } from "bun:test";
import { KEEP_ALIVE_BYTES } from "./keep-alive.ts";
import {
  DATAGRAM_AT,
  encodeFrameHead,
  encodeGroupReport,
  GROUP_REPORT_BYTES,
} from "./keep-alive-frame.ts";

const hardware = Uint8Array.of(2, 0x11, 0x22, 0x33, 0x44, 0x55);
const source = Uint8Array.of(10, 44, 0, 1);
const group = Uint8Array.of(239, 192, 44, 1);

const hex = (text: string): string => text.replaceAll(" ", "");

test("the head of a keep-alive's frame is these bytes", () => {
  const bytes = new Uint8Array(DATAGRAM_AT);
  encodeFrameHead(new DataView(bytes.buffer), bytes, hardware, source, group, 44_100);
  const [ip, udp] = [20 + 8 + KEEP_ALIVE_BYTES, 8 + KEEP_ALIVE_BYTES];
  expect(ip).toBe(0x02f0);
  expect(udp).toBe(0x02dc);
  expect(Buffer.from(bytes).toString("hex")).toBe(
    hex(
      "01005e402c01 021122334455 0800 4500 02f0 0000 4000 0111 510f 0a2c0001 efc02c01 ac44 ac44 02dc 0000",
    ),
  );
});

test("the report of the group is these bytes", () => {
  const bytes = new Uint8Array(GROUP_REPORT_BYTES);
  encodeGroupReport(new DataView(bytes.buffer), bytes, hardware, source, group);
  expect(Buffer.from(bytes).toString("hex")).toBe(
    hex(
      "01005e402c01 021122334455 0800 4600 0020 0000 4000 0102 bee9 0a2c0001 efc02c01 94040000 1600 ce3d efc02c01",
    ),
  );
});
