/** The maintenance console over an emulated 16550, as used by a mechanic's terminal program. */
import { readFileSync, statSync } from "node:fs";
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { BAUD } from "./aircraft.ts";
import { ConsoleLine } from "./console-line.ts";
import type { HeadEnds } from "./head-ends.ts";
import type { Machine } from "./machine.ts";

const LOG = "/var/lib/wingman/maintenance.log";
/** A record between download and look makes a difference, but rarely twice. */
const DOWNLOADS_MAX = 4;

interface Version {
  readonly buildDigest: string;
}

export async function checkConsole(step: ProcedureStep, headEnds: HeadEnds): Promise<void> {
  const machine = await headEnds.flying("a");
  const line = new ConsoleLine(machine, BAUD);
  try {
    const wakeMs = await line.wake();
    step.did(`pressed Enter at the other end of the UART, ${BAUD} bit/s`);
    step.check(
      "wakes",
      'the prompt "wingman a> "',
      `the prompt after ${wakeMs.toFixed(0)} ms`,
      true,
    );
    await talk(step, line, machine);
  } finally {
    line.close();
  }
  await download(step, headEnds, machine);
}

async function talk(step: ProcedureStep, line: ConsoleLine, machine: Machine): Promise<void> {
  for (const [typed, expected] of [
    ["help", "show functions"],
    ["?", "show"],
    ["show ?", "storage"],
  ] as const) {
    const { lines, error } = await line.client.ask(typed);
    const isListed = error === null && lines.some((text) => text.includes(expected));
    const found = isListed ? `${lines.length} lines, ${expected} among them` : lines.join(" ");
    step.check(typed, `lists ${expected}`, found, isListed);
  }

  const beganMs = performance.now();
  const { buildDigest: build } = await line.client.document<Version>("show version");
  const tookMs = performance.now() - beganMs;
  const guest = JSON.parse(await machine.shell.run("wingman version --json")) as Version;
  step.check(
    ...(["show version", `build ${guest.buildDigest}, as the executable says`] as const),
    ...([`build ${build} after ${tookMs.toFixed(0)} ms`, build === guest.buildDigest] as const),
  );
}

async function download(step: ProcedureStep, headEnds: HeadEnds, machine: Machine): Promise<void> {
  let file = "";
  let sha256 = "";
  let original = "";
  let tookMs = 0;
  for (
    let downloads = 0;
    downloads < DOWNLOADS_MAX && (file === "" || sha256 !== original);
    downloads++
  ) {
    const beganMs = performance.now();
    file = await headEnds.downloadLog(machine);
    tookMs = performance.now() - beganMs;
    sha256 = new Bun.CryptoHasher("sha256").update(readFileSync(file)).digest("hex");
    original = (await machine.shell.run(`sha256sum ${LOG}`)).split(" ")[0] ?? "";
  }
  step.did("received what download log sends with rz");
  step.check(
    ...([
      "downloaded by ZMODEM",
      `SHA-256 ${original.slice(0, 16)}…, as the file on the machine`,
    ] as const),
    `SHA-256 ${sha256.slice(0, 16)}…, ${statSync(file).size} bytes in ${(tookMs / 1000).toFixed(1)} s`,
    sha256 === original,
  );
  const { passed, said } = await headEnds.verifyLog(file);
  step.check("wingman log verify on this machine", "passes", said, passed);
}
