/** What a server with one table makes of servers with another (PROTOCOL.md, "Another table"). */
import type { StatusDocument } from "./status-document.ts";

type Known = Pick<StatusDocument, "phase" | "servers">;

/** Identifiers of the servers that are heard and hold another table. */
export function holdersOfAnotherTable({ servers }: Pick<Known, "servers">): string[] {
  return servers.filter(({ state }) => state === "incompatible").map(({ id }) => id);
}

/** Whether this server takes no part because servers with another table are there. */
export function isHeldBack(status: Known): boolean {
  return status.phase === "listening" && holdersOfAnotherTable(status).length > 0;
}

/** One line for people; "" when there are none. */
export function otherTablesText(status: Known): string {
  const holders = holdersOfAnotherTable(status);
  if (holders.length === 0) return "";
  const hold = `${holders.join(", ")} ${holders.length === 1 ? "holds" : "hold"} another table`;
  return isHeldBack(status)
    ? `takes no part while ${hold} ('wingman help adopt')`
    : `${hold}: no peer ('wingman help adopt')`;
}
