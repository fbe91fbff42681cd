/** Programs that the rig starts: itself in other roles, and the flight executable. */
import { dirname, join } from "node:path";

/** Whether this is the standalone executable; otherwise bun runs the sources. */
const isStandalone = Bun.main.startsWith("/$bunfs/");

/** Command that starts the rig's own program again; arguments follow. */
export function rigCommand(): string[] {
  return isStandalone ? [process.execPath] : [process.execPath, join(import.meta.dir, "main.ts")];
}

/**
 * Command that starts the flight executable: the given one, otherwise the one beside this
 * executable, otherwise the sources.
 */
export function wingmanCommand(given: string | undefined): string[] {
  if (given !== undefined) return [given];
  if (isStandalone) return [join(dirname(process.execPath), "wingman")];
  return [process.execPath, join(import.meta.dir, "..", "main.ts")];
}
