/** Another program uses the line of the console: getty, above all. */
import { afterEach, expect, test } from "bun:test";
import { signal } from "../harness/signals.ts";
import { Terminal } from "../harness/terminal.ts";
import { until } from "../harness/until.ts";
import { whenActive, whenOver } from "./fault-states.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
let terminal: Terminal;
let getty: Bun.Subprocess | null = null;
afterEach(async () => {
  getty?.kill("SIGKILL");
  terminal.close();
  await field.close();
});

/** The real one, which makes the line its controlling terminal. */
function startGetty(): Bun.Subprocess {
  const device = terminal.path.replace("/dev/", "");
  return Bun.spawn(["setsid", "--wait", "agetty", "--noclear", "115200", device], {
    stdio: ["ignore", "ignore", "ignore"],
    detached: true,
  });
}

async function endGetty(): Promise<void> {
  // setsid waits for it, and does not pass signals on
  const family = Bun.spawnSync(["ps", "-o", "pid=", "--ppid", String(getty?.pid)]).stdout;
  for (const pid of family.toString().trim().split(/\s+/)) signal(Number(pid), "SIGKILL");
  await getty?.exited;
}

for (const isFirst of [true, false]) {
  test(`a getty that is there ${isFirst ? "first" : "later"} is named, and the console comes back when it goes`, async () => {
    field = new Field();
    terminal = new Terminal();
    const { a } = field;
    if (isFirst) getty = startGetty();
    const maintenance = { console: { device: terminal.path, baud: 115_200 } };
    a.start({ ...FIELD_TABLE, maintenance });
    await until("a is active", () => a.state()?.phase === "active");
    if (!isFirst) {
      await until("the console answers", async () => {
        await terminal.type("\r");
        return (await terminal.during(100)).includes(">");
      });
      getty = startGetty();
    }
    const shown = await whenActive(a, "WNG-0456");
    expect(shown).toContain("getty (pid ");
    expect(shown).toContain(terminal.path);
    await endGetty();
    await whenOver(a, "WNG-0456");
  });
}
