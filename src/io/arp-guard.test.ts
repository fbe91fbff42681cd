import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { othersAnswerArp } from "./arp-guard.ts";

const root = mkdtempSync(join(tmpdir(), "wingman-arp-"));
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
function answer(settings: Record<string, number>): boolean {
  const directory = join(root, String(count++));
  for (const [name, value] of Object.entries({ all: 0, default: 0, lo: 0, ...settings })) {
    mkdirSync(join(directory, name), { recursive: true });
    writeFileSync(join(directory, name, "arp_ignore"), `${value}\n`);
  }
  return othersAnswerArp("eth0", directory);
}

test("another interface answers where neither its own arp_ignore nor that of all forbids it", () => {
  expect(answer({ eth0: 0 })).toBe(false);
  expect(answer({ eth0: 0, eth1: 0 })).toBe(true);
  expect(answer({ eth0: 0, eth1: 1 })).toBe(false);
  expect(answer({ eth0: 0, eth1: 1, eth2: 0 })).toBe(true);
  expect(answer({ eth0: 0, eth1: 0, all: 1 })).toBe(false);
});
