/**
 * Writes firmware-config/schema.json, the JSON Schema for editors, from the definition that Wingman
 * validates with. Run it after a change of src/config/schema.ts: `bun scripts/generate-schema.ts`.
 * A test compares the two.
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import { ConfigSchema } from "../src/config/schema.ts";

/**
 * The text of schema.json. Checks in code (check, metadata) have no equivalent there; only Wingman
 * makes them.
 */
export function jsonSchemaText(): string {
  const schema = toJsonSchema(ConfigSchema, {
    typeMode: "input",
    ignoreActions: ["check", "metadata"],
  });
  return `${JSON.stringify({ title: "Wingman firmware configuration", ...schema }, null, 2)}\n`;
}

if (import.meta.main)
  await Bun.write(new URL("../firmware-config/schema.json", import.meta.url), jsonSchemaText());
