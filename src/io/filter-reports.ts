import { EVENT_RECORD, type EventQueue } from "../boundary/event-queue.ts";
import { libc, MSG_DONTWAIT } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

/** Room for a report: u32 code, u32 value. */
export const FILTER_REPORT_BYTES = 16;
const REPORTS_PER_PERIOD_MAX = 4;

// waitid(2): waits for the end of one process, but leaves collecting it to its parent.
const P_PID = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;
const SIGKILL = 9;
const SIGNAL_INFO_BYTES = 128;

/** Findings of the process that maintains the VIP filter (`wingman watch`). */
export class FilterReports {
  private readonly report = new NativeMemory(FILTER_REPORT_BYTES);
  /** Whether the process may still report: it has not ended. */
  private isOpen = true;

  /** @param fd our end of a socket pair with the process `pid` */
  constructor(
    private readonly fd: number,
    private readonly pid: number,
  ) {}

  /**
   * Ends the process and waits for its end; otherwise it would restore what is removed next. For
   * the end of the flight.
   */
  end(): void {
    this.isOpen = false;
    libc.kill(this.pid, SIGKILL);
    libc.waitid(P_PID, this.pid, new NativeMemory(SIGNAL_INFO_BYTES).address, WEXITED | WNOWAIT);
  }

  /** Once per period: passes on new findings as records. Never waits. No garbage. */
  take(events: EventQueue): void {
    for (let reports = 0; this.isOpen && reports < REPORTS_PER_PERIOD_MAX; reports++) {
      const { address, view } = this.report;
      const length = libc.recv(this.fd, address, FILTER_REPORT_BYTES, MSG_DONTWAIT);
      if (length < 0) return;
      if (length === 0) this.isOpen = false;
      else events.push(EVENT_RECORD, view.getUint32(0, true), 0, view.getUint32(4, true));
    }
  }
}
