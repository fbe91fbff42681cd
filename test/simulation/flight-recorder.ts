/** Reports of servers during a flight: notices to clients, maintenance events, announcements. */
import {
  EFFECT_ANNOUNCE,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
} from "../../src/boundary/effect-queue.ts";
import { SERVERS_MAX } from "../../src/limits.ts";
import { NOTICE_STOPPING } from "../../src/wire/client-notice.ts";
import type { Host } from "./host.ts";

/** A client notice. `server` is the place of the host that sent it. */
export interface NoticeSeen {
  atUs: number;
  server: number;
  index: number;
  event: number;
  reason: number;
  /** The function's address was up on that server when its clients were notified. */
  wasUp: boolean;
}

/**
 * A maintenance event: its code and two values. `server` is the place of the host that logged it.
 */
export interface LogSeen {
  atUs: number;
  server: number;
  code: number;
  first: number;
  second: number;
}

export class FlightRecorder {
  readonly notices: NoticeSeen[] = [];
  readonly log: LogSeen[] = [];
  /** Servers that released everything, and the reason. */
  readonly letGo: Pick<LogSeen, "atUs" | "server" | "code" | "first">[] = [];
  /** How often each host has announced the address of a function. */
  readonly announcements = new Uint32Array(SERVERS_MAX);

  /** The effect of a host's engine is about to be carried out. */
  note(atUs: number, host: Host, kind: number, index: number, first: number, second: number): void {
    const server = host.index;
    const wasUp = host.up[index] === 1;
    if (kind === EFFECT_NOTICE_STOPPING)
      this.notices.push({ atUs, server, index, event: NOTICE_STOPPING, reason: first, wasUp });
    else if (kind === EFFECT_NOTICE)
      this.notices.push({ atUs, server, index, event: first, reason: second, wasUp });
    else if (kind === EFFECT_LOG) this.log.push({ atUs, server, code: index, first, second });
    else if (kind === EFFECT_ANNOUNCE) this.announcements[server]++;
  }
}
