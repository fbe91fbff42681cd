/** Sources of a daemon's incarnations: a process for the disk, a file in memory, the clock. */
import { readFileSync, writeFileSync } from "node:fs";
import { INCARNATIONS_RESERVED } from "../limits.ts";
import type { IncarnationSources } from "./incarnation.ts";
import type { Reservation } from "./incarnation-store.ts";
import { logSupervisor } from "./log-output.ts";
import { noteOwnChild } from "./orphan-collection.ts";
import { cleanEnvironment } from "./own-executable.ts";

/**
 * @param ownCommand how to start this program in another role
 * @param memoryFile in the run directory; it survives the daemon, and disappears when the machine
 * is switched off
 */
export function incarnationSources(
  ownCommand: readonly string[],
  stateDirectory: string,
  memoryFile: string,
): IncarnationSources {
  return {
    reserve: async (from) => {
      const child = Bun.spawn({
        cmd: [
          ...[...ownCommand, "reserve", "--state-dir", stateDirectory],
          ...["--from", String(from), "--count", String(INCARNATIONS_RESERVED)],
        ],
        ...{ cwd: "/", env: cleanEnvironment(), stdio: ["ignore", "pipe", "ignore"] },
        detached: true,
      });
      noteOwnChild(child);
      const text = await new Response(child.stdout).text();
      if ((await child.exited) !== 0) throw new Error("the process for the state directory failed");
      return JSON.parse(text) as Reservation;
    },
    recall: () => {
      try {
        return Number(readFileSync(memoryFile, "latin1")) || 0;
      } catch {
        return 0; // the first one since power-on
      }
    },
    remember: (incarnation) => {
      try {
        writeFileSync(memoryFile, String(incarnation));
      } catch (error) {
        logSupervisor(`the incarnation cannot be kept in memory: ${(error as Error).message}`);
      }
    },
    warn: logSupervisor,
    unixMs: Date.now,
  };
}
