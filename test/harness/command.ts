/** Result of a command. */
export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command in a folder to its end, with nothing of the environment but where programs are.
 */
export function answerOf(command: readonly string[], folder: string): Answer {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "" },
  });
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}

/** Runs a command to its end; returns its output. Throws with its error output. */
export function run(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
  return stdout.toString();
}
