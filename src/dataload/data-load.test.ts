/** A target and a loader in one process, with short times: what ends an operation, and how. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { loadHeader } from "../../test/dataload/load-set.ts";
import { until } from "../../test/harness/until.ts";
import { DataLoad, type DataLoadEvent } from "./data-load.ts";
import { decodeDownloadStatus, encodeFileChoice, encodeFileRequest } from "./download-files.ts";
import { decodeInitialization } from "./initialization-file.ts";
import { TftpClient } from "./tftp-client.ts";
import { type TftpRefusal, TftpServer } from "./tftp-server.ts";
import { decodeUploadStatus, encodeUploadRequest } from "./upload-files.ts";
import type { FinishWay } from "./upload-target.ts";

const OWN = "127.0.0.1";
const TFTP = { timeoutMs: 1000, retries: 1 };
/** Nothing ends by them unless a test wants it. */
const PATIENT = { silenceMs: 40_000, choiceMs: 40_000 };
const PART_NUMBER = "WNG5D00020001";
const HEADER = "A.LUH";
const DATA = { name: "A.BIN", content: new Uint8Array(3000).fill(7) };

let loaderServer: TftpServer;
let target: DataLoad;
let close: () => void;
let client: TftpClient;
let loaderPort: number;
let isOnGround: boolean;
let verdict: { accepted: boolean; why: string };
/** What the target of uploads does before its verdict. */
let finishing: (way: FinishWay) => Promise<void>;
/** What the target of uploads was told. */
let calls: string[];
let events: [DataLoadEvent, string][];
/** What the loader answers to a write; null: it takes it. */
let refuse: (file: string) => TftpRefusal | null;
let taken: Map<string, Uint8Array>;
let offered: Map<string, Uint8Array>;

beforeEach(() => open(PATIENT));
afterEach(() => shut());

async function open(patience: typeof PATIENT): Promise<void> {
  [isOnGround, verdict, calls, events, taken] = [
    true,
    { accepted: true, why: "in" },
    [],
    [],
    new Map(),
  ];
  refuse = () => null;
  finishing = async () => {};
  offered = new Map([
    [HEADER, loadHeader(PART_NUMBER, ["WINGHESA"], [DATA])],
    [DATA.name, DATA.content],
  ]);
  const [port, findPort] = await Promise.all([freePort(), freePort()]);
  loaderPort = await freePort();
  loaderServer = await TftpServer.start({
    ...{ address: OWN, port: loaderPort, times: TFTP },
    answers: {
      read: ({ file }) => {
        const content = offered.get(file);
        return content === undefined ? { code: 1, message: "File not found" } : { content };
      },
      write: ({ file }) =>
        refuse(file) ?? { taken: (content) => void taken.set(file.split(".")[1] ?? "", content) },
    },
  });
  target = new DataLoad({
    ...{ listen: OWN, port, findPort, vips: [], literal: "BOX", type: "T" },
    identity: { hardware: "WINGHESA", position: "L", manufacturer: "WNG" },
    isOnGround: () => isOnGround,
    refusal: () => (isOnGround ? null : "in the air"),
    hardware: () => [],
    downloads: () => [{ name: "log.txt", description: "", content: () => DATA.content }],
    target: {
      room: async () => 1_000_000,
      begin: async () => void calls.push("begin"),
      create: async (name) => void calls.push(name),
      write: async () => {},
      close: async () => {},
      finish: async (way) => {
        calls.push("finish");
        await finishing(way);
        return verdict;
      },
      abort: async () => void calls.push("abort"),
    },
    note: (event, detail) => events.push([event, detail]),
    times: { tftp: TFTP, statusMs: 50, groundPollMs: 20, ...patience },
  });
  close = await target.start();
  client = new TftpClient({ own: OWN, server: { address: OWN, port }, times: TFTP });
}

function shut(): void {
  close();
  loaderServer.stop();
}

/** Anew, with less patience. */
async function reopen(patience: Partial<typeof PATIENT>): Promise<void> {
  shut();
  await open({ ...PATIENT, ...patience });
}

async function freePort(): Promise<number> {
  const socket = await Bun.udpSocket({ hostname: OWN });
  const { port } = socket;
  socket.close();
  return port;
}

/**
 * Asks for an operation; its answer. The loader's port is told by another port than the server's:
 * see `port`.
 */
async function begin(ending: string): Promise<{ status: number; description: string }> {
  const blocks: Uint8Array[] = [];
  const socket = await rawGet(`WINGHESA_L.${ending}`, blocks);
  socket.close();
  return decodeInitialization(Buffer.concat(blocks));
}

