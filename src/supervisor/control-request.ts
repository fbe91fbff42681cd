/** How the commands beside a running daemon ask its engine for something. */

import { NOTHING_RECEIVED, RecordSocket } from "../io/control-socket.ts";
import { EACCES, ECONNREFUSED, ENOENT, EPERM, errnoName, SystemError } from "../io/errno.ts";
import { NativeMemory } from "../io/native-memory.ts";
import {
  CONTROL_DONE,
  CONTROL_RECORD_BYTES,
  CONTROL_REFUSED,
  controlKind,
  encodeControl,
  NO_INDEX,
} from "../wire/control.ts";

/** The engine answers within one period, at most 1 s. */
const ANSWER_MS_MAX = 2000;
const LOOK_MS = 2;

/** The engine did not do what it was asked for. The message says why, for a human. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/**
 * Sends one record of `kind` to the engine behind `socketPath` and waits for its answer.
 * @throws RequestError when nobody is there, there is no answer, or the engine refuses
 */
export async function requestEngine(socketPath: string, kind: number, answerMsMax = ANSWER_MS_MAX): Promise<void> {
  const socket = connect(socketPath);
  try {
    const request = new NativeMemory(CONTROL_RECORD_BYTES);
    encodeControl(request.view, kind, NO_INDEX, 0, 0, 0);
    const error = socket.send(request);
    if (error !== 0) throw new RequestError(`the engine cannot be asked: ${errnoName(error)}`);
    const untilMs = performance.now() + answerMsMax;
    while (performance.now() < untilMs) {
      if (socket.receive() === NOTHING_RECEIVED) {
        await Bun.sleep(LOOK_MS);
        continue;
      }
      const answer = controlKind(socket.received.view);
      if (answer === CONTROL_DONE) return;
      if (answer === CONTROL_REFUSED) throw new RequestError("the engine refuses");
    }
    throw new RequestError(`the engine did not answer within ${answerMsMax} ms`);
  } finally {
    socket.close();
  }
}

function connect(path: string): RecordSocket {
  try {
    return RecordSocket.connected(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.errno === ENOENT) throw new RequestError(`not running: there is no ${path}`);
    if (error.errno === ECONNREFUSED) throw new RequestError(`not running: nobody listens at ${path}`);
    if (error.errno === EACCES || error.errno === EPERM) throw new RequestError(`not permitted: ${path}`);
    throw new RequestError(error.message);
  }
}
