/** The reader of this program's stdout. */
import { EXIT_DONE, EXIT_FAILED } from "./errors.ts";

/**
 * `wingman status --watch | head -1` is no failure: once the reader has gone nobody wants the rest,
 * and this process ends. A full disk is a failure.
 */
export function exitWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT_DONE);
    process.stderr.write(`wingman: stdout: ${error.message}\n`);
    process.exit(EXIT_FAILED);
  });
}
