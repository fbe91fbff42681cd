/**
 * A large load that was received completely, while it is checked and stored: manage answers all the
 * time, and an early end neither changes what is installed nor leaves anything behind. Needs root
 * and `ip`.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DataLoadState } from "../../src/dataload/data-load.ts";
import { decodeUploadStatus } from "../../src/dataload/upload-files.ts";
import { ACCEPT_LOAD } from "../../src/manage/load-message.ts";
import { readTrustedKeys } from "../../src/part/trust.ts";
import { argumentsOf } from "../../src/rig/process-table.ts";
import { verifySlot } from "../../src/slots/slot-contents.ts";
import { SlotStore } from "../../src/slots/slot-store.ts";
import { ConsoleLine } from "../harness/console-line.ts";
import { WINGMAN } from "../harness/real-servers.ts";
import { signal, signalAll } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { Loader } from "./loader.ts";
import { LoadingField, TARGET } from "./loading-field.ts";
import { HEADER, PART_NUMBER, REQUEST, Signer } from "./signed-part.ts";

/** It is checked for a second, and stored for some hundred milliseconds. */
const BYTES = 60_000_000;
const SMALL_BYTES = 100_000;
/** A manage that checks the load itself answers after 1.5 s and more. */
const ANSWER_MS_MAX = 1000;
const PORT = 8044;

const signer = new Signer();
const big = signer.part(BYTES);
let place: LoadingField;
beforeEach(() => {
  place = new LoadingField();
});
afterEach(async () => {
  await place.end();
});

function offer({ files }: typeof big): void {
  for (const [name, content] of files) place.loader.write(name, content);
}

/** Begins the upload of what is offered. */
async function beginUpload(): Promise<void> {
  expect(place.begin("LUI").status).toBe(1);
  await until("the status of the upload", () => place.loader.has("WINGHESA_L.LUS"));
  expect(place.loader.put("WINGHESA_L.LUR", REQUEST)).toBe("");
}

/** A small part comes into slot a, and flies. */
async function flySmallPart(): Promise<SlotStore> {
  offer(signer.part(SMALL_BYTES));
  await beginUpload();
  expect(await place.ended()).toMatchObject({ completed: true });
  const store = new SlotStore(place.slots);
  store.activate();
  store.confirm();
  return store;
}

/** The small part is whole, and nothing of another one is there. */
function expectOldPartAlone(store: SlotStore): void {
  const keys = readTrustedKeys([join(place.server.runDirectory, "part-key.pub.pem")], "/");
  expect(store.current).toBe("a");
  verifySlot(store.path("a"), keys.ok ? keys.keys : []);
  expectNoTraces(["a", "current", "state.json"]);
}

function expectNoTraces(inSlots: readonly string[]): void {
  expect(readdirSync(place.slots).sort()).toEqual([...inSlots]);
  const names = readdirSync(place.server.stateDirectory);
  expect(names.filter((name) => name.startsWith("data-load"))).toEqual([]);
  expect(takers()).toEqual([]);
}

const roleOf = (pid: number): string => argumentsOf(pid)[1] ?? "";
const takers = (): number[] =>
  place.server.host.processes().filter((pid) => roleOf(pid) === "take");

/** Waits until the load is at that, and looks so often that it sees it. */
async function isAt(doing: string): Promise<void> {
  const line = await ConsoleLine.open(place.server.runDirectory);
  try {
    await until(doing, async () => (await line.ask("show dataload")).answer.includes(doing));
  } finally {
    line.close();
  }
}

/** The process that takes the load, stopped while it is at that. */
async function stoppedAt(doing: string): Promise<number> {
  await isAt("checking");
  const pid = takers()[0] ?? 0;
  if (doing === "storing")
    await until(doing, () => existsSync(join(place.slots, ".incoming/wingman")));
  signal(pid, "SIGSTOP");
  return pid;
}

/** Between two questions: neither checking nor storing is over in so little time. */
const SLICE_MS = 30;

/** Lets the process that takes the load go on for a moment, and stops it again. */
async function goOnForAMoment(): Promise<void> {
  signalAll(takers(), "SIGCONT");
  await Bun.sleep(SLICE_MS);
  signalAll(takers(), "SIGSTOP");
}

test("while it is checked and stored console and page answer, and tell how far it is", async () => {
  await place.start(signer.trust, { listen: TARGET, position: "L" }, { web: {} });
  offer(big);
  const line = await ConsoleLine.open(place.server.runDirectory);
  const page = `http://127.0.0.1:${PORT}/state.json`;
  try {
    await beginUpload();
    const told = new Set<string>();
    const onPage = new Set<string>();
    let slowestMs = 0;
    await until(
      "the end",
      async () => {
        await goOnForAMoment();
        const { answer, tookMs } = await line.ask("show dataload | json");
        const { operation, last } = JSON.parse(answer) as DataLoadState;
        const words = operation?.description ?? "";
        if (words !== "") {
          told.add(words);
          slowestMs = Math.max(slowestMs, tookMs);
          const beganMs = performance.now();
          const state = JSON.parse(place.server.host.run("curl", "-s", page));
          slowestMs = Math.max(slowestMs, performance.now() - beganMs);
          onPage.add(state.dataLoad.operation?.description ?? "");
        }
        return operation === null && last !== null;
      },
      120_000,
    );
    for (const seen of [told, onPage]) {
      const at = (doing: RegExp): number => [...seen].filter((words) => doing.test(words)).length;
      expect(at(/^checking, \d+ %$/)).toBeGreaterThan(1);
      expect(at(/^storing in slot a, \d+ %$/)).toBeGreaterThan(0);
    }
    expect(slowestMs).toBeLessThan(ANSWER_MS_MAX);
  } finally {
    line.close();
  }
  expect(place.state()?.last).toMatchObject({ completed: true, why: PART_NUMBER });
  const { description } = decodeUploadStatus(place.loader.read("WINGHESA_L.LUS"));
  expect(description).toBe(`${PART_NUMBER} in slot a; activate it`);
  expectNoTraces(["a"]);
});

