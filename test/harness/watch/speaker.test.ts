import { describe, expect, test } from "bun:test";
import { encodeArpAnnouncement } from "../../../src/wire/arp.ts";
import { encodeNeighbourAdvertisement } from "../../../src/wire/neighbour.ts";
import { questionsFor } from "./question-frames.ts";
import { NO_VIP, spokenFor } from "./speaker.ts";

const VIP4 = [10, 44, 1, 2];
const VIP6 = [0xfd, 0x44, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
const VIPS = [[10, 44, 1, 1], VIP4, VIP6].map((bytes) => Uint8Array.from(bytes));
const SERVER = [2, 0, 0, 0, 0, 1];
const SEAT = {
  hardware: [2, 0, 0, 0, 0, 9],
  ipv4: [10, 44, 9, 1],
  ipv6: [...VIP6.slice(0, 15), 5],
};

const spoken = (frame: readonly number[] | Uint8Array, length = frame.length): number =>
  spokenFor(Uint8Array.from(frame), length, VIPS);

/** The answer to an echo: addresses of the packet in exchange. */
function answered(frame: number[], sourceAt: number, size: number): number[] {
  const source = frame.slice(sourceAt, sourceAt + size);
  const destination = frame.slice(sourceAt + size, sourceAt + 2 * size);
  return [
    ...frame.slice(0, sourceAt),
    ...destination,
    ...source,
    ...frame.slice(sourceAt + 2 * size),
  ];
}

describe("a frame speaks for a VIP", () => {
  test("announcements", () => {
    const frame = new Uint8Array(86);
    encodeArpAnnouncement(frame, 0, Uint8Array.from(SERVER), Uint8Array.from(VIP4), 0);
    expect(spoken(frame, 42)).toBe(1);
    encodeNeighbourAdvertisement(frame, 0, Uint8Array.from(SERVER), Uint8Array.from(VIP6), 0);
    expect(spoken(frame)).toBe(2);
    frame.set(SEAT.ipv6, 22); // advertised from another address of the server
    expect(spoken(frame)).toBe(2);
    frame[54] = 135; // a solicitation only asks
    expect(spoken(frame)).toBe(NO_VIP);
  });

  test("answers to echoes, as its source", () => {
    const [, echo4] = questionsFor(SEAT, SERVER, VIP4);
    const [, echo6] = questionsFor(SEAT, SERVER, VIP6);
    expect(spoken(answered(echo4, 26, 4))).toBe(1);
    expect(spoken(answered(echo6, 22, 16))).toBe(2);
  });

  test("questions do not, nor frames of other addresses, of other types, or cut short", () => {
    for (const vip of [VIP4, VIP6]) {
      for (const question of questionsFor(SEAT, SERVER, vip)) expect(spoken(question)).toBe(NO_VIP);
    }
    const [, echo] = questionsFor(SEAT, SERVER, VIP4);
    const answer = answered(echo, 26, 4);
    expect(spoken([...answer.slice(0, 29), 99, ...answer.slice(30)])).toBe(NO_VIP);
    expect(spoken([...answer.slice(0, 12), 0x88, 0xcc, ...answer.slice(14)])).toBe(NO_VIP);
    expect(spoken(answer, 29)).toBe(NO_VIP);
  });
});
