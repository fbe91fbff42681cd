/** Whether a server is healthy: an updater checks this before it keeps a new part. */
import { holdersOfAnotherTable, isHeldBack } from "./other-tables.ts";
import type { StatusDocument } from "./status-document.ts";

/**
 * Reasons why it is not, in words. Empty when it has joined, all servers that are heard hold its
 * table, and nothing has failed on it. A server that is off does not affect the others.
 */
export function healthProblems(status: StatusDocument): string[] {
  const tables = holdersOfAnotherTable(status).map((id) => `server ${id} holds another table`);
  const waits = isHeldBack(status) ? ["it is listening, and takes no part"] : [];
  return [...waits, ...tables, ...healthProblemsExceptTable(status)];
}

/** The same without the reasons that end once the whole fleet has the same table. */
export function healthProblemsExceptTable(status: StatusDocument): string[] {
  const { server, phase, functions, lease } = status;
  const found: string[] = [];
  if (phase !== "active" && phase !== "draining" && !isHeldBack(status))
    found.push(`it is ${phase}, and takes no part`);
  for (const { id, cannotRunOn } of functions)
    if (cannotRunOn.includes(server)) found.push(`function ${id} has failed here`);
  if (lease === "missing") found.push("it runs without a VIP lease");
  return found;
}
