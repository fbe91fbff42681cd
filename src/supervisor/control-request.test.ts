import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { RecordSocket } from "../io/control-socket.ts";
import { EACCES, ENAMETOOLONG, EPERM, SystemError } from "../io/errno.ts";
import { NativeMemory } from "../io/native-memory.ts";
import {
  CONTROL_DONE,
  CONTROL_DRAIN,
  CONTROL_MOVE,
  CONTROL_PHASE,
  CONTROL_RECORD_BYTES,
  CONTROL_REFUSED,
  controlArgument,
  controlFunction,
  controlKind,
  encodeControl,
  MOVE_REFUSED_ROOM,
  NO_INDEX,
} from "../wire/control.ts";
import { RequestError, requestEngine } from "./control-request.ts";

let directory: string;
let path: string;
let engine: RecordSocket;
let turns: NodeJS.Timeout | undefined;
/** What the engine was asked for: kind, function and first argument. */
let asked: number[][];

beforeEach(() => {
  directory = scratchDirectory("request");
  path = join(directory, "engine.sock");
  engine = RecordSocket.bound(path);
  asked = [];
});
afterEach(() => {
  clearInterval(turns);
  engine.close();
  rmSync(directory, { recursive: true });
});

/** The engine answers with these records: kind, and the reason of a refusal. */
function answers(...records: [kind: number, refusal: number][]): void {
  const answer = new NativeMemory(CONTROL_RECORD_BYTES);
  turns = setInterval(() => {
    if (engine.receive() !== CONTROL_RECORD_BYTES) return;
    const { view } = engine.received;
    asked.push([controlKind(view), controlFunction(view), controlArgument(view, 0)]);
    for (const [kind, refusal] of records) {
      encodeControl(answer.view, kind, NO_INDEX, asked[0][0], refusal, 0);
      engine.reply(answer);
    }
  }, 1);
}

/** Why it was not done. */
async function refusal(request: Promise<void>): Promise<[code: string, message: string]> {
  const error = await request.then(
    () => new Error("it was done"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RequestError)) throw error;
  return [error.code, error.message];
}

test("a move names the function and the target; messages that are no answer are ignored", async () => {
  answers([CONTROL_PHASE, 0], [CONTROL_DONE, 0]);
  await requestEngine(path, CONTROL_MOVE, 3, 1);
  expect(asked).toEqual([[CONTROL_MOVE, 3, 1]]);
});

test("a refused move is reported with its reason, anything else without", async () => {
  answers([CONTROL_REFUSED, MOVE_REFUSED_ROOM]);
  expect(await refusal(requestEngine(path, CONTROL_MOVE, 3, 1))).toEqual([
    "ROOM",
    "there is no room without stopping something, or a partner (apart or together) prevents it",
  ]);
  expect(await refusal(requestEngine(path, CONTROL_DRAIN))).toEqual([
    "ENGINE",
    "the engine refuses",
  ]);
  expect(readdirSync(directory)).toEqual(["engine.sock"]);
});

test("no answer: reported after the time limit, and nothing of the question is left", async () => {
  expect(await refusal(requestEngine(path, CONTROL_DRAIN, NO_INDEX, 0, 20))).toEqual([
    "ENGINE",
    "the engine did not answer within 20 ms",
  ]);
  expect(readdirSync(directory)).toEqual(["engine.sock"]);
});

test.each([
  [EACCES, /^not permitted: \S+engine.sock$/],
  [EPERM, /^not permitted: \S+engine.sock$/],
  [ENAMETOOLONG, /^connect: .*ENAMETOOLONG/],
])("errno %d: a reason that people understand", async (errno, message) => {
  const connected = spyOn(RecordSocket, "connected").mockImplementation(() => {
    throw new SystemError("connect", errno);
  });
  try {
    expect((await refusal(requestEngine(path, CONTROL_DRAIN)))[1]).toMatch(message);
  } finally {
    connected.mockRestore();
  }
});
