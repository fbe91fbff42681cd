import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { jsonSchemaText } from "./generate-schema.ts";

test("schema.json is this script's output for the current definition", () => {
  const file = new URL("../firmware-config/schema.json", import.meta.url);
  expect(readFileSync(file, "utf8")).toBe(jsonSchemaText());
});
