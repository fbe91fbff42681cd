/** Records from the engine to its supervisor. */
import { assert } from "../assert.ts";
import { LOG_QUEUE_FULL } from "../boundary/maintenance-code.ts";
import { CONTROL_LOG, CONTROL_RECORD_BYTES, encodeControl, NO_INDEX } from "../wire/control.ts";
import type { RecordSocket } from "./control-socket.ts";
import { NativeMemory } from "./native-memory.ts";

export class SupervisorRecords {
  private readonly record = new NativeMemory(CONTROL_RECORD_BYTES);
  private lost = 0;

  constructor(private readonly socket: RecordSocket) {}

  /**
   * Never waits. A record without room in the queue is lost and counted; the loss is reported as
   * soon as there is room again.
   */
  tell(kind: number, index: number, a: number, b: number, c: number): boolean {
    if (this.lost > 0) {
      encodeControl(this.record.view, CONTROL_LOG, NO_INDEX, LOG_QUEUE_FULL, this.lost, 0);
      if (this.socket.send(this.record) === 0) this.lost = 0;
    }
    encodeControl(this.record.view, kind, index, a, b, c);
    if (this.socket.send(this.record) === 0) return true;
    this.lost++;
    return false;
  }

  request(kind: number, index: number, argument: number): void {
    // A process that is neither started nor stopped would break every promise: a restart of the
    // engine is better.
    assert(this.tell(kind, index, argument, 0, 0), "the supervisor reads its requests");
  }
}
