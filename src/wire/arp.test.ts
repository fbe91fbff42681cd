import { expect, test } from "bun:test";
import { ARP_BYTES, encodeArpAnnouncement } from "./arp.ts";

test("every byte of an announcement, RFC 826 and RFC 5227, section 2.3; nothing beside it is written", () => {
  const frame = new Uint8Array(ARP_BYTES + 4).fill(0xee);
  const hardware = Uint8Array.of(0x02, 0x11, 0x22, 0x33, 0x44, 0x55);
  encodeArpAnnouncement(frame, 2, hardware, Uint8Array.of(9, 10, 44, 1, 7, 9), 1);
  expect(Buffer.from(frame).toString("hex")).toBe(
    [
      "eeee",
      "ffffffffffff", // to everybody
      "021122334455",
      "0806",
      "0001", // Ethernet
      "0800", // IPv4
      "06",
      "04",
      "0001", // request
      "021122334455",
      "0a2c0107",
      "000000000000",
      "0a2c0107",
      "eeee",
    ].join(""),
  );
});
