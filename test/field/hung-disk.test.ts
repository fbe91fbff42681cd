/** The disk of the state directory hangs: writes neither come to an end nor fail. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../harness/command.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { whenActive, whenOver } from "./fault-states.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
let disk: HangingDisk | null = null;
afterEach(async () => {
  disk?.hang(false);
  for (const server of field.servers) await server.end();
  disk?.remove();
  disk = null;
  await field.close();
});

/** A file system of its own, which can be frozen. */
class HangingDisk {
  private isHanging = false;

  constructor(private readonly directory: string) {
    const image = `${directory}.image`;
    mkdirSync(directory, { recursive: true });
    run("truncate", "-s", "32M", image);
    run("mkfs.ext4", "-q", image);
    run("mount", "-o", "loop", image, directory);
  }

  hang(hanging = true): void {
    if (hanging !== this.isHanging) run("fsfreeze", hanging ? "-f" : "-u", this.directory);
    this.isHanging = hanging;
  }

  /** Who wrote last may have to end yet. */
  remove(): void {
    run("umount", "--lazy", this.directory);
  }
}

test("an engine that dies is replaced, a daemon that is killed flies again, and people are told", async () => {
  field = new Field();
  const { a } = field;
  disk = new HangingDisk(a.stateDirectory);
  field.start();
  await field.settled();
  const incarnation = (): number => a.state()?.incarnation ?? 0;
  const flies = (after: number): Promise<number> =>
    until("another engine flies", () => {
      const state = a.state();
      return state?.phase === "active" && state.incarnation > after ? state.incarnation : null;
    });

  disk.hang();
  const first = incarnation();
  signal(a.enginePid, "SIGKILL");
  const second = await flies(first);
  expect(await whenActive(a, "WNG-0452")).toContain(a.stateDirectory.slice(0, 40));
  // The console answers as ever.
  expect(a.command("console", "show version").code).toBe(0);

  // The first start with a disk that hangs.
  await a.stop("SIGKILL");
  a.start(FIELD_TABLE);
  const third = await flies(second);
  await whenActive(a, "WNG-0452");
  signal(a.enginePid, "SIGKILL");
  const fourth = await flies(third);

  disk.hang(false);
  await whenOver(a, "WNG-0452");
  const file = join(a.stateDirectory, "incarnation");
  await until("the numbers are stored", () => Number(readFileSync(file, "utf8")) >= fourth);
  expect(existsSync(join(a.stateDirectory, "maintenance.log"))).toBe(true);
  await until("what happened meanwhile is in the log", () =>
    a.command("console", "show log -n 60").out.includes("WNG-0441"),
  );
});
