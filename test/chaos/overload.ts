/**
 * Capacity "at any instant" (PROTOCOL.md, "Properties"), as far as it can be seen from outside: by
 * the VIPs a server answered for.
 */
import type { Tenure } from "../harness/watch/one-answer.ts";

export interface Overload {
  server: number;
  atUs: number;
  load: number;
}

/**
 * Moments at which a server answered for VIPs of functions that together require more than
 * `resource`. `functionOfVip`: the function of each VIP; `required`: of each function. A server
 * holds a function at least from its first to its last answer: what is found is true.
 */
export function overloads(
  tenures: readonly Tenure[],
  functionOfVip: readonly number[],
  required: readonly number[],
  resource: number,
): Overload[] {
  const found: Overload[] = [];
  for (const { server, fromUs: atUs } of tenures) {
    const held = tenures.filter(
      (other) => other.server === server && other.fromUs <= atUs && other.toUs >= atUs,
    );
    const functions = new Set(held.map(({ vip }) => functionOfVip[vip] as number));
    const load = [...functions].reduce((sum, number) => sum + (required[number] as number), 0);
    if (load > resource) found.push({ server, atUs, load });
  }
  return found;
}
