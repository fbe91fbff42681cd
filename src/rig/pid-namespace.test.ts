import { expect, test } from "bun:test";
import { waitFor } from "./condition.ts";
import { PidNamespace } from "./pid-namespace.ts";
import { childrenOf, programOf } from "./process-table.ts";

/** A shell in a PID namespace of its own; ends when its input does. */
async function isolated(script: string): Promise<{ pid: number; end: () => Promise<void> }> {
  const prefix = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"];
  const unshare = Bun.spawn([...prefix, "sh", "-c", script], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  await waitFor(5000, () => programOf(childrenOf(unshare.pid)[0] ?? 0) === "sh");
  const end = async () => {
    unshare.stdin.end();
    await unshare.exited;
  };
  return { pid: childrenOf(unshare.pid)[0] ?? 0, end };
}

test("finds processes in the namespace and in one made in it, none beside it", async () => {
  const [ours, others] = [await isolated("unshare --pid --fork cat"), await isolated("cat; true")];
  const namespace = PidNamespace.of(ours.pid);
  if (namespace === null) throw new Error("the shell is gone");
  // sh, unshare, cat
  expect(await waitFor(5000, () => namespace.processes().length === 3)).toBe(true);
  expect(namespace.processes()).toContain(ours.pid);
  expect(namespace.processes()).not.toContain(others.pid);
  expect(namespace.processes()).not.toContain(process.pid);

  await ours.end();
  expect(await waitFor(5000, () => namespace.processes().length === 0)).toBe(true);
  // The next namespace would get the number of the one that is gone, were it not held.
  const next = await isolated("cat; true");
  expect(namespace.processes()).toEqual([]);
  namespace.close();
  await Promise.all([others.end(), next.end()]);
});

test("a process that is gone has no namespace", () => {
  expect(PidNamespace.of(2 ** 30)).toBeNull();
});
