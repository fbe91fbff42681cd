/** The current problem of the log's storage, and when to retry. No clock, no file. */
import { LOG_DISK_HANGS, LOG_NOT_WRITTEN } from "../../catalogue/supervisor-code.ts";
import { ETIMEDOUT } from "../../io/errno.ts";
import { DISK_RETRY_US, LOG_RETRY_US } from "../../limits.ts";

/** A record about the problem. */
export interface TroubleRecord {
  readonly code: number;
  readonly detail: string;
  readonly first: number;
}

export class StorageTrouble {
  /** In one line for people; null when all is well. */
  problem: string | null = null;
  #refusedUs = Number.NEGATIVE_INFINITY;
  #retryUs = LOG_RETRY_US;

  /** @param diskName for people: `/var/lib/wingman on /dev/sda3` */
  constructor(private readonly diskName: string) {}

  /** It refused a moment ago: not tried now. */
  isRecent(nowUs: number): boolean {
    return nowUs - this.#refusedUs < this.#retryUs;
  }

  /**
   * The storage has refused, or did not answer.
   * @returns what to record; null when it is known already
   */
  begin(error: unknown, nowUs: number): TroubleRecord | null {
    const wasWell = this.problem === null;
    const errno = Math.abs((error as { errno?: number }).errno ?? 0);
    const hangs = errno === ETIMEDOUT;
    this.problem = (error as Error).message;
    this.#refusedUs = nowUs;
    this.#retryUs = hangs ? DISK_RETRY_US : LOG_RETRY_US;
    if (!wasWell) return null;
    if (hangs) return { code: LOG_DISK_HANGS, detail: this.diskName, first: 0 };
    return { code: LOG_NOT_WRITTEN, detail: `errno ${errno}`, first: errno };
  }

  /** It has accepted a write. @returns whether there was a problem before */
  end(): boolean {
    if (this.problem === null) return false;
    this.problem = null;
    this.#refusedUs = Number.NEGATIVE_INFINITY;
    return true;
  }
}