test("a second upload meanwhile is refused, by the same loader and by another, and so is a part by hand", async () => {
  await place.start(signer.trust);
  const other = new Loader(place.field.network.addHost("10.44.9.2/16"), "10.44.9.2", TARGET);
  try {
    offer(big);
    await beginUpload();
    await isAt("checking");
    expect(place.begin("LUI")).toEqual({ status: 0x1000, description: "the upload is not over" });
    expect(other.get("WINGHESA_L.LUI")).toHaveLength(0);
    for (const command of [["install", "."], ["activate"], ["good"], ["rollback"]]) {
      const { code, err } = place.part(...command);
      const words =
        command[0] === "install" ? "another installation is running" : "a part is being";
      expect([code, err]).toEqual([1, expect.stringContaining(words)]);
    }
    expect(await place.ended()).toMatchObject({ completed: true, why: PART_NUMBER });
  } finally {
    await other.end();
  }
  expectNoTraces(["a"]);
});

test.each(["checking", "storing"])(
  "off the ground while it is at %s: the part before flies on, and nothing is left",
  async (doing) => {
    await place.start(signer.trust);
    const store = await flySmallPart();
    offer(big);
    await beginUpload();
    const pid = await stoppedAt(doing);
    writeFileSync(join(place.server.runDirectory, "on-ground"), "0");
    const why = "the aircraft is no longer on ground";
    await until("it is told", () => place.state()?.operation?.description === why);
    signal(pid, "SIGCONT");
    expect(await place.ended()).toMatchObject({ completed: false, why });
    expect(decodeUploadStatus(place.loader.read("WINGHESA_L.LUS"))).toMatchObject({
      ...{ status: 0x1003, description: why },
      loads: [{ status: 0x1007 }],
    });
    expectOldPartAlone(store);
  },
);

test.each(["checking", "storing"])(
  "manage is killed while it is at %s: the part before flies on, the next manage leaves nothing, and loads",
  async (doing) => {
    await place.start(signer.trust);
    const store = await flySmallPart();
    offer(big);
    await beginUpload();
    await isAt(doing);
    const pid = place.server.processes().find((one) => roleOf(one) === "manage") ?? 0;
    signal(pid, "SIGKILL");
    await until("another one", () => {
      const state = place.state();
      return state?.address === TARGET && state.operation === null && takers().length === 0;
    });
    await until("all is cleared", () => !existsSync(place.loads) && takers().length === 0);
    await until("the slots are cleared", () => !readdirSync(place.slots).includes(".incoming"));
    expectOldPartAlone(store);
    await place.saysGround("ON GROUND");
    offer(signer.part(SMALL_BYTES));
    await beginUpload();
    expect(await place.ended()).toMatchObject({ completed: true, why: PART_NUMBER });
    expect(store.current).toBe("a");
    expectNoTraces(["a", "b", "current", "state.json"]);
  },
);

test("the receiving process is killed: the loader gets an error, the previous part flies on, and the next load succeeds", async () => {
  await place.start(signer.trust);
  const store = await flySmallPart();
  offer(big);
  await beginUpload();
  signal(await stoppedAt("storing"), "SIGKILL");
  const why = "the process that takes it has ended: SIGKILL";
  expect(await place.ended()).toMatchObject({ completed: false, why });
  expectOldPartAlone(store);
});

test("killed between installation and removal: the next start removes the load, and the part stays", async () => {
  const { files } = signer.part(SMALL_BYTES);
  await place.start(signer.trust);
  await place.server.stop();
  mkdirSync(place.loads);
  for (const [name, content] of files) writeFileSync(join(place.loads, name), content);
  const child = Bun.spawn(
    [
      ...[WINGMAN, "take", "--config", place.server.configFile, "--directory", "/"],
      ...["--load", place.loads],
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  let said = "";
  for await (const bytes of child.stdout) {
    said += Buffer.from(bytes).toString();
    if (said.includes("asks")) child.stdin.write(ACCEPT_LOAD);
  }
  expect(await child.exited).toBe(0);
  expect(said).toContain('"accepted":true');
  expect(readdirSync(place.loads)).toContain(HEADER);
  expect(new SlotStore(place.slots).has("a")).toBe(true);
  await place.restart();
  await until("the load is gone", () => !existsSync(place.loads) && takers().length === 0);
  expectNoTraces(["a"]);
  expect(readFileSync(join(place.slots, "a/wingman"))).toHaveLength(SMALL_BYTES);
});
