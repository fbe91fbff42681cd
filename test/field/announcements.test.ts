/**
 * The new owner's first announcements are lost behind a port that has a carrier but forwards only
 * after a while (spanning tree): they are repeated, in both forms of ARP and for IPv6.
 */
import { afterEach, expect, test } from "bun:test";
import { until } from "../harness/until.ts";
import { Answers } from "../system/answers.ts";
import { Field } from "./field.ts";

let field: Field;
afterEach(() => field.close());

const VIP = "0a2c0101";
const VIP6 = "fd440000000000010000000000000001";

test("lost for three seconds: the client hears of the new owner after some more", async () => {
  field = new Field();
  field.start();
  await field.settled();
  const before = field.server(field.ownerOf("announcements") ?? "");
  const other = field.servers.find((server) => server !== before);
  if (other === undefined) throw new Error("there are two servers");
  field.seat.block(true);
  await before.stop("SIGKILL");
  await until("the other one has it", () => field.ownerOf("announcements") === other.id);
  await Bun.sleep(3000); // what is sent at once and after a second is gone
  const wire = new Answers(field.seat, "10.44.9.1", []);
  field.seat.block(false);
  const { mac } = other.host;
  const head = `${mac}0806000108000604`;
  const wanted = {
    request: `ffffffffffff${head}0001${mac}${VIP}000000000000${VIP}`,
    reply: `ffffffffffff${head}0002${mac}${VIP}${mac}${VIP}`,
  };
  const seen = new Set<string>();
  await until(
    () => `all forms of the announcement: ${[...seen]}`,
    () => {
      for (const frame of wire.captured(() => true)) {
        if (frame.startsWith(wanted.request)) seen.add("request");
        if (frame.startsWith(wanted.reply)) seen.add("reply");
        // override, and nothing else
        if (frame.startsWith(`333300000001${mac}86dd`) && frame.includes(`20000000${VIP6}`))
          seen.add("advertisement");
      }
      return seen.size === 3;
    },
    12_000,
  );
  expect([...seen].sort()).toEqual(["advertisement", "reply", "request"]);
});
