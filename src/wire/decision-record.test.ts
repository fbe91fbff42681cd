import { expect, test } from "bun:test";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import {
  decisionHolds,
  decisionOperable,
  decisionRecords,
  decisionWord,
  OWNERS_PER_RECORD,
  ownerBits,
  ownerInFirst,
  ownerInSecond,
  ownerOf,
  ownersFrom,
  ownersRecord,
} from "./decision-record.ts";

test("every server, claimed or not, at every place of every record comes back", () => {
  for (let record = 0; record * OWNERS_PER_RECORD < FUNCTIONS_MAX; record += 7) {
    for (let place = 0; place < OWNERS_PER_RECORD; place++) {
      for (let server = -1; server < SERVERS_MAX; server++) {
        const isClaimed = server >= 0 && (server + place) % 2 === 0;
        // All other places are full.
        const words = new Int32Array([ownersRecord(record), 0]);
        for (let other = 0; other < OWNERS_PER_RECORD; other++) {
          const bits = other === place ? ownerBits(server, isClaimed) : 63;
          words[0] |= ownerInFirst(other, bits);
          words[1] |= ownerInSecond(other, bits);
        }
        const [first, second] = words as unknown as [number, number];
        expect(ownersFrom(first)).toBe(record * OWNERS_PER_RECORD);
        expect(ownerOf(first, second, place)).toEqual({ server, isClaimed });
      }
    }
  }
});

test("the word of a decision holds the servers, the hold, and how many records came before", () => {
  for (const [operable, holds, records] of [
    [0xffff, true, 1154],
    [0, false, 0],
    [5, false, 3],
  ] as const) {
    const [word] = new Int32Array([decisionWord(operable, holds, records)]);
    expect(decisionOperable(word as number)).toBe(operable);
    expect(decisionHolds(word as number)).toBe(holds);
    expect(decisionRecords(word as number)).toBe(records);
  }
});
