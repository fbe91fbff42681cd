import { expect, test } from "bun:test";
import {
  ARP_BYTES,
  ARP_REPLY,
  ARP_REQUEST,
  ARP_SENDER_HARDWARE_AT,
  ARP_TARGET_HARDWARE_AT,
  decodeArp,
  encodeArpAnnouncement,
  encodeArpRequest,
  setArpDestination,
  setArpSender,
} from "./arp.ts";

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

/** A reply of 10.44.0.254 (02:00:00:00:00:fe) to 10.44.0.1 (02:11:22:33:44:55). */
const REPLY = Uint8Array.fromHex(
  "0211223344550200000000fe08060001080006040002" + "0200000000fe0a2c00fe" + "0211223344550a2c0001",
);

test("every byte of a request: by broadcast without an address, then from us to one host", () => {
  const frame = new Uint8Array(ARP_BYTES + 2).fill(0xee);
  const hardware = Uint8Array.of(0x02, 0x11, 0x22, 0x33, 0x44, 0x55);
  encodeArpRequest(frame, 1, hardware, Uint8Array.of(9, 10, 44, 0, 254), 1);
  const fixed = "08060001080006040001";
  const hex = (): string => Buffer.from(frame).toString("hex");
  expect(hex()).toBe(
    `eeffffffffffff021122334455${fixed}02112233445500000000000000000000${"0a2c00feee"}`,
  );
  setArpSender(frame, 1, Uint8Array.of(10, 44, 0, 1), 0);
  setArpDestination(frame, 1, REPLY, ARP_SENDER_HARDWARE_AT);
  expect(hex()).toBe(
    `ee0200000000fe021122334455${fixed}0211223344550a2c00010000000000000a2c00feee`,
  );
});

test("received frames: requests and replies with their fields, padded or not", () => {
  expect(decodeArp(REPLY, 42)).toBe(ARP_REPLY);
  expect(Buffer.from(REPLY.slice(ARP_SENDER_HARDWARE_AT, 32)).toString("hex")).toBe(
    "0200000000fe0a2c00fe",
  );
  expect(Buffer.from(REPLY.slice(ARP_TARGET_HARDWARE_AT, 38)).toString("hex")).toBe("021122334455");
  const padded = new Uint8Array(60);
  padded.set(REPLY);
  padded[21] = 1;
  expect(decodeArp(padded, 60)).toBe(ARP_REQUEST);
});

test("everything else is refused: another kind in any of its bytes, another operation, a length that is short or lies", () => {
  for (let at = 12; at < 22; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const frame = Uint8Array.from(REPLY);
      frame[at] = (frame[at] as number) ^ (1 << bit);
      expect(decodeArp(frame, 42)).toBe(0); // 2 with one bit changed is neither 1 nor 2
    }
  }
  for (const length of [-1, 0, 41, 43, 2048]) expect(decodeArp(REPLY, length)).toBe(0);
  expect(decodeArp(new Uint8Array(0), 0)).toBe(0);
});
