/**
 * Another program loads a large nftables rule set on a server: the kernel takes one after the
 * other.
 */
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { until } from "../harness/until.ts";
import { Field } from "./field.ts";

const ELEMENTS = 200_000;
const ROUNDS = 4;

let field: Field;
afterEach(() => field.close());

test("a set of 200,000 elements: the lease goes on, or what held it up is named", async () => {
  field = new Field();
  const { a } = field;
  field.start();
  await field.settled();
  const loader = join(import.meta.dir, "../children/load-nft.ts");
  const isHeldUp = (): boolean => a.log.includes("WNG-0305");
  for (let round = 0; round < ROUNDS && !isHeldUp(); round++) {
    const command = [...a.host.enter, process.execPath, loader, String(ELEMENTS)];
    expect(await Bun.spawn(command, { stdio: ["ignore", "ignore", "inherit"] }).exited).toBe(0);
  }
  await until("a flies", () => a.state()?.phase === "active");
  if (!isHeldUp()) return;
  expect(a.log).toContain("WNG-0308 LEASE HELD UP BY OTHER NFTABLES CHANGES");
  await until("the console has it", () =>
    a.command("console", "show faults").out.includes("WNG-0308"),
  );
  await field.settled();
});
