/** Copies of disks that are mostly holes. */
import { runCommand } from "../../src/rig/command-run.ts";

/** Blocks of zeros become holes: on a file system in memory they would take room and time. */
export async function copySparse(from: string, to: string): Promise<void> {
  await runCommand(["cp", "--sparse=always", from, to]);
}
