import { expect, test } from "bun:test";

const READER = JSON.stringify(new URL("./reader.ts", import.meta.url).pathname);

/** Runs code that writes for ever to a pipe whose reader has gone. */
const writeWithoutReader = (preparation: string) => {
  const code = `${preparation}; setInterval(() => process.stdout.write("line\\n"), 1);`;
  const child = Bun.spawnSync([
    "bash",
    "-c",
    'exec 3> >(:); wait $!; "$0" -e "$1" >&3',
    process.execPath,
    code,
  ]);
  return { code: child.exitCode, err: child.stderr.toString() };
};

test("a process ends without noise when its reader has gone", () => {
  expect(writeWithoutReader(`(await import(${READER})).exitWithReader()`)).toEqual({
    code: 0,
    err: "",
  });
});

test("without that it would fail", () => {
  expect(writeWithoutReader("").code).not.toBe(0);
});

test("a full disk is reported in one line", () => {
  const code = `(await import(${READER})).exitWithReader(); process.stdout.write("line\\n")`;
  const child = Bun.spawnSync(["bash", "-c", '"$0" -e "$1" >/dev/full', process.execPath, code]);
  expect(child.stderr.toString()).toMatch(/^wingman: stdout: ENOSPC: .*\n$/);
  expect(child.exitCode).toBe(1);
});
