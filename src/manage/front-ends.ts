import { LOG_LOAD_NOT_SERVED, LOG_PAGE_FAILED } from "../catalogue/supervisor-code.ts";
import type { DataLoad } from "../dataload/data-load.ts";
import { RunDirectory } from "../supervisor/run-directory.ts";
import { consoleFrontEnds } from "./console/console-front-ends.ts";
import type { FrontEnd } from "./front-end.ts";
import type { Maintenance } from "./maintenance.ts";
import { startWebServer, type WebServerOptions } from "./web/web-server.ts";

export interface FrontEndOptions extends WebServerOptions {
  readonly runDirectory: string;
  /** null when none is configured. */
  readonly dataLoad: DataLoad | null;
}

/**
 * Front ends for people: the console on the serial line and on RUN_DIR/console.sock, the page, and
 * the data load.
 */
export function frontEnds(maintenance: Maintenance, options: FrontEndOptions): FrontEnd[] {
  const { console, web, dataLoad } = maintenance.config.maintenance;
  const { consoleSocket } = new RunDirectory(options.runDirectory);
  return [
    ...consoleFrontEnds(maintenance, { ...console, socket: consoleSocket }),
    {
      ...{ what: `page ${web.listen}`, failedCode: LOG_PAGE_FAILED },
      start: () => {
        const server = startWebServer(maintenance, options);
        return () => server.stop();
      },
    },
    ...(options.dataLoad === null ? [] : [loadFrontEnd(options.dataLoad, dataLoad?.listen ?? "")]),
  ];
}

function loadFrontEnd(dataLoad: DataLoad, listen: string): FrontEnd {
  return {
    ...{ what: `data load ${listen}`, failedCode: LOG_LOAD_NOT_SERVED },
    start: () => dataLoad.start(),
  };
}
