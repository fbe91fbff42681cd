/**
 * `wingman-rig enter MACHINE [COMMAND…]`: runs a command (by default a shell) on a server or seat
 * of the running rig.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError, UsageError } from "../command-line/errors.ts";
import { MACHINES_DIRECTORY, runningRigs } from "./rig-directory.ts";
import { listed } from "./verdict.ts";

export async function enter(args: string[]): Promise<number> {
  const [machine, ...command] = args[1] === "--" ? [args[0], ...args.slice(2)] : args;
  if (machine === undefined)
    throw new UsageError(
      "enter: found no machine, expected the name of a server or seat-1, seat-2",
    );
  const rigs = runningRigs();
  const [rig] = rigs;
  if (rig === undefined || rig.owner.aircraftPid === null)
    throw new RuntimeError("no rig of this user is running");
  if (rigs.length > 1)
    throw new RuntimeError(
      `several rigs are running (${listed(rigs.map(({ directory }) => directory))}), expected one`,
    );

  const machines = join(rig.directory, MACHINES_DIRECTORY);
  const names = readdirSync(machines).sort();
  if (!names.includes(machine))
    throw new UsageError(
      `enter: found ${JSON.stringify(machine)}, expected one of ${listed(names)}`,
    );
  const pid = readFileSync(join(machines, machine), "utf8").trim();
  const user = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
  // First into the rig's process namespace, then to the machine. Entering a mount namespace changes
  // to the root directory; the command starts in the user's directory.
  const child = Bun.spawn(
    [
      ...[
        "nsenter",
        "--target",
        String(rig.owner.aircraftPid),
        ...user,
        "--mount",
        "--pid",
        "--net",
        "--",
      ],
      ...["nsenter", "--target", pid, "--mount", "--pid", "--net", "--"],
      ...["sh", "-c", 'cd "$0" && exec "$@"', process.cwd()],
      ...(command.length > 0 ? command : ["sh"]),
    ],
    { stdio: ["inherit", "inherit", "inherit"] },
  );
  return await child.exited;
}
