import { afterEach, expect, spyOn, test } from "bun:test";
import { decodeNotice, NOTICE_BYTES, NOTICE_DRAIN, NOTICE_MOVED } from "../wire/client-notice.ts";
import { ClientNotices } from "./client-notices.ts";
import { ENETDOWN } from "./errno.ts";
import { libc } from "./libc.ts";
import type { MulticastSocket } from "./multicast-socket.ts";
import type { NativeMemory } from "./native-memory.ts";

let sent: Uint8Array[] = [];
let refusal = 0;
const socket = {
  send(memory: NativeMemory, offset: number, length: number): number {
    sent.push(memory.bytes.slice(offset, offset + length));
    return refusal;
  },
} as unknown as MulticastSocket;
afterEach(() => {
  [sent, refusal] = [[], 0];
});

function notices(): ClientNotices {
  const identities = ["map", "video"].map((functionId, functionIndex) => ({
    ...{ systemId: 1, tableDigest: new Uint8Array(32), server: 2, incarnation: 3, priority: 5 },
    ...{ functionIndex, functionId },
  }));
  return new ClientNotices(socket, identities);
}

/** The notices that were sent, as a seat reads them. */
const read = () =>
  sent.map((bytes) => {
    const result = decodeNotice(bytes, NOTICE_BYTES);
    if (!result.ok) throw new Error(result.fault);
    return result.notice;
  });

test("each function has its own, all of them one sequence from 1 on", () => {
  const made = notices();
  for (const index of [1, 0, 1]) made.send(index, NOTICE_MOVED, NOTICE_DRAIN);
  const seen = read().map(({ functionId, sequence }) => [functionId, sequence]);
  expect(seen).toEqual([
    ["video", 1],
    ["map", 2],
    ["video", 3],
  ]);
  expect(read()[0]).toMatchObject({ kind: NOTICE_MOVED, reason: NOTICE_DRAIN, server: 2 });
});

test("the time is that since the start, in whole ms", () => {
  const clock = spyOn(libc, "clock_gettime").mockReturnValue(0); // the time stands still
  try {
    const made = notices();
    made.send(0, NOTICE_MOVED, NOTICE_DRAIN);
    const startedUs: unknown = Reflect.get(made, "startedUs");
    Reflect.set(made, "startedUs", Number(startedUs) - 1_234_999);
    made.send(0, NOTICE_MOVED, NOTICE_DRAIN);
  } finally {
    clock.mockRestore();
  }
  expect(read().map(({ timeMs }) => timeMs)).toEqual([0, 1234]);
});

test("what the network refuses is counted, and is missing from no later number", () => {
  const made = notices();
  for (refusal of [ENETDOWN, ENETDOWN, 0]) made.send(0, NOTICE_MOVED, NOTICE_DRAIN);
  expect(made.failed).toBe(2);
  expect(read().map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
});
