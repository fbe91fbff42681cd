/** Requests of the commands beside a running daemon to its engine. */

import { NOTHING_RECEIVED, RecordSocket } from "../io/control-socket.ts";
import { EACCES, ECONNREFUSED, ENOENT, EPERM, errnoName, SystemError } from "../io/errno.ts";
import { NativeMemory } from "../io/native-memory.ts";
import {
  CONTROL_DONE,
  CONTROL_MOVE,
  CONTROL_RECORD_BYTES,
  CONTROL_REFUSED,
  controlArgument,
  controlKind,
  encodeControl,
  MOVE_REFUSALS,
  NO_INDEX,
} from "../wire/control.ts";

/** The engine answers within one period, at most 1 s. */
const ANSWER_MS_MAX = 2000;
const POLL_MS = 2;

/** The engine did not carry out a request. The message says why, for a human. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** @param code one upper-case word for programs: ENGINE, or the code of a MOVE_REFUSALS entry */
  constructor(
    message: string,
    readonly code = "ENGINE",
  ) {
    super(message);
  }
}

/**
 * Sends one record of `kind` to the engine behind `socketPath` and waits for its answer.
 * CONTROL_MOVE takes the index of the function and, as its argument, the index of the target
 * server; its answer comes when the move begins.
 * @throws RequestError when nobody is there, there is no answer, or the engine refuses
 */
export async function requestEngine(
  socketPath: string,
  kind: number,
  index = NO_INDEX,
  argument = 0,
  answerMsMax = ANSWER_MS_MAX,
): Promise<void> {
  const socket = connect(socketPath);
  try {
    const request = new NativeMemory(CONTROL_RECORD_BYTES);
    encodeControl(request.view, kind, index, argument, 0, 0);
    const error = socket.send(request);
    if (error !== 0) throw new RequestError(`the engine cannot be asked: ${errnoName(error)}`);
    const untilMs = performance.now() + answerMsMax;
    while (performance.now() < untilMs) {
      if (socket.receive() === NOTHING_RECEIVED) {
        await Bun.sleep(POLL_MS);
        continue;
      }
      const { view } = socket.received;
      const answer = controlKind(view);
      if (answer === CONTROL_DONE) return;
      if (answer !== CONTROL_REFUSED) continue;
      const refusal = kind === CONTROL_MOVE ? MOVE_REFUSALS[controlArgument(view, 1)] : undefined;
      throw refusal === undefined
        ? new RequestError("the engine refuses")
        : new RequestError(refusal.text, refusal.code);
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
    if (error.errno === ECONNREFUSED)
      throw new RequestError(`not running: nobody listens at ${path}`);
    if (error.errno === EACCES || error.errno === EPERM)
      throw new RequestError(`not permitted: ${path}`);
    throw new RequestError(error.message);
  }
}
