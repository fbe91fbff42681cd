import { expect, test } from "bun:test";
import { INSTRUCTION_BYTES } from "./packet-program.ts";
import { routeFilter } from "./route-filter.ts";
import { encodeSubnetRoute, RTM_DELROUTE, RTM_NEWROUTE } from "./rtnetlink.ts";

/** The few instructions of the filter, as the kernel runs them. */
function keeps(message: Uint8Array<ArrayBuffer>): boolean {
  const program = new DataView(routeFilter().buffer);
  const data = new DataView(message.buffer);
  for (let place = 0, value = 0; ; place++) {
    const at = place * INSTRUCTION_BYTES;
    const operand = program.getUint32(at + 4, true);
    const code = program.getUint16(at, true);
    if (code === 0x06) return operand !== 0;
    if (code === 0x28) value = data.getUint16(operand);
    else if (code === 0x30) value = data.getUint8(operand);
    else place += program.getUint8(at + (value === operand ? 2 : 3));
  }
}

function route(type: number, family: number, protocol: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(100));
  const view = new DataView(bytes.buffer);
  encodeSubnetRoute(view, bytes, 0, type, 16, 5, Uint8Array.of(10, 44, 0, 0), 0);
  bytes[16] = family;
  bytes[21] = protocol;
  return bytes;
}

test("only our routes that go, and the kernel's of IPv6, are reported", () => {
  expect(keeps(route(RTM_DELROUTE, 2, 0x57))).toBe(true);
  expect(keeps(route(RTM_DELROUTE, 10, 0x57))).toBe(true);
  expect(keeps(route(RTM_DELROUTE, 10, 2))).toBe(true);
  expect(keeps(route(RTM_DELROUTE, 2, 2))).toBe(false);
  expect(keeps(route(RTM_DELROUTE, 10, 4))).toBe(false);
  expect(keeps(route(RTM_NEWROUTE, 2, 0x57))).toBe(false);
});
