/** Whether a server is well: what an updater goes by before it keeps a new part. */
import type { StatusDocument } from "./status-document.ts";

/**
 * Why it is not, in words; empty: it has joined, all who are heard hold its table, and nothing has
 * failed on it. A server that is off makes no other one ill.
 */
export function ailments(status: StatusDocument): string[] {
  const { server, phase, servers, functions, lease } = status;
  const found: string[] = [];
  if (phase !== "active" && phase !== "draining") found.push(`it is ${phase}, and takes no part`);
  for (const { id, state } of servers)
    if (state === "incompatible") found.push(`server ${id} holds another table`);
  for (const { id, cannotRunOn } of functions)
    if (cannotRunOn.includes(server)) found.push(`function ${id} has failed here`);
  if (lease === "missing") found.push("it flies without a VIP lease");
  return found;
}
