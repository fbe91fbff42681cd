/**
 * A run of the tests that makes one of everything that a run may leave behind, prints it as one
 * line of JSON, and waits to be killed: a network namespace, a process with the run's mark, one in
 * the namespace and one started by its parent (both without the mark), a directory and a mount in
 * it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../harness/command.ts";
import { beginRun, runDirectory, runName } from "../harness/run-mark.ts";
import { progressFile } from "../harness/run-remains.ts";

export interface AbandonedRun {
  mark: string;
  namespace: string;
  processes: number[];
  directory: string;
  mount: string;
}

/** Starts a shell script in a session of its own, so that it outlives its parent. */
function start(script: string, ...enter: string[]): Bun.Subprocess<"ignore", "pipe", "ignore"> {
  return Bun.spawn([...enter, "setsid", "sh", "-c", script], {
    stdio: ["ignore", "pipe", "ignore"],
    env: enter.length === 0 ? process.env : { PATH: process.env.PATH ?? "" },
  });
}

if (import.meta.main) {
  const mark = beginRun();
  const namespace = runName("n0");
  const directory = runDirectory(mark);
  const mount = join(directory, "mount");
  run("ip", "netns", "add", namespace);
  mkdirSync(mount, { recursive: true });
  run("mount", "-t", "tmpfs", "-o", "size=64k", "none", mount);
  writeFileSync(join(mount, "file"), "on it");
  writeFileSync(progressFile(mark), "in suite abandoned");
  const marked = start(
    "env -i sh -c 'trap \"\" HUP TERM; echo $$; while :; do sleep 1; done' & sleep 1000",
  );
  const inside = start("sleep 1000", "ip", "netns", "exec", namespace);
  const { value } = await marked.stdout.getReader().read();
  const child = Number(new TextDecoder().decode(value));
  const made: AbandonedRun = {
    mark,
    namespace,
    processes: [marked.pid, child, inside.pid],
    directory,
    mount,
  };
  console.log(JSON.stringify(made));
  await Bun.sleep(1_000_000);
}
