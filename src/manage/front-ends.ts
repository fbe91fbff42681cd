import { LOG_CONSOLE_FAILED } from "../core/maintenance-event.ts";
import { RunDirectory } from "../supervisor/run-directory.ts";
import type { FrontEnd } from "./front-end.ts";
import type { Maintenance } from "./maintenance.ts";
import { startConsole } from "./start-console.ts";

/**
 * Where people come in: the console on the serial line and on RUN_DIR/console.sock, and the page.
 * @param failed told when a part of one cannot be opened, the serial line of a console whose socket is there
 */
export function frontEnds(
  maintenance: Maintenance,
  runDirectory: string,
  failed: (frontEnd: FrontEnd, error: Error) => void,
): FrontEnd[] {
  const { device, baud } = maintenance.config.maintenance.console;
  const consoleFrontEnd: FrontEnd = {
    what: `console ${device}`,
    failedCode: LOG_CONSOLE_FAILED,
    start() {
      const { consoleSocket } = new RunDirectory(runDirectory);
      const onLine = (problem: string): void => {
        if (problem !== "") failed(consoleFrontEnd, new Error(problem));
      };
      const running = startConsole(maintenance, { socket: consoleSocket, device, baud, onLine });
      return () => running.close();
    },
  };
  return [consoleFrontEnd];
}
