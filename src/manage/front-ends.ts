import type { FrontEnd } from "./front-end.ts";
import type { Maintenance } from "./maintenance.ts";

/** Where people come in: the console on the serial line and on RUN_DIR/console.sock, and the page. */
export function frontEnds(_maintenance: Maintenance, _runDirectory: string): FrontEnd[] {
  return [];
}
