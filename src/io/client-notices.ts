/**
 * Sends the client notices (patent FIG. 4, S13; protocol, section 8), prepared at start-up, one
 * datagram each.
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
  /** Notices that the network refused. */
  failed = 0;
  private sequence = 0;
  private readonly startedUs = nowUs();
  private readonly prepared: readonly NativeMemory[];

  /** @param identities one for each function */
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

  /** To be called when the client interface has come back. 0 or an errno. No garbage. */
  rejoin(): number {
    return this.socket.rejoin();
  }

  /** Tells the clients of function `index`: NOTICE_* kind and reason. Never waits. */
  send(index: number, kind: number, reason: number): void {
    const notice = this.prepared[index] as NativeMemory;
    this.sequence = (this.sequence + 1) >>> 0;
    const timeMs = Math.floor((nowUs() - this.startedUs) / 1000) >>> 0;
    sealNotice(notice.bytes, notice.view, kind, reason, this.sequence, timeMs);
    if (this.socket.send(notice, 0, NOTICE_BYTES) !== 0) this.failed++;
  }
}
