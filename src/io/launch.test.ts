import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { signalAll } from "../../test/harness/signals.ts";
import { until } from "../../test/harness/until.ts";
import { signalGroup } from "../supervisor/process-group.ts";
import { EACCES, ENOENT } from "./errno.ts";

const SOURCE = join(import.meta.dir, "../../test/children/launch-child.ts");
const directory = scratchDirectory("launch");
const EXECUTABLE = join(directory, "launch-child");
const ESRCH = 3;
const ENOEXEC = 8;
/** Nobody, on every Linux; a number needs no entry in /etc/passwd. */
const USER = "65534";

beforeAll(async () => {
  const built = Bun.spawn(
    [process.execPath, "build", "--compile", SOURCE, "--outfile", EXECUTABLE],
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  expect(await built.exited).toBe(0);
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true }));

const started: number[] = [];
afterEach(() => {
  signalAll(started.splice(0), "SIGKILL");
});

/** Process group, session and name of a process; null when it has ended (a zombie has, too). */
function stateOf(
  pid: number,
): { program: string; parent: number; group: number; session: number } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return null;
  const program = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
  return {
    program,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
  };
}

const statusField = (pid: number, name: string): string =>
  new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ??
  "missing";

for (const [kind, command] of [
  ["from source", [process.execPath, SOURCE]],
  ["compiled", [EXECUTABLE]],
] as const) {
  describe(`launch, ${kind}`, () => {
    /**
     * A parent of its own that launches `program`; resolves when the program runs and the parent
     * has settled.
     */
    async function supervised(
      program: string[],
      environment: Record<string, string> = {},
    ): Promise<{ parent: Bun.Subprocess; pid: number }> {
      const parent = Bun.spawn([...command, "supervise", ...program], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, ...environment },
      });
      started.push(parent.pid);
      let output = "";
      const decoder = new TextDecoder();
      for await (const chunk of parent.stdout) {
        output += decoder.decode(chunk);
        if (output.includes("settled")) break;
      }
      const pid = Number.parseInt(output, 10);
      started.push(pid);
      // The last that exec sets up is the command line.
      await until("the program runs", () =>
        readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(`${program[0]}\0`),
      );
      return { parent, pid };
    }

    test("the program has its own session and process group, clean signals and only three descriptors", async () => {
      const { parent, pid } = await supervised(["/bin/sleep", "600"]);
      expect(stateOf(pid)).toEqual({
        program: "sleep",
        parent: parent.pid,
        group: pid,
        session: pid,
      });
      for (const field of ["SigBlk", "SigIgn", "SigCgt"])
        expect(statusField(pid, field)).toBe("0000000000000000");
      const descriptors = () => readdirSync(`/proc/${pid}/fd`).sort().join();
      await until("it has closed what it opened at its start", () => descriptors() === "0,1,2");
      expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toBe("/bin/sleep\x00600\x00");
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      expect(environment).toContain("LAUNCHED=yes");
      expect(environment.some((variable) => variable.startsWith("DROPPED="))).toBe(false);
    }, 60_000);

    test("the program dies with its parent, and only then", async () => {
      const { parent, pid } = await supervised(["/bin/sleep", "600"]);
      expect(stateOf(pid)).not.toBeNull();
      parent.kill("SIGKILL");
      await until("the program is gone", () => stateOf(pid) === null);
    }, 60_000);

    // The kernel forgets whose death a process shares when it becomes another user.
    test.skipIf(process.getuid?.() !== 0)(
      "the program of another user dies with its parent, too",
      async () => {
        const { parent, pid } = await supervised(["/bin/sleep", "600"], { LAUNCHED_AS: USER });
        expect(statusField(pid, "Uid")).toBe(USER);
        parent.kill("SIGKILL");
        await until("the program is gone", () => stateOf(pid) === null);
      },
      60_000,
    );

    test("SIGTERM to its group ends all of the program", async () => {
      const { pid } = await supervised(["/bin/sleep", "600"]);
      signalGroup(pid, "SIGTERM");
      await until("the program is gone", () => stateOf(pid) === null);
    }, 60_000);

    test("reports why the program cannot be executed", async () => {
      const launched = async (parentPid: number, program: string): Promise<string> => {
        const child = Bun.spawn([...command, String(parentPid), program], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        return (await new Response(child.stdout).text()).trim();
      };
      const [text, empty] = [join(directory, "text"), join(directory, "empty")];
      writeFileSync(text, "not to be executed\n", { mode: 0o644 });
      writeFileSync(empty, "no program\n", { mode: 0o755 });
      expect(await launched(process.pid, "/nonexistent/program")).toBe(String(ENOENT));
      expect(await launched(process.pid, text)).toBe(String(EACCES));
      expect(await launched(process.pid, "/tmp")).toBe(String(EACCES));
      expect(await launched(process.pid, empty)).toBe(String(ENOEXEC));
      expect(await launched(process.pid, "sleep")).toBe(String(ENOENT)); // no search through PATH
      expect(await launched(1, "/bin/true")).toBe(String(ESRCH)); // its parent is another one
    }, 60_000);
  });
}
