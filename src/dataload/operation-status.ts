/** What every status file tells of an operation, whatever the order in which it tells it. */
export interface OperationStatus {
  /** A code of status-code. */
  readonly status: number;
  /** For people. */
  readonly description: string;
  /** One more with each status file. */
  readonly counter: number;
  /** The loader waits so many seconds for the next status file; 0: as long as it always does. */
  readonly exceptionTimerS: number;
  /** Seconds to the end; -1: not known. */
  readonly estimatedTimeS: number;
}
