import { expect, test } from "bun:test";
import { addChecksum, foldChecksum } from "./bytes.ts";
import {
  ADVERTISED_AT,
  decodeNeighbourAdvertisement,
  encodeNeighbourAdvertisement,
  NEIGHBOUR_ADVERTISEMENT_BYTES,
} from "./neighbour.ts";

const HARDWARE = Uint8Array.of(0x02, 0x11, 0x22, 0x33, 0x44, 0x55);
const ADDRESS = Uint8Array.of(0xfd, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 7);

/**
 * The checksum of RFC 8200, section 8.1, worked out another way: over the whole pseudo packet laid
 * out as the RFC draws it.
 */
function verifySum(packet: Uint8Array): number {
  const icmp = packet.slice(54);
  const pseudo = Uint8Array.of(...packet.slice(22, 54), 0, 0, 0, icmp.length, 0, 0, 0, 58, ...icmp);
  let sum = 0;
  for (let i = 0; i < pseudo.length; i += 2) sum += pseudo[i] * 256 + pseudo[i + 1];
  while (sum >= 0x10000) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return sum;
}

test("every byte of an advertisement, RFC 4861, section 4.4; nothing beside it is written", () => {
  const frame = new Uint8Array(NEIGHBOUR_ADVERTISEMENT_BYTES + 4).fill(0xee);
  encodeNeighbourAdvertisement(frame, 2, HARDWARE, Uint8Array.of(1, 2, ...ADDRESS), 2);
  const address = "fd440000000000000000000000010007";
  expect(Buffer.from(frame).toString("hex")).toBe(
    [
      "eeee",
      "333300000001", // all nodes
      "021122334455",
      "86dd",
      "60000000",
      "0020", // payload length 32
      "3a", // ICMPv6
      "ff", // hop limit
      address,
      "ff020000000000000000000000000001",
      "88", // neighbour advertisement
      "00",
      "f36c", // checksum, worked out elsewhere from the RFC; the next test verifies more of them
      "20000000", // override
      address,
      "0201", // target link-layer address
      "021122334455",
      "eeee",
    ].join(""),
  );
});

test("a receiver's sum over the pseudo header and the message is all ones, whatever the addresses", () => {
  for (let seed = 0; seed < 500; seed++) {
    const frame = new Uint8Array(NEIGHBOUR_ADVERTISEMENT_BYTES);
    const address = Uint8Array.from(
      { length: 16 },
      (_, i) => (seed * 89 + i * i * 37 + (seed >> 3)) & 0xff,
    );
    const hardware = Uint8Array.from({ length: 6 }, (_, i) => (seed * 17 + i * 101) & 0xff);
    encodeNeighbourAdvertisement(frame, 0, hardware, address, 0);
    expect(verifySum(frame)).toBe(0xffff);
  }
});

/** A received advertisement with these bytes of options, under a right checksum. */
function advertisement(...options: number[]): Uint8Array {
  const frame = new Uint8Array(78 + options.length);
  const whole = new Uint8Array(NEIGHBOUR_ADVERTISEMENT_BYTES);
  encodeNeighbourAdvertisement(whole, 0, HARDWARE, ADDRESS, 0);
  frame.set(whole.slice(0, 78));
  frame.set(options, 78);
  frame[19] = 24 + options.length;
  return sealed(frame);
}

function sealed(frame: Uint8Array): Uint8Array {
  const payload = frame.length - 54;
  frame[56] = 0;
  frame[57] = 0;
  const checksum = foldChecksum(
    addChecksum(frame, 54, payload, addChecksum(frame, 22, 32, payload + 58)),
  );
  frame[56] = checksum >> 8;
  frame[57] = checksum & 0xff;
  return frame;
}

const decode = (frame: Uint8Array): number => decodeNeighbourAdvertisement(frame, frame.length);

test("received messages: the hardware address of the option, else that of the sender, padded or not", () => {
  const option = [2, 1, 0, 1, 2, 3, 4, 5];
  expect(decode(advertisement(...option))).toBe(80);
  expect(decode(advertisement())).toBe(6);
  expect(decode(advertisement(14, 1, 9, 9, 9, 9, 9, 9, ...option))).toBe(88); // a nonce before it
  const padded = new Uint8Array(100);
  padded.set(advertisement(...option));
  expect(decode(padded)).toBe(80);
  expect([...padded.slice(ADVERTISED_AT, ADVERTISED_AT + 16)]).toEqual([...ADDRESS]);
});

test("no bit may be changed but those of the Ethernet addresses, and of traffic class and flow label", () => {
  const frame = advertisement(2, 1, 0, 1, 2, 3, 4, 5);
  for (let at = 12; at < frame.length; at++) {
    if (at >= 14 && at < 18) continue;
    for (let bit = 0; bit < 8; bit++) {
      const changed = Uint8Array.from(frame);
      changed[at] = (changed[at] as number) ^ (1 << bit);
      expect(decode(changed)).toBe(-1);
    }
  }
});

test("under a right checksum: options without length or over the end, another type or code, a length that is short or lies", () => {
  expect(decode(advertisement(2, 0, 0, 1, 2, 3, 4, 5))).toBe(-1);
  expect(decode(advertisement(2, 2, 0, 1, 2, 3, 4, 5))).toBe(-1);
  expect(decode(advertisement(2, 1, 0, 1))).toBe(-1);
  expect(decode(advertisement(2))).toBe(-1);
  for (const [at, value] of [
    [54, 135],
    [55, 1],
  ] as const) {
    const frame = advertisement();
    frame[at] = value;
    expect(decode(sealed(frame))).toBe(-1);
  }
  const frame = advertisement();
  for (const length of [-1, 0, 77, 79, 2048])
    expect(decodeNeighbourAdvertisement(frame, length)).toBe(-1);
});
