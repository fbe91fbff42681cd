/** A real `rz` at the line of a terminal, as terminal programs run it. */
import type { Terminal } from "./terminal.ts";

const POLL_MS = 2;

/** Receives what is sent until `rz` ends, into files of `directory`. @returns its exit code */
export async function receiveByRz(terminal: Terminal, directory: string): Promise<number> {
  const receiver = Bun.spawn(["rz", "-b", "-q"], {
    cwd: directory,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const toLine = (async () => {
    for await (const chunk of receiver.stdout) await terminal.send(chunk);
  })();
  while (receiver.exitCode === null) {
    terminal.receive();
    if (terminal.text === "") await Bun.sleep(POLL_MS);
    receiver.stdin.write(Buffer.from(terminal.text, "latin1"));
    receiver.stdin.flush();
    terminal.text = "";
    await Bun.sleep(0);
  }
  await toLine;
  return receiver.exitCode;
}
