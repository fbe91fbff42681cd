/**
 * The executable of the supervisor's tests: the real `run`, `manage` and `launch`, and a stand-in
 * for the engine at the other end of the real control socket.
 */
import { CommandError } from "../../src/command-line/errors.ts";
import { disk } from "../../src/commands/disk.ts";
import { launch } from "../../src/commands/launch.ts";
import { manage } from "../../src/commands/manage.ts";
import { reserve } from "../../src/commands/reserve.ts";
import { runWith } from "../../src/commands/run.ts";
import { engineStandIn } from "./engine-stand-in.ts";

const [command, ...args] = process.argv.slice(2);
try {
  if (command === "run")
    process.exitCode = await runWith(args, [process.execPath, import.meta.path]);
  else if (command === "manage") process.exitCode = await manage(args);
  else if (command === "reserve") process.exitCode = await reserve(args);
  else if (command === "disk") process.exitCode = await disk(args);
  else if (command === "launch") process.exitCode = await launch(args);
  else engineStandIn(args);
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(`wingman: ${error.message}`);
  process.exitCode = error.exitCode;
}
