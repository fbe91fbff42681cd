import { RunDirectory } from "../supervisor/run-directory.ts";
import { consoleFrontEnds } from "./console-front-ends.ts";
import type { FrontEnd } from "./front-end.ts";
import type { Maintenance } from "./maintenance.ts";

/** Where people come in: the console on the serial line and on RUN_DIR/console.sock, and the page. */
export function frontEnds(maintenance: Maintenance, runDirectory: string): FrontEnd[] {
  const { device, baud } = maintenance.config.maintenance.console;
  return consoleFrontEnds(maintenance, { device, baud, socket: new RunDirectory(runDirectory).consoleSocket });
}
