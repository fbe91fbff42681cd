import { expect, test } from "bun:test";
import { PHASE_ACTIVE, PHASE_LISTENING } from "../boundary/phase.ts";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import {
  SAY_READY,
  SAY_STATUS,
  SAY_WATCHDOG,
  SERVICE_MESSAGE_BYTES,
  ServiceMessage,
} from "./service-message.ts";

const bytes = new Uint8Array(SERVICE_MESSAGE_BYTES);
const message = new ServiceMessage(bytes);

function said(...[say, ...values]: Parameters<ServiceMessage["encode"]>): string {
  message.encode(say, ...values);
  return new TextDecoder().decode(bytes.slice(0, message.length));
}

test("each line alone, and together in lines", () => {
  expect(said(SAY_READY, 0, 0, 0, 0)).toBe("READY=1");
  expect(said(SAY_WATCHDOG, 0, 0, 0, 0)).toBe("WATCHDOG=1");
  expect(said(SAY_STATUS, PHASE_LISTENING, 0, 1, 2)).toBe(
    "STATUS=listening; functions up here: 0; servers alive: 1 of 2",
  );
  expect(said(SAY_READY | SAY_WATCHDOG | SAY_STATUS, PHASE_ACTIVE, 10, 9, 16)).toBe(
    "READY=1\nWATCHDOG=1\nSTATUS=active; functions up here: 10; servers alive: 9 of 16",
  );
});

test("every number comes out as it is", () => {
  for (let number = 0; number <= FUNCTIONS_MAX; number++) {
    expect(said(SAY_STATUS, PHASE_ACTIVE, number, 1, 1)).toContain(`functions up here: ${number};`);
  }
});

test("the longest message has room", () => {
  for (let phase = 0; phase < 4; phase++) {
    said(SAY_READY | SAY_WATCHDOG | SAY_STATUS, phase, FUNCTIONS_MAX, SERVERS_MAX, SERVERS_MAX);
    expect(message.length).toBeLessThanOrEqual(SERVICE_MESSAGE_BYTES);
  }
  expect(() => new ServiceMessage(new Uint8Array(SERVICE_MESSAGE_BYTES - 1))).toThrow();
});
