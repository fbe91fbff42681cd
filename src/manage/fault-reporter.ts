/**
 * Reports the active faults to the engine once a second, always all reportable ones, because the
 * engine may have restarted. The engine passes them on to the other servers. Nothing here waits.
 */
import { RecordSocket } from "../io/control-socket.ts";
import { SystemError } from "../io/errno.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { FAULTS_TOLD_MAX } from "../limits.ts";
import {
  CONTROL_FAULT,
  CONTROL_RECORD_BYTES,
  encodeControl,
  faultPlaceAndCount,
  NO_INDEX,
} from "../wire/control.ts";

/** An active fault of this server. */
export interface ActiveFault {
  readonly code: number;
  /** −1: no function. */
  readonly functionIndex: number;
  readonly class: number;
  /** Seconds since it became active. */
  readonly ageS: number;
}

const record = new NativeMemory(CONTROL_RECORD_BYTES);
const COUNT_MAX = 255;

/** Sends them, the gravest and newest first. A failed message is repeated the next time. */
export function reportFaults(engineSocket: string, faults: readonly ActiveFault[]): void {
  const told = faults
    .toSorted((one, other) => one.class - other.class || one.ageS - other.ageS)
    .slice(0, FAULTS_TOLD_MAX);
  const count = Math.min(faults.length, COUNT_MAX);
  let socket: RecordSocket;
  try {
    socket = RecordSocket.connected(engineSocket);
  } catch (error) {
    if (error instanceof SystemError) return; // no engine runs
    throw error;
  }
  try {
    if (told.length === 0) send(socket, 0, 0, 0, NO_INDEX, 0);
    told.forEach(({ code, functionIndex, ageS }, place) => {
      send(socket, place, count, code, functionIndex < 0 ? NO_INDEX : functionIndex, ageS);
    });
  } finally {
    socket.close();
  }
}

function send(
  socket: RecordSocket,
  place: number,
  count: number,
  code: number,
  index: number,
  ageS: number,
): void {
  encodeControl(record.view, CONTROL_FAULT, index, faultPlaceAndCount(place, count), code, ageS);
  socket.send(record);
}
