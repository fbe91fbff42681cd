import { RuntimeError } from "../command-line/errors.ts";
import { cleanEnvironment } from "../supervisor/own-executable.ts";

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, with `input` on its standard input. */
export async function tryCommand(command: string[], input = ""): Promise<CommandResult> {
  const child = Bun.spawn(command, {
    stdin: new TextEncoder().encode(input),
    stdout: "pipe",
    stderr: "pipe",
    env: cleanEnvironment(),
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, stdout, stderr };
}

/**
 * The same for a program that must succeed. Returns its standard output.
 *
 * @throws RuntimeError with the command and its output.
 */
export async function runCommand(command: string[], input = ""): Promise<string> {
  const { exitCode, stdout, stderr } = await tryCommand(command, input);
  if (exitCode === 0) return stdout;
  const said = (stderr.trim() || stdout.trim()).split("\n").slice(0, 3).join("; ");
  throw new RuntimeError(
    `${command.join(" ")}: exit code ${exitCode}${said === "" ? "" : `: ${said}`}`,
  );
}
