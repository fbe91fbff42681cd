/**
 * Whether a host reaches a VIP in both directions: no process listens on the port, and the kernel's
 * refusal proves it.
 */
import type { Host } from "../harness/virtual-network.ts";

export function reaches(host: Host, address: string): boolean {
  const call = `timeout 0.5 bash -c '</dev/tcp/${address}/9' 2>&1; true`;
  return host.run("sh", "-c", call).includes("refused");
}
