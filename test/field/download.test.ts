/** The log is downloaded twice: a receiver skips a file whose name it already has. */
import { afterEach, expect, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { WINGMAN } from "../harness/real-servers.ts";
import { receiveByRz } from "../harness/rz.ts";
import { Terminal } from "../harness/terminal.ts";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
let terminal: Terminal;
afterEach(async () => {
  terminal.close();
  await field.close();
});

/** A real `rz` at the line; returns the console's output afterwards. */
async function download(directory: string, what: string): Promise<string> {
  await terminal.type(`download ${what}\r`);
  await terminal.until("CTRL-X CANCEL\r\n");
  await receiveByRz(terminal, directory);
  return await terminal.until(/(OK|ERR \w+)\r\n/);
}

test("log and legs, each twice into one folder: four files", async () => {
  field = new Field();
  terminal = new Terminal();
  const { a } = field;
  const maintenance = { console: { device: terminal.path }, log: { sizeKiB: 64 } };
  a.start({ ...FIELD_TABLE, maintenance });
  await until("the console answers", async () => {
    await terminal.type("\r");
    return (await terminal.during(100)).includes(">");
  });
  const directory = join(field.directory, "downloads");
  mkdirSync(directory);
  for (const what of ["log", "log", "legs", "legs"])
    expect(await download(directory, what)).toContain("OK");
  const names = readdirSync(directory).sort();
  expect(names.length).toBe(4);
  for (const name of names)
    expect(name).toMatch(/^wingman-a-leg0-\d{8}T\d{9}Z-(log\.bin|legs\.csv)$/);
  const log = names.find((name) => name.endsWith("log.bin")) ?? "";
  expect(Bun.spawnSync([WINGMAN, "log", "verify", join(directory, log)]).exitCode).toBe(0);
});
