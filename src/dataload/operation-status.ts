/** Content of every status file of an operation, whatever its field order. */
export interface OperationStatus {
  /** A code of status-code. */
  readonly status: number;
  /** For people. */
  readonly description: string;
  /** Incremented with each status file. */
  readonly counter: number;
  /** The loader waits this many seconds for the next status file; 0: its default. */
  readonly exceptionTimerS: number;
  /** Seconds to the end; -1 when unknown. */
  readonly estimatedTimeS: number;
}
