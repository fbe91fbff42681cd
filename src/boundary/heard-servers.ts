import { SERVERS_MAX } from "../limits.ts";

/**
 * The newest keep-alive that was heard of each server. An engine leaves it to the next one on this
 * machine, which otherwise could not tell keep-alives from recordings where it is not heard
 * (PROTOCOL.md, "Admission").
 */
export class HeardServers {
  /** 0: nothing was heard. */
  readonly incarnation = new Uint32Array(SERVERS_MAX);
  readonly sequence = new Uint32Array(SERVERS_MAX);
  /** µs of the machine's monotonic clock. */
  readonly lastHeardUs = new Float64Array(SERVERS_MAX);
}

/** @param self this server, which does not hear itself */
export function passOn(from: HeardServers, to: HeardServers, self: number): void {
  for (let server = 0; server < SERVERS_MAX; server++) {
    if (server === self || from.incarnation[server] === 0) continue;
    to.incarnation[server] = from.incarnation[server] as number;
    to.sequence[server] = from.sequence[server] as number;
    to.lastHeardUs[server] = from.lastHeardUs[server] as number;
  }
}
