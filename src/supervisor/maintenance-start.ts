/** How `wingman run` starts `wingman manage`. */
import { MaintenanceLink } from "./maintenance-link.ts";
import { UNPRIVILEGED_PORT } from "./privileges.ts";
import type { SupervisorOptions } from "./supervisor-options.ts";

export function maintenanceLink(options: SupervisorOptions): MaintenanceLink {
  const { ownCommand, serverId, configDirectory, runDirectory, stateDirectory } = options;
  const { executable, keyMarks } = options;
  const { port = UNPRIVILEGED_PORT, findPort = UNPRIVILEGED_PORT } =
    options.config.maintenance.dataLoad ?? {};
  return new MaintenanceLink(
    {
      hasLowPorts: Math.min(port, findPort) < UNPRIVILEGED_PORT,
      ...{ ownCommand, executable, keyMarks, serverId, configDirectory, stateDirectory },
      configFile: runDirectory.config,
      runDirectory: runDirectory.place,
      errorsFile: runDirectory.manageErrors,
      session: crypto.getRandomValues(new Uint32Array(1))[0] as number,
    },
    () => runDirectory.manageErrorTail().split("\n").join(" | "),
  );
}
