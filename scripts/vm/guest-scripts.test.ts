/**
 * Which executable the guest starts: its script, with a root of our own in place of the guest's.
 */
import { afterAll, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";

const directory = scratchDirectory("guest-scripts");
afterAll(() => rmSync(directory, { recursive: true }));

const put = (name: string, text: string): void => {
  mkdirSync(join(directory, name, ".."), { recursive: true });
  writeFileSync(join(directory, name), text);
  chmodSync(join(directory, name), 0o755);
};

/** The programs that head-end.sh starts, with their arguments. */
function started(): string {
  const script = readFileSync(join(import.meta.dir, "guest/head-end.sh"), "utf8")
    .replaceAll(/(?<=[ =<"(])\/(?=var|usr|etc|run|dev)/g, `${directory}/`)
    .replaceAll(/cat \/run/g, `cat ${directory}/run`);
  const { stdout, exitCode } = Bun.spawnSync(["sh", "-c", script]);
  expect(exitCode).toBe(0);
  return stdout.toString().trim().replaceAll(directory, "");
}

const SAY = '#!/bin/sh\necho "$0 $*"\n';
/** `part boot` prints the output that the test sets, or fails. */
const ROOT = `#!/bin/sh
if [ "$1 $2" = "part boot" ]; then
  echo "$*" > ${directory}/asked
  cat ${directory}/boot
  exit
fi
echo "$0 $*"
`;
put("usr/bin/wingman", ROOT);
put("run/server", "a\n");
put("dev/ttyS1", "");

const SLOTS = "var/lib/wingman/slots";
const FROM_ROOT = "/usr/bin/wingman run --server a --config /etc/wingman/aircraft.json";

test("without a slot it is the executable of the read-only root, and nothing is counted", () => {
  expect(started()).toBe(FROM_ROOT);
  expect(existsSync(join(directory, "asked"))).toBe(false);
});

test("what part boot prints goes before it, with its own configuration where it has one", () => {
  put(`${SLOTS}/b/wingman`, SAY);
  symlinkSync("b", join(directory, SLOTS, "current"));
  put("boot", `${directory}/${SLOTS}/b/wingman\n`);
  const slot = `/${SLOTS}/b`;
  expect(started()).toBe(`${slot}/wingman run --server a --config /etc/wingman/aircraft.json`);
  expect(readFileSync(join(directory, "asked"), "utf8")).toBe(
    `part boot --config ${directory}/etc/wingman/aircraft.json\n`,
  );
  put(`${SLOTS}/b/aircraft.json`, "{}");
  expect(started()).toBe(`${slot}/wingman run --server a --config ${slot}/aircraft.json`);
});

test("where part boot fails, no slot is whole, and the read-only root flies", () => {
  rmSync(join(directory, "boot"));
  expect(started()).toBe(FROM_ROOT);
});
