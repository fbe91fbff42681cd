/**
 * Sends the client notices (patent FIG. 4, S13), one datagram each, prepared at start-up
 * (PROTOCOL.md, "Client notices").
 */
import {
  NOTICE_BYTES,
  type NoticeIdentity,
  prepareNotice,
  sealNotice,
} from "../wire/client-notice.ts";
import { nowUs } from "./monotonic-clock.ts";
import type { MulticastSocket } from "./multicast-socket.ts";
import { NativeMemory } from "./native-memory.ts";

export class ClientNotices {
  /** Notices that could not be sent. */
  failed = 0;
  private sequence = 0;
  private readonly startedUs = nowUs();
  private readonly prepared: readonly NativeMemory[];

  /** @param identities one per function */
  constructor(
    private readonly socket: MulticastSocket,
    identities: readonly NoticeIdentity[],
  ) {
    this.prepared = identities.map((identity) => {
      const memory = new NativeMemory(NOTICE_BYTES);
      prepareNotice(memory.bytes, identity);
      return memory;
    });
  }

  /** Call when the client interface has come back. Returns 0 or an errno. No garbage. */
  rejoin(): number {
    return this.socket.rejoin();
  }

  /** Notifies the clients of function `index`: NOTICE_* kind and reason. Never waits. */
  send(index: number, kind: number, reason: number): void {
    const notice = this.prepared[index] as NativeMemory;
    this.sequence = (this.sequence + 1) >>> 0;
    const timeMs = Math.floor((nowUs() - this.startedUs) / 1000) >>> 0;
    sealNotice(notice.bytes, notice.view, kind, reason, this.sequence, timeMs);
    if (this.socket.send(notice, 0, NOTICE_BYTES) !== 0) this.failed++;
  }
}
