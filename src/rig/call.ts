/**
 * `wingman-rig call ADDRESS…`: asks each address over TCP which function and server answer, as a
 * passenger's device would. Prints one line for each: the address and the answer, or why there is
 * none.
 */
import { SERVICE_PORT } from "./probe.ts";

const DEADLINE_MS = 2000;

export async function call(addresses: string[]): Promise<number> {
  const answers = await Promise.all(addresses.map(ask));
  addresses.forEach((address, number) => {
    console.log(`${address} ${answers[number] ?? "no answer"}`);
  });
  return answers.includes(null) ? 1 : 0;
}

/** The line that the service at `hostname` answers, or null. */
async function ask(hostname: string): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const timer = setTimeout(resolve, DEADLINE_MS, null);
  try {
    const socket = await Bun.connect({
      hostname,
      port: SERVICE_PORT,
      socket: {
        open(opened) {
          opened.write("who\n");
        },
        data(_, bytes) {
          resolve(bytes.toString().trim());
        },
        close() {
          resolve(null);
        },
        error() {
          resolve(null);
        },
      },
    });
    const answer = await promise;
    socket.end();
    return answer;
  } catch {
    return null; // refused or unreachable: no answer
  } finally {
    clearTimeout(timer);
  }
}