/** A client that knows the option `port`, which ours never sends. */
async function rawGet(file: string, blocks: Uint8Array[]) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { port } = (client as unknown as { parts: { server: { port: number } } }).parts.server;
  const socket = await Bun.udpSocket({
    hostname: OWN,
    socket: {
      data: (self, bytes, from, address) => {
        if (bytes[1] === 3) {
          blocks.push(Uint8Array.from(bytes.subarray(4)));
          self.send(Uint8Array.of(0, 4, bytes[2] ?? 0, bytes[3] ?? 0), from, address);
        }
        resolve();
      },
    },
  });
  socket.send(Buffer.from(`\0\x01${file}\0octet\0port\0${loaderPort}\0`, "latin1"), port, OWN);
  await promise;
  return socket;
}

const put = (ending: string, content: Uint8Array) =>
  client.put(`WINGHESA_L.${ending}`, content, new AbortController().signal);

const ended = () =>
  until("the end of the operation", () => target.state().operation === null && target.state().last);

const REQUEST = encodeUploadRequest([{ headerFile: HEADER, partNumber: PART_NUMBER }]);

async function upload() {
  expect((await begin("LUI")).status).toBe(1);
  await until("a status", () => taken.has("LUS"));
  await put("LUR", REQUEST);
}
const lus = () => decodeUploadStatus(taken.get("LUS") ?? new Uint8Array(0));
const lns = () => decodeDownloadStatus(taken.get("LNS") ?? new Uint8Array(0));

test("an upload: its target gets everything in order", async () => {
  await upload();
  expect(await ended()).toMatchObject({ completed: true, why: PART_NUMBER });
  expect(calls).toEqual(["begin", HEADER, DATA.name, "finish"]);
  expect(lus()).toMatchObject({ status: 3, description: "in", percent: 100 });
  expect(events).toEqual([
    ["started", `upload ${OWN}`],
    ["completed", `upload ${OWN}: ${PART_NUMBER}`],
  ]);
});

test("a target that refuses: the loader gets the reason, and the upload fails", async () => {
  verdict = { accepted: false, why: "the signature is wrong" };
  await upload();
  expect(await ended()).toMatchObject({ completed: false, why: "the signature is wrong" });
  expect(lus()).toMatchObject({ status: 0x1003, description: "the signature is wrong" });
  expect(calls.at(-1)).toBe("abort");
});

test("the status shows the target's progress, and is repeated", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  finishing = (way) => {
    way.tell("checking, 7 %");
    return promise;
  };
  await upload();
  await until("the words", () => lus().description === "checking, 7 %");
  expect(target.state().operation).toMatchObject({ description: "checking, 7 %", percent: 100 });
  const { counter } = lus();
  await until("another status", () => lus().counter > counter + 1);
  resolve();
  expect(await ended()).toMatchObject({ completed: true });
});

test("an end while the target is at it ends it, unless it has taken the load", async () => {
  for (const accepted of [false, true]) {
    verdict = { accepted, why: "what the target says" };
    finishing = async ({ signal }) => {
      isOnGround = false;
      await until("the target is told", () => signal.aborted);
    };
    await upload();
    const why = accepted ? PART_NUMBER : "the aircraft is no longer on ground";
    await until("the end", () => target.state().last?.completed === accepted);
    expect(target.state().last?.why).toBe(why);
    expect(lus()).toMatchObject({ status: accepted ? 3 : 0x1003 });
    isOnGround = true;
  }
});

test("a loader that takes no status: over after the silence, for the reason that it gave", async () => {
  await reopen({ silenceMs: 600 });
  refuse = () => ({ code: 3, message: "Disk full" });
  expect((await begin("LUI")).status).toBe(1);
  const { completed, why } = await ended();
  expect([completed, why]).toEqual([
    false,
    "the loader has taken no status for 0.6 s: it refuses WINGHESA_L.LUS: Disk full",
  ]);
  expect(calls).toEqual([]);
});

test("a loader that answers ABORT to a status: over at once, by its operator", async () => {
  expect((await begin("LNO")).status).toBe(1);
  await until("the list", () => taken.has("LNL"));
  refuse = (file) => (file.endsWith(".LNS") ? { code: 0, message: "ABORT:1005" } : null);
  expect(await ended()).toMatchObject({ completed: false, why: "aborted by the operator" });
  expect(events.at(-1)).toEqual(["aborted", `download ${OWN}: aborted by the operator`]);
});

test("a loader that writes no LUR, and an operator without a choice", async () => {
  await reopen({ silenceMs: 3000, choiceMs: 300 });
  expect((await begin("LUI")).status).toBe(1);
  expect((await ended()).why).toBe("the loader has written no LUR for 3 s");
  await until("the loader knows", () => lus().status === 0x1003);
  expect(calls).toEqual([]);
  expect((await begin("LNO")).status).toBe(1);
  await until("another end", () => target.state().last?.kind === "download");
  expect(target.state().last?.why).toBe("the loader has written no LNA for 0.3 s");
});

