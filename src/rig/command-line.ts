/** The user's commands of the rig. */
import { CommandError, EXIT_DONE } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { adoptCommand } from "./adopt-command.ts";
import { consoleAcceptance } from "./console-acceptance.ts";
import { enter } from "./enter.ts";
import { groundRig, RIG_OPTIONS } from "./ground-rig.ts";
import { updateCommand } from "./update-command.ts";

const HELP = `wingman-rig: a virtual aircraft on this machine, in network namespaces, with real head-end servers

  wingman-rig [--config FILE] [--wingman PATH] [--page ADDRESS] [--once] [--json]
      Builds the aircraft of FILE (default: the embedded one) with the flight executable PATH (default: wingman
      beside this one), runs the acceptance procedure and stays up until Ctrl-C.
      --page   address of the page of the whole aircraft (default: 127.0.0.1:8045, none with --once or --json)
      --once   ends after the procedure
      --json   prints only one document, at the end
  wingman-rig enter MACHINE [COMMAND…]
      Runs a command on a server, or on seat-1 or seat-2, of the running rig. Default: a shell.
  wingman-rig call ADDRESS…
      Calls functions over TCP; on a seat: wingman-rig enter seat-1 wingman-rig call 10.44.1.1
      Prints the address, the function and the server that answer, and how many answers that process has given.
  wingman-rig acceptance --console SERVER=DEVICE … [--config FILE] [--baud N] [--skip-power] [--json]
      Runs the acceptance procedure on real servers, over their serial consoles; see acceptance --help.
  wingman-rig update --from DIR --to DIR --trust FILE [--config FILE] [--json]
      Updates a virtual aircraft from one loadable part to another, and rolls one server back; see update --help.
  wingman-rig adopt --from DIR --to DIR --trust FILE [--json]
      Moves a virtual aircraft to a loadable part with another table; see adopt --help.

Needs root or unprivileged user namespaces, ip (iproute2), and unshare and nsenter (util-linux). The machine's own network
is never touched. Exit code 0: every step passed; 1: a step failed or the rig could not run; 2: the command line or the
configuration is wrong.`;

/** Returns the exit code. */
export async function commandLine(args: string[]): Promise<number> {
  try {
    if (args[0] === "enter") return await enter(args.slice(1));
    if (args[0] === "acceptance") return await consoleAcceptance(args.slice(1));
    if (args[0] === "update") return await updateCommand(args.slice(1));
    if (args[0] === "adopt") return await adoptCommand(args.slice(1));
    const { options } = parseOptions("options", args, RIG_OPTIONS);
    if (!options.help) return await groundRig(options);
    console.log(HELP);
    return EXIT_DONE;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(`wingman-rig: ${error.message}`);
    return error.exitCode;
  }
}
