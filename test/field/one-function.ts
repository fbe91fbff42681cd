/** A table of one function, `map`, and observations of it. */
import type { Server } from "../harness/real-servers.ts";
import { FIELD_TABLE } from "./field.ts";

export const MAP_VIP = "10.44.1.1";

/** @param settings of the function: its command, and what else it asks for */
export function tableOfMap(settings: object): object {
  const map = { id: "map", required: 10, priority: 9, vips: [`${MAP_VIP}/16`], stopGraceMs: 100 };
  return { ...FIELD_TABLE, functions: [{ ...map, ...settings }] };
}

/** The server reports the fault as active, at itself. */
export function isFaultActive(server: Server, code: string): boolean {
  const { out } = server.command("console", "show faults");
  return new RegExp(`${code} .*\\n {2}ACTIVE`).test(out);
}
