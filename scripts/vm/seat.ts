/**
 * A seat on the client network: sends an echo request to one VIP every few milliseconds, over a
 * socket made for this by the kernel (ICMP datagrams, icmp(7)), and keeps the gaps between the
 * answers.
 */
import { writeFileSync } from "node:fs";
import { errno, SystemError } from "../../src/io/errno.ts";
import { AF_INET, libc, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from "../../src/io/libc.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { SERVICE_PORT, SERVICE_VIP } from "./aircraft.ts";

const IPPROTO_ICMP = 1;
const ECHO_REQUEST = 8;
const ECHO_REPLY = 0;
const HEADER_BYTES = 8;
/** Header, and the number of the probe. */
const PROBE_BYTES = HEADER_BYTES + 4;
const SOCKADDR_BYTES = 16;

const INTERVAL_MS = 5;
/** Shorter times are no gap: this process may be late by as much. */
export const GAP_MS_MIN = 50;
const HTTP_MS_MAX = 2000;

/** A gap between two answered probes, by their send times; performance.now(). */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

export class Seat {
  readonly gaps: Gap[] = [];
  readonly #fd: number;
  readonly #address = new NativeMemory(SOCKADDR_BYTES);
  readonly #probe = new NativeMemory(PROBE_BYTES);
  readonly #answer = new NativeMemory(PROBE_BYTES);
  readonly #sentMs: number[] = [];
  #answeredMs: number | null = null;
  readonly #timer: NodeJS.Timeout;

  constructor(vip: string) {
    writeFileSync("/proc/sys/net/ipv4/ping_group_range", "0 2147483647"); // of this namespace
    this.#fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (this.#fd < 0) throw new SystemError("socket(ICMP)", errno());
    this.#address.view.setUint16(0, AF_INET, true);
    vip.split(".").forEach((byte, place) => {
      this.#address.view.setUint8(4 + place, Number(byte));
    });
    this.#probe.view.setUint8(0, ECHO_REQUEST);
    this.#timer = setInterval(() => this.#turn(), INTERVAL_MS);
  }

  /** Send time of the last answered probe; null when there is none. */
  get answeredMs(): number | null {
    return this.#answeredMs;
  }

  /** Waits for an answer to a probe sent after `sinceMs`; returns its send time, or null. */
  async answer(sinceMs: number, limitMs: number): Promise<number | null> {
    const endMs = performance.now() + limitMs;
    while (performance.now() < endMs) {
      if (this.#answeredMs !== null && this.#answeredMs > sinceMs) return this.#answeredMs;
      await Bun.sleep(INTERVAL_MS);
    }
    return null;
  }

  /** The longest gap that began after `sinceMs`, in ms; 0 when there is none. */
  longestGapMs(sinceMs: number): number {
    const lengths = this.gaps
      .filter(({ fromMs }) => fromMs >= sinceMs)
      .map(({ fromMs, toMs }) => toMs - fromMs);
    return Math.max(0, ...lengths);
  }

  close(): void {
    clearInterval(this.#timer);
    libc.close(this.#fd);
  }

  #turn(): void {
    const { view } = this.#answer;
    while (libc.recv(this.#fd, this.#answer.address, PROBE_BYTES, 0) === PROBE_BYTES)
      if (view.getUint8(0) === ECHO_REPLY) this.#take(this.#sentMs[view.getUint32(HEADER_BYTES)]);
    this.#probe.view.setUint32(HEADER_BYTES, this.#sentMs.length);
    this.#sentMs.push(performance.now());
    const { address } = this.#probe;
    // A probe that cannot be sent counts as unanswered.
    libc.sendto(this.#fd, address, PROBE_BYTES, 0, this.#address.address, SOCKADDR_BYTES);
  }

  #take(sentMs = 0): void {
    const last = this.#answeredMs;
    if (last !== null && sentMs <= last) return;
    if (last !== null && sentMs - last >= GAP_MS_MIN)
      this.gaps.push({ fromMs: last, toMs: sentMs });
    this.#answeredMs = sentMs;
  }
}

/** The server whose process answers at the service's VIP; null when there is none. */
export async function whoServes(): Promise<string | null> {
  try {
    const signal = AbortSignal.timeout(HTTP_MS_MAX);
    const options = { signal, keepalive: false };
    const response = await fetch(`http://${SERVICE_VIP}:${SERVICE_PORT}/`, options);
    return response.ok ? (await response.text()).trim() : null;
  } catch {
    return null;
  }
}
