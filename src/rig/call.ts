/**
 * `wingman-rig call ADDRESS…`: asks each address over TCP which function and server answer, like a
 * passenger's device. Prints one line per address: the answer, or why there is none. Exit code 1:
 * no function answered at one of them. Outside the rig whoever has the address may answer.
 */
import { isAnswerLine, SERVICE_PORT } from "./probe.ts";

const DEADLINE_MS = 2000;

export async function call(addresses: string[]): Promise<number> {
  const answers = await Promise.all(addresses.map(ask));
  addresses.forEach((address, number) => {
    console.log(lineOf(address, answers[number] ?? null));
  });
  return answers.every((answer) => answer !== null && isAnswerLine(answer)) ? 0 : 1;
}

function lineOf(address: string, answer: string | null): string {
  if (answer === null) return `${address} no answer`;
  if (isAnswerLine(answer)) return `${address} ${answer}`;
  const seat = `wingman-rig enter seat-1 wingman-rig call ${address}`;
  return `${address}: not an answer of a function; ask from a seat: ${seat}`;
}

/** What answers at `hostname`, or null. */
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
