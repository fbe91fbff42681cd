/** Active faults of a server, as shown by its console, and waiting for one to come and go. */
import type { Server } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";

/** Each active fault in one line: code, text, subject. */
export function activeFaults(server: Server): string[] {
  const { out } = server.command("console", "show faults");
  return [...out.matchAll(/^(WNG-\d+ .*)\n {2}ACTIVE,.*\n.*\n(.*)$/gm)].map(
    ([, fault, subject = ""]) => `${fault}:${subject}`,
  );
}

export async function faultBegins(server: Server, code: string, subject = ""): Promise<void> {
  await until(
    () =>
      `${server.id} shows ${code} ${subject}:\n${server.command("console", "show faults").out}\n${server.log}`,
    () => activeFaults(server).some((fault) => fault.startsWith(code) && fault.includes(subject)),
    10_000,
  );
}

export async function faultEnds(server: Server, code: string, subject = ""): Promise<void> {
  await until(
    () => `${server.id} shows no ${code} ${subject}: ${activeFaults(server)}\n${server.log}`,
    () => !activeFaults(server).some((fault) => fault.startsWith(code) && fault.includes(subject)),
    10_000,
  );
}
