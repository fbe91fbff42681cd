import { expect, test } from "bun:test";
import { type AnswerSource, covers, proxySource, routeSource } from "./answer-sources.ts";
import { OUR_MARK } from "./rtnetlink.ts";

const UNICAST = 1;
const LOCAL = 2;
const ANYCAST = 4;
const KERNEL = 2;
const BOOT = 3;
const NTF_PROXY = 8;

/** A message with its 12 bytes of body and one attribute. */
function message(body: readonly number[], attribute: readonly number[] = []): DataView {
  const rest = attribute.length === 0 ? [] : [4 + attribute.length, 0, 1, 0, ...attribute];
  const bytes = Uint8Array.from([...Array<number>(16).fill(0), ...body, ...rest]);
  return new DataView(bytes.buffer);
}

function route(type: number, protocol: number, length: number, address: readonly number[]) {
  const view = message([2, length, 0, 0, 254, protocol, 0, type, 0, 0, 0, 0], address);
  return routeSource(view, new Uint8Array(view.buffer), 0, view.byteLength);
}

test("a route is an answer of its own, the server's own address, or a way", () => {
  const kinds = (
    [
      [LOCAL, BOOT],
      [ANYCAST, BOOT],
      [LOCAL, KERNEL],
      [LOCAL, OUR_MARK],
      [UNICAST, BOOT],
      [3, KERNEL],
    ] as const
  ).map(([type, protocol]) => route(type, protocol, 32, [10, 44, 1, 1])?.kind ?? null);
  expect(kinds).toEqual(["local route", "anycast route", "own", "own", "way", null]);
  expect(route(LOCAL, BOOT, 0, [])?.address).toEqual(new Uint8Array(4));
  expect(routeSource(message([2]), new Uint8Array(17), 0, 17)).toBeNull();
});

test("of neighbours only proxy entries count, whole ones", () => {
  const entry = (flags: number, address: readonly number[]) => {
    const view = message([2, 0, 0, 0, 9, 1, 0, 0, 0, 0, flags, 0], address);
    return proxySource(view, new Uint8Array(view.buffer), 0, view.byteLength);
  };
  expect(entry(NTF_PROXY, [10, 44, 1, 1])).toEqual({
    kind: "proxy entry",
    prefixLength: 32,
    address: Uint8Array.of(10, 44, 1, 1),
    interfaceIndex: 265,
  });
  expect(entry(0, [10, 44, 1, 1])).toBeNull();
  expect(entry(NTF_PROXY, [10, 44])).toBeNull();
});

test("a prefix covers what begins like it, to the bit, in its own family", () => {
  const covered = (prefixLength: number, address: number[], other: number[]) =>
    covers(
      { prefixLength, address: Uint8Array.from(address) } as AnswerSource,
      Uint8Array.from(other),
    );
  expect(covered(32, [10, 44, 1, 1], [10, 44, 1, 1])).toBe(true);
  expect(covered(32, [10, 44, 1, 1], [10, 44, 1, 0])).toBe(false);
  expect(covered(24, [10, 44, 1, 0], [10, 44, 1, 255])).toBe(true);
  expect(covered(23, [10, 44, 0, 0], [10, 44, 1, 9])).toBe(true);
  expect(covered(23, [10, 44, 0, 0], [10, 44, 2, 9])).toBe(false);
  expect(covered(0, [0, 0, 0, 0], [10, 44, 2, 9])).toBe(true);
  expect(covered(0, [0, 0, 0, 0], Array(16).fill(1))).toBe(false);
});
