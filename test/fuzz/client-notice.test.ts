import { expect, test } from "bun:test";
import {
  decodeNotice,
  NOTICE_BYTES,
  prepareNotice,
  sealNotice,
} from "../../src/wire/client-notice.ts";
import { crc32c } from "../../src/wire/crc32c.ts";
import { SeededRandom } from "../harness/seeded-random.ts";

const ROUNDS = 50_000;

function valid(): Uint8Array {
  const bytes = new Uint8Array(NOTICE_BYTES);
  const tableDigest = new Uint8Array(32).fill(7);
  prepareNotice(bytes, {
    systemId: 1,
    tableDigest,
    server: 0,
    incarnation: 2,
    functionIndex: 3,
    functionId: "pa-relay",
    priority: 10,
  });
  sealNotice(bytes, new DataView(bytes.buffer), 1, 1, 4, 5);
  return bytes;
}

test("random bytes of any length are refused, and none makes the decoder throw", () => {
  const random = new SeededRandom(0x1234567);
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
    expect(decodeNotice(bytes, bytes.length).ok).toBe(false);
    expect(decodeNotice(bytes, random.below(4096) - 1).ok).toBe(false); // a length that lies
  }
});

test("a notice with some bytes changed is refused unless nothing changed", () => {
  const random = new SeededRandom(0x7654321);
  const original = Buffer.from(valid());
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = valid();
    // At most four changed bytes close together: a burst within 32 bits, all of which a CRC of 32
    // bits finds.
    const first = random.below(NOTICE_BYTES - 3);
    for (let i = 0; i < 4; i++) if (random.below(2) === 0) bytes[first + i] = random.below(256);
    expect(decodeNotice(bytes, NOTICE_BYTES).ok).toBe(original.equals(bytes));
  }
});

test("any content under a right checksum is either refused or within its ranges", () => {
  const random = new SeededRandom(0xabcdef);
  let accepted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = valid();
    const changes = random.below(6);
    for (let i = 0; i < changes; i++)
      bytes[4 + random.below(64)] = random.below(4) === 0 ? random.below(256) : random.below(12);
    new DataView(bytes.buffer).setUint32(68, crc32c(bytes, 0, 68));
    const result = decodeNotice(bytes, NOTICE_BYTES);
    if (!result.ok) continue;
    accepted++;
    expect([1, 2, 3]).toContain(result.notice.kind);
    expect([1, 2, 3, 4, 5, 6, 7]).toContain(result.notice.reason);
    expect(result.notice.priority >= 1 && result.notice.priority <= 10).toBe(true);
    expect(result.notice.functionId.length).toBeLessThanOrEqual(32);
  }
  // the canary: a decoder that refuses everything proves nothing
  expect(accepted).toBeGreaterThan(1000);
});
