import { expect, test } from "bun:test";
import {
  ARP_BYTES,
  ARP_REPLY,
  ARP_REQUEST,
  decodeArp,
  encodeArpRequest,
} from "../../src/wire/arp.ts";
import { addChecksum, foldChecksum } from "../../src/wire/bytes.ts";
import {
  decodeNeighbourAdvertisement,
  encodeNeighbourAdvertisement,
  NEIGHBOUR_ADVERTISEMENT_BYTES,
} from "../../src/wire/neighbour.ts";
import { SeededRandom } from "../harness/seeded-random.ts";

const ROUNDS = 50_000;
const HARDWARE = Uint8Array.of(2, 0, 0, 0, 0, 1);

test("random bytes of any length are no ARP and no advertisement, and nothing throws", () => {
  const random = new SeededRandom(0x1234567);
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
    const length = random.below(4) === 0 ? random.below(4096) - 1 : bytes.length; // a length that lies
    expect(decodeArp(bytes, length)).toBe(0);
    expect(decodeNeighbourAdvertisement(bytes, length)).toBe(-1);
  }
});

test("an ARP frame with some bytes changed and a length of any kind gives a known operation or is refused", () => {
  const random = new SeededRandom(0x7654321);
  let taken = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const frame = new Uint8Array(ARP_BYTES + random.below(20));
    encodeArpRequest(frame, 0, HARDWARE, Uint8Array.of(10, 0, 0, 1), 0);
    for (let i = random.below(3); i > 0; i--)
      frame[random.below(frame.length)] =
        random.below(4) === 0 ? random.below(256) : random.below(3);
    const length = random.below(8) === 0 ? random.below(100) : frame.length;
    const operation = decodeArp(frame, length);
    if (operation === 0) continue;
    taken++;
    expect([ARP_REQUEST, ARP_REPLY]).toContain(operation);
    expect(length >= ARP_BYTES && length <= frame.length).toBe(true);
  }
  // the canary: a decoder that refuses everything proves nothing
  expect(taken).toBeGreaterThan(1000);
});

test("options of any kind under a right checksum: the hardware address lies inside the frame, or it is refused", () => {
  const random = new SeededRandom(0xabcdef);
  let withOption = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const frame = new Uint8Array(78 + random.below(60));
    const whole = new Uint8Array(NEIGHBOUR_ADVERTISEMENT_BYTES);
    encodeNeighbourAdvertisement(whole, 0, HARDWARE, new Uint8Array(16).fill(7), 0);
    frame.set(whole.slice(0, 78));
    for (let at = 78; at < frame.length; at++)
      frame[at] = random.below(4) === 0 ? random.below(256) : random.below(4);
    const payload = frame.length - 54;
    frame[19] = payload;
    frame[56] = frame[57] = 0;
    const sum = foldChecksum(
      addChecksum(frame, 54, payload, addChecksum(frame, 22, 32, payload + 58)),
    );
    frame[56] = sum >> 8;
    frame[57] = sum & 0xff;
    const at = decodeNeighbourAdvertisement(frame, frame.length);
    if (at > 6) withOption++;
    expect(at === -1 || at === 6 || (at >= 80 && at + 6 <= frame.length)).toBe(true);
  }
  expect(withOption).toBeGreaterThan(100);
});
