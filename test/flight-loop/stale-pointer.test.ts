import { expect, test } from "bun:test";
import { join } from "node:path";

const CHILD = join(import.meta.dir, "../children/hot-path.ts");

async function wrongOf(argument: string): Promise<string> {
  const child = Bun.spawn([process.execPath, CHILD, argument], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return text.trim();
}

test("the hot path reads what the kernel has just written, 50,000 times", async () => {
  expect(await wrongOf("honest")).toBe("0 of 50000");
}, 120_000);

test("canary: a view that moved away would be seen", async () => {
  expect(await wrongOf("frozen")).toBe("49000 of 50000");
}, 120_000);
