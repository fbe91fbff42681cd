/**
 * Whether a host reaches a VIP, there and back: nobody listens on the port, and the kernel says so.
 */
import type { Host } from "../harness/virtual-network.ts";

export function reaches(host: Host, address: string): boolean {
  const call = `timeout 0.5 bash -c '</dev/tcp/${address}/9' 2>&1; true`;
  return host.run("sh", "-c", call).includes("refused");
}
