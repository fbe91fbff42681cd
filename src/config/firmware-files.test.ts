/** The files in firmware-config: sound, and true to what they are examples of. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { leaseFits } from "../boundary/timing.ts";
import { LEASE_TICKS_MS } from "../limits.ts";
import { formatProblems, loadConfig } from "./load.ts";

const pathOf = (name: string): string =>
  new URL(`../../firmware-config/${name}.json`, import.meta.url).pathname;

const configOf = (name: string) => {
  const result = loadConfig(pathOf(name));
  if (!result.ok) throw new Error(formatProblems(result));
  return result.config;
};

test.each([
  ["single-aisle-180", 2, 12, 180, 1],
  ["twin-aisle-300", 4, 24, 360, 2],
  ["very-large-480", 6, 38, 565, 2],
])("%s", (name, servers, functions, required, networks) => {
  const config = configOf(name);
  expect(config.system).toBe(name);
  expect(config.servers).toHaveLength(servers);
  expect(config.functions).toHaveLength(functions);
  expect(config.functions.reduce((sum, entry) => sum + entry.required, 0)).toBe(required);
  expect(config.keepAlive.interfaces).toHaveLength(networks);
  expect(config.clients.lease).toBe("preferred");
  const { periodMs, lostAfterPeriods } = config.keepAlive;
  expect(leaseFits(periodMs, lostAfterPeriods, LEASE_TICKS_MS)).toBe(true); // by nftables, too
  expect(config.functions.some(({ vips }) => vips.some(({ family }) => family === 6))).toBe(true);
  for (const { priority, start, command } of config.functions) {
    expect(start).toBe(priority >= 5 ? "always" : "on-activate");
    expect(command).toBeNull();
  }
});

test("every aircraft has a part number of its own", () => {
  const numbers = ["single-aisle-180", "twin-aisle-300", "very-large-480"].map(
    (name) => configOf(name).partNumber,
  );
  expect(numbers).toEqual(["WNG5E00010001", "WNG5D00010002", "WNG5C00010003"]);
});

test("schema.json rejects unknown keys and names the required ones", () => {
  const schema = JSON.parse(readFileSync(pathOf("schema"), "utf8"));
  expect(schema.required).toEqual(["system", "servers", "functions"]);
  expect(schema.additionalProperties).toBe(false);
  expect(schema.properties.functions.items.required).toEqual([
    "id",
    "required",
    "priority",
    "vips",
  ]);
  expect(schema.properties.keepAlive.properties.periodMs).toMatchObject({
    type: "integer",
    minimum: 5,
    maximum: 1000,
    default: 10,
  });
});
