/** What the user can ask the rig for. */
import { CommandError, EXIT_DONE } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { consoleAcceptance } from "./console-acceptance.ts";
import { enter } from "./enter.ts";
import { groundRig, RIG_OPTIONS } from "./ground-rig.ts";
import { updateCommand } from "./update-command.ts";

const HELP = `wingman-rig: a virtual aircraft on this machine, in network namespaces, with real head-end servers

  wingman-rig [--config FILE] [--wingman PATH] [--page ADDRESS] [--once] [--json]
      Builds the aircraft of FILE (default: the embedded one) with the flight executable PATH (default: wingman
      beside this one), runs the acceptance procedure and stays up until Ctrl-C.
      --page   where the page of the whole aircraft is served (default: 127.0.0.1:8045, none with --once or --json)
      --once   ends after the procedure
      --json   prints one document, in the end, and nothing else
  wingman-rig enter MACHINE [COMMAND…]
      Runs a command on a server, or on seat-1 or seat-2, of the rig that is running. Default: a shell.
  wingman-rig call ADDRESS…
      Asks services over TCP who answers. Use it on a seat, with enter.
  wingman-rig acceptance --console SERVER=DEVICE … [--config FILE] [--baud N] [--skip-power] [--json]
      The acceptance procedure against real servers, over their serial consoles; --help tells more.
  wingman-rig update --from DIR --to DIR --trust FILE [--config FILE] [--json]
      A rolling update of a virtual aircraft from one loadable part to another, and one server back; --help tells more.

Needs root or unprivileged user namespaces, ip (iproute2), and unshare and nsenter (util-linux). The machine's own network
is never touched. Exit code 0: every step passed; 1: a step failed or the rig could not work; 2: the command line or the
configuration is wrong.`;

/** Returns the exit code. */
export async function commandLine(args: string[]): Promise<number> {
  try {
    if (args[0] === "enter") return await enter(args.slice(1));
    if (args[0] === "acceptance") return await consoleAcceptance(args.slice(1));
    if (args[0] === "update") return await updateCommand(args.slice(1));
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
