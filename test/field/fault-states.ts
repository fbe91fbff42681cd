/** A server's console about one fault: `show faults` also lists faults that are over. */
import type { Server } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";

/** The lines about the fault, such as `WNG-0450`; "" when it never came. */
function linesOf(server: Server, code: string): string {
  const { out } = server.command("console", "show faults");
  const [, lines = ""] =
    new RegExp(`^(${code} [\\s\\S]*?)(?=^WNG-|^OK|$(?!\\s))`, "m").exec(`${out}\n`) ?? [];
  return lines;
}

/** Waits until the fault is active; returns its full text. */
export async function whenActive(server: Server, code: string): Promise<string> {
  return await until(`${server.id} shows ${code} as active`, () => {
    const lines = linesOf(server, code);
    return /^ {2}ACTIVE/m.test(lines) ? lines : null;
  });
}

/** Waits until the fault was there and is over. */
export async function whenOver(server: Server, code: string): Promise<void> {
  await until(`${server.id} shows ${code} as over`, () =>
    /^ {2}CLEARED/m.test(linesOf(server, code)),
  );
}
