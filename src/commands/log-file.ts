/** A maintenance log that a command was given. */
import { RuntimeError } from "../command-line/errors.ts";
import { LogImage, NoLogError } from "../manage/log/log-image.ts";

/** @param command what complains. @throws RuntimeError */
export function readLog(command: string, file: string): LogImage {
  try {
    return LogImage.read(file);
  } catch (error) {
    if (error instanceof NoLogError) throw new RuntimeError(`${command}: ${error.message}`);
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "no such file; 'wingman run' begins it" : message;
    throw new RuntimeError(`${command}: ${file}: ${reason}`);
  }
}
