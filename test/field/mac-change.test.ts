/** The Ethernet address of the client interface changes in flight: seats are told at once. */
import { afterEach, expect, test } from "bun:test";
import { until } from "../harness/until.ts";
import { Answers } from "../system/answers.ts";
import { Field, SEAT_ADDRESS } from "./field.ts";

/** A VIP that is not announced by now never will be. */
const PATIENCE_MS = 8000;

let field: Field;
afterEach(() => field.close());

const address4 = (vip: string): string => Buffer.from(vip.split(".").map(Number)).toString("hex");

/** Announces the IPv4 address with this MAC: an ARP request whose sender it is. */
const announces4 = (frame: string, mac: string, vip: string): boolean =>
  frame.slice(24, 28) === "0806" &&
  frame.slice(44, 56) === mac &&
  frame.slice(56, 64) === address4(vip);

/** An unsolicited neighbour advertisement with this MAC. */
const announces6 = (frame: string, mac: string): boolean =>
  frame.slice(24, 28) === "86dd" && frame.slice(108, 110) === "88" && frame.endsWith(mac);

test("every VIP that is up is announced with the new address, again and again as it changes", async () => {
  field = new Field();
  const { a, b, seat } = field;
  field.start();
  await field.settled();
  const own = a.state()?.functions.filter(({ owner }) => owner === "a") ?? [];
  const vips = own.flatMap(({ vips: all }) => all.map((vip) => vip.replace(/\/.*/, "")));
  expect(vips.some((vip) => vip.includes(":"))).toBe(true);
  const ear = new Answers(seat, SEAT_ADDRESS, []);
  for (const mac of ["0277000000a1", "0277000000a2"]) {
    ear.captured(() => false);
    a.host.ip("link", "set", "eth0", "address", mac.replace(/..(?!$)/g, "$&:"));
    const frames: string[] = [];
    await until(
      "all are announced",
      () => {
        frames.push(...ear.captured(() => true));
        return vips.every((vip) =>
          frames.some((frame) =>
            vip.includes(":") ? announces6(frame, mac) : announces4(frame, mac, vip),
          ),
        );
      },
      PATIENCE_MS,
    );
  }
  ear.close();
  const answers = await field.answers(...vips.filter((vip) => !vip.includes(":")));
  for (const macs of answers.values()) expect([...macs]).toEqual(["0277000000a2"]);
  await field.noFault(a);
  await field.noFault(b);
  expect(b.log).not.toContain("SERVER LOST");
}, 60_000);