test("off the ground: refused, and ended", async () => {
  isOnGround = false;
  expect(await begin("LUI")).toEqual({ status: 0x1000, description: "in the air" });
  expect(events).toEqual([["refused", `upload ${OWN}: in the air`]]);
  isOnGround = true;
  expect((await begin("LNO")).status).toBe(1);
  await until("the list", () => taken.has("LNL"));
  isOnGround = false;
  expect((await ended()).why).toBe("the aircraft is no longer on ground");
  expect(lns().status).toBe(0x1003);
});

test("files that were not offered are named, those that were come", async () => {
  expect((await begin("LNO")).status).toBe(1);
  await until("the list", () => taken.has("LNL"));
  await put("LNA", encodeFileChoice(["log.txt"]));
  expect(await ended()).toMatchObject({ completed: true, why: "1 file" });
  expect(taken.get("txt")).toEqual(DATA.content);
  taken.clear();
  expect((await begin("LNO")).status).toBe(1);
  await until("the list", () => taken.has("LNL"));
  await put("LNA", encodeFileChoice(["shadow"]));
  await until("the other end", () => target.state().last?.completed === false);
  expect(lns().files).toEqual([{ name: "shadow", status: 0x1007, description: "was not offered" }]);
});

test("media-defined: the loader names the files; those that are there come, the others are named", async () => {
  const request = (...names: string[]) =>
    encodeFileRequest({ names, userData: Uint8Array.of(1, 2) });
  expect((await begin("LND")).status).toBe(1);
  await put("LNR", request("log.txt"));
  expect(await ended()).toMatchObject({ completed: true, why: "1 file" });
  expect(taken.get("txt")).toEqual(DATA.content);
  expect(taken.has("LNL")).toBe(false);
  expect(lns()).toMatchObject({
    ...{ status: 3, percent: 100 },
    files: [{ name: "log.txt", status: 3, description: "" }],
  });
  taken.clear();
  expect((await begin("LND")).status).toBe(1);
  await put("LNR", request("shadow"));
  const why = "found shadow in LNR, expected names out of log.txt";
  await until("the other end", () => target.state().last?.why === why);
  expect(lns().files).toEqual([
    { name: "shadow", status: 0x1007, description: "there is no such file" },
  ]);
  expect(events.at(-1)).toEqual(["aborted", `media-defined download ${OWN}: ${why}`]);
});

test("media-defined: a loader that names nothing, or too much", async () => {
  await reopen({ silenceMs: 3000 });
  expect((await begin("LND")).status).toBe(1);
  expect((await ended()).why).toBe("the loader has written no LNR for 3 s");
  expect((await begin("LND")).status).toBe(1);
  await put("LNR", encodeFileRequest({ names: ["log.txt", "b"], userData: new Uint8Array(0) }));
  const why = "found 2 files in LNR, expected at most 1";
  await until("the other end", () => target.state().last?.why === why);
});

test("one operation at a time, and files of nothing that is under way are refused", async () => {
  await reopen({ choiceMs: 3000 });
  expect((await begin("LNO")).status).toBe(1);
  expect(await begin("LUI")).toEqual({ status: 0x1000, description: "the download is not over" });
  expect(await begin("LND")).toEqual({ status: 0x1000, description: "the download is not over" });
  await expect(put("LUR", REQUEST)).rejects.toThrow(
    "found WINGHESA_L.LUR during download, expected LNA",
  );
  await ended();
  await expect(put("LNA", REQUEST)).rejects.toThrow("during no operation, expected no file");
});

test("a port that is taken: an error that says which, and nothing stays open", async () => {
  const { parts } = client as unknown as { parts: { server: { port: number } } };
  const taker = await Bun.udpSocket({ hostname: "255.255.255.255" });
  const own = await freePort();
  const other = new DataLoad({
    ...{ listen: OWN, port: own, findPort: taker.port, vips: [], literal: "", type: "" },
    identity: { hardware: "WINGHESA", position: "", manufacturer: "WNG" },
    isOnGround: () => true,
    refusal: () => null,
    hardware: () => [],
    downloads: () => [],
    target: {} as never,
    note: () => {},
  });
  await expect(other.start()).rejects.toThrow(`UDP ${OWN}:${taker.port}: bind EADDRINUSE`);
  taker.close();
  expect(other.state().address).toBeNull();
  (await other.start())();
  expect(parts.server.port).not.toBe(own);
});
