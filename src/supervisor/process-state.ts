/**
 * Life cycle of one function's process on this server: a table of rows, with its times. Pure: time
 * is passed in as a number, and actions come out as names (process.ts carries them out).
 */
import {
  PROCESS_FAILURE_WINDOW_MS,
  PROCESS_FAILURES_MAX,
  PROCESS_RETRY_MS_MAX,
  PROCESS_RETRY_MS_MIN,
  PROCESS_RETRY_OFFER_MS,
  PROCESS_STABLE_MS,
} from "../limits.ts";
import { BackOff, PAUSE_MS_MIN } from "./back-off.ts";

/**
 * A process that lived this long has proved itself: its next restart only waits the first pause.
 */
export const STABLE_LIFE_MS = 10_000;

export type State =
  | "idle" // not wanted, and nothing of it is left
  | "starting" // forked; its program is not executed yet
  | "running"
  | "clearing" // ended by itself; the rest of its group is being killed
  | "pausing" // waits before the next start
  | "stopping" // asked to end; the grace time runs
  | "stopping-to-start" // the same, and wanted again afterwards
  | "killing" // the whole group was killed; waits until nothing of it is left
  | "killing-to-start" // the same, and wanted again afterwards
  | "failed-clearing" // too many failures; the rest of its group is being killed
  | "failed" // nothing of it is left; a pause runs before it may be tried again
  | "offered" // the same, and the pause is over: it is tried when wanted
  | "stuck"; // killed, but something of it is left: it cannot run here

export type Input =
  | "start" // the engine wants it to run here
  | "arrived" // the same, and its VIPs are here: no pause is waited for
  | "stop" // the engine wants it not to run here
  | "executed" // exec succeeded
  | "ended" // the process ended, or could not be started at all
  | "ended-for-good" // the same, and it was one failure too many (decided by ProcessState.handle)
  | "ended-in-vain" // the same, because its VIPs are elsewhere: no failure
  | "gone" // nothing of the process group is left
  | "hangs" // the group was killed, but does not go
  | "deadline" // time is up: of the grace, of a pause, or until a life counts as proved
  | "unready" // the same, for a life that was not ready yet (decided by ProcessState.handle)
  | "try" // the same, for a failed one that is tried without its VIPs
  | "forgiven" // its failure no longer counts
  | "resume"; // a human wants a failed one to be tried again

export type Action =
  | "spawn"
  | "terminate" // SIGTERM to the process; the grace time begins
  | "hasten" // asked to stop again: the earlier deadline counts
  | "kill" // SIGKILL to the process group, repeated until "gone"
  | "pause" // the pause before the next start begins
  | "forget" // earlier failures no longer count
  | "wait" // its life counts from now on at the earliest
  | "prove" // it lived long enough: a failure counts as the first of three again
  | "offer" // it may be tried again
  | "report-running"
  | "report-ended"
  | "report-failed"
  | "report-stopped";

type Row = readonly [state: State, input: Input, actions: readonly Action[], next: State];

const ROWS: readonly Row[] = [
  // Nothing runs.
  ["idle", "start", ["spawn"], "starting"],
  ["idle", "stop", ["report-stopped"], "idle"], // none existed; every stop is answered
  ["idle", "resume", ["forget"], "idle"],

  // A second start comes from an engine that restarted or asks again: only the answer may be
  // missing.
  ["starting", "start", [], "starting"],
  ["starting", "executed", ["report-running"], "running"],
  // no such program, or it ended before its execution was reported
  ["starting", "ended", ["kill", "report-ended"], "clearing"],
  ["starting", "ended-for-good", ["kill", "report-failed"], "failed-clearing"],
  ["starting", "ended-in-vain", ["kill", "report-ended"], "clearing"],
  ["starting", "stop", ["terminate"], "stopping"],
  ["starting", "resume", ["forget"], "starting"],

  ["running", "start", ["report-running"], "running"],
  ["running", "ended", ["kill", "report-ended"], "clearing"],
  ["running", "ended-for-good", ["kill", "report-failed"], "failed-clearing"],
  ["running", "ended-in-vain", ["kill", "report-ended"], "clearing"],
  ["running", "deadline", ["prove"], "running"],
  ["running", "unready", ["wait"], "running"],
  ["running", "stop", ["terminate"], "stopping"],
  ["running", "resume", ["forget"], "running"],

  // The leader is gone, but a child of it may still hold the port: no new start beside it, and no
  // "stopped" either.
  ["clearing", "start", [], "clearing"],
  ["clearing", "gone", ["pause"], "pausing"],
  ["clearing", "hangs", ["report-failed"], "stuck"],
  ["clearing", "stop", [], "killing"],
  ["clearing", "resume", ["forget"], "clearing"],

  ["pausing", "start", [], "pausing"], // already wanted: asking again does not shorten the pause
  ["pausing", "arrived", ["spawn"], "starting"],
  ["pausing", "deadline", ["spawn"], "starting"],
  ["pausing", "stop", ["report-stopped"], "idle"],
  ["pausing", "resume", ["forget", "spawn"], "starting"],

  ["stopping", "start", [], "stopping-to-start"],
  ["stopping", "stop", ["hasten"], "stopping"],
  ["stopping", "executed", [], "stopping"], // SIGTERM crossed the exec
  // it obeyed; a child that did not must not survive the stop
  ["stopping", "ended", ["kill"], "killing"],
  ["stopping", "deadline", ["kill"], "killing"],
  ["stopping", "resume", ["forget"], "stopping"],

  ["stopping-to-start", "start", [], "stopping-to-start"],
  ["stopping-to-start", "stop", ["hasten"], "stopping"],
  ["stopping-to-start", "executed", [], "stopping-to-start"],
  ["stopping-to-start", "ended", ["kill"], "killing-to-start"],
  ["stopping-to-start", "deadline", ["kill"], "killing-to-start"],
  ["stopping-to-start", "resume", ["forget"], "stopping-to-start"],

  ["killing", "start", [], "killing-to-start"],
  ["killing", "stop", [], "killing"],
  ["killing", "executed", [], "killing"],
  ["killing", "ended", [], "killing"], // "gone" follows
  ["killing", "gone", ["report-stopped"], "idle"],
  ["killing", "hangs", ["report-failed"], "stuck"], // the answer, because nobody waits for ever
  ["killing", "resume", ["forget"], "killing"],

  ["killing-to-start", "start", [], "killing-to-start"],
  ["killing-to-start", "stop", [], "killing"],
  ["killing-to-start", "executed", [], "killing-to-start"],
  ["killing-to-start", "ended", [], "killing-to-start"],
  // answer the stop before the new start
  ["killing-to-start", "gone", ["report-stopped", "spawn"], "starting"],
  ["killing-to-start", "hangs", ["report-failed"], "stuck"],
  ["killing-to-start", "resume", ["forget"], "killing-to-start"],

  ["failed-clearing", "start", ["report-failed"], "failed-clearing"],
  ["failed-clearing", "stop", ["report-stopped"], "failed-clearing"],
  ["failed-clearing", "gone", [], "failed"],
  ["failed-clearing", "hangs", [], "stuck"],
  // Not wanted before the next start, which must not meet the leftovers: they may hold the port.
  ["failed-clearing", "resume", ["forget"], "killing"],

  // the engine may be a new one that does not know yet
  ["failed", "start", ["report-failed"], "failed"],
  ["failed", "stop", ["report-stopped"], "failed"],
  ["failed", "deadline", ["offer"], "offered"],
  ["failed", "try", ["spawn"], "starting"],
  ["failed", "resume", ["forget"], "idle"],

  ["offered", "start", ["spawn"], "starting"],
  ["offered", "stop", ["report-stopped"], "offered"],
  ["offered", "deadline", ["offer"], "offered"],
  ["offered", "forgiven", [], "idle"],
  ["offered", "resume", ["forget"], "idle"],

  ["stuck", "start", ["report-failed"], "stuck"],
  ["stuck", "stop", ["report-stopped"], "stuck"],
  ["stuck", "ended", [], "stuck"], // "gone" follows
  ["stuck", "gone", [], "failed"],
  ["stuck", "resume", [], "stuck"],
];

const ROW_BY_STATE_AND_INPUT = new Map<string, Row>();
for (const row of ROWS) ROW_BY_STATE_AND_INPUT.set(`${row[0]}/${row[1]}`, row);

/**
 * The row for `input` in `state`; for an impossible pair it does nothing, and `expected` is false.
 */
export function rowOf(
  state: State,
  input: Input,
): { actions: readonly Action[]; next: State; expected: boolean } {
  const row = ROW_BY_STATE_AND_INPUT.get(`${state}/${input}`);
  if (row === undefined) return { actions: [], next: state, expected: false };
  return { actions: row[2], next: row[3], expected: true };
}

export class ProcessState {
  #state: State = "idle";
  #deadlineMs = Number.POSITIVE_INFINITY;
  #pauseMs = 0;
  #startedAtMs = 0;
  /** Times of the latest failures, oldest first. */
  readonly #failuresAtMs: number[] = [];
  readonly #backOff = new BackOff(0, STABLE_LIFE_MS);
  /** Pauses of a process that ends because its VIPs are elsewhere. */
  readonly #vainBackOff = new BackOff(0, STABLE_LIFE_MS, PAUSE_MS_MIN, PROCESS_RETRY_MS_MAX);
  readonly #retryBackOff = new BackOff(
    0,
    PROCESS_RETRY_MS_MAX,
    PROCESS_RETRY_MS_MIN,
    PROCESS_RETRY_MS_MAX,
  );
  #failedAtMs = 0;
  #retryAtMs = 0;
  #onParole = false;
  #endsWithoutVips = 0;
  /** A stop of the engine is not yet answered. */
  #answerPending = false;

  /**
   * Number of inputs without a row: each is a programming error somewhere, but no reason to stop
   * flying.
   */
  unexpected = 0;

  /** @param isAwaited whether a running process is not ready yet: then its life proves nothing */
  constructor(private readonly isAwaited: () => boolean = () => false) {}

  get state(): State {
    return this.#state;
  }

  /** When "deadline" is due, in ms; infinite when nothing is pending. */
  get deadlineMs(): number {
    return this.#deadlineMs;
  }

  /** Current pause in ms before the next start after a failure. */
  get pauseMs(): number {
    return this.#pauseMs;
  }

  /** It failed and has not proved itself since: the next failure is one too many. */
  get onParole(): boolean {
    return this.#onParole;
  }

  /** How often in a row it ended because its VIPs were elsewhere. */
  get endsWithoutVips(): number {
    return this.#endsWithoutVips;
  }

  /** Whether its failure is so long ago that it should no longer count. */
  isForgivable(nowMs: number): boolean {
    return nowMs - this.#failedAtMs >= PROCESS_RETRY_MS_MAX;
  }

  /**
   * Processes one input. Returns the actions, in order.
   * @param graceMs for "stop" only: time between SIGTERM and SIGKILL
   * @param answer for "stop" only: whether somebody waits for "report-stopped" (not when the engine
   * died)
   */
  handle(input: Input, nowMs: number, graceMs = 0, answer = true): readonly Action[] {
    const isTime = input === "deadline" || input === "try";
    if (isTime && nowMs < this.#deadlineMs) return []; // timers may fire early
    if (input === "stop") this.#answerPending ||= answer;
    const actual = this.#actual(input, nowMs);
    const { actions, next, expected } = rowOf(this.#state, actual);
    if (!expected) this.unexpected++;
    if (next !== this.#state) this.#enter(next, nowMs);
    for (const action of actions) this.#note(action, nowMs, graceMs);
    return actions.filter((action) => action !== "report-stopped" || this.#takeAnswer());
  }

  /** The engine died: it no longer waits for answers. */
  releaseAnswer(): void {
    this.#answerPending = false;
  }

  /** The input with which the table is searched. */
  #actual(input: Input, nowMs: number): Input {
    // A process that ends although it should run has failed, whatever its exit code.
    const shouldRun = this.#state === "starting" || this.#state === "running";
    if (input === "ended-in-vain") {
      if (!shouldRun) return "ended";
      this.#pauseMs = this.#vainBackOff.pauseMsAfter(nowMs - this.#startedAtMs);
      this.#endsWithoutVips++;
    }
    if (input === "deadline" && this.#state === "running" && this.isAwaited()) return "unready";
    if (input === "hangs" && this.#state !== "failed-clearing") this.#fail(nowMs);
    if (input === "arrived" && this.#state !== "pausing") {
      this.#pauseMs = Math.min(this.#pauseMs, PAUSE_MS_MIN);
      return "start";
    }
    return input === "ended" && shouldRun ? this.#countFailure(nowMs) : input;
  }

  #enter(next: State, nowMs: number): void {
    if (!next.startsWith("stopping")) this.#deadlineMs = Number.POSITIVE_INFINITY;
    if (next === "running") this.#deadlineMs = nowMs + PROCESS_STABLE_MS;
    if (next === "failed") this.#deadlineMs = Math.max(nowMs, this.#retryAtMs);
    if (next === "stuck") this.#answerPending = false; // it was told of the failure
    this.#state = next;
  }

  #fail(nowMs: number): void {
    this.#failedAtMs = nowMs;
    this.#retryAtMs = nowMs + this.#retryBackOff.pauseMsAfter(nowMs - this.#startedAtMs);
    this.#onParole = true;
  }

  #countFailure(nowMs: number): Input {
    this.#pauseMs = this.#backOff.pauseMsAfter(nowMs - this.#startedAtMs);
    this.#failuresAtMs.push(nowMs);
    if (this.#failuresAtMs.length > PROCESS_FAILURES_MAX) this.#failuresAtMs.shift();
    const oldest = this.#failuresAtMs[0] ?? nowMs;
    const tooOften =
      this.#failuresAtMs.length === PROCESS_FAILURES_MAX &&
      nowMs - oldest <= PROCESS_FAILURE_WINDOW_MS;
    if (!tooOften && !this.#onParole) return "ended";
    this.#fail(nowMs);
    return "ended-for-good";
  }

  /** Updates the times that belong to an action. */
  #note(action: Action, nowMs: number, graceMs: number): void {
    if (action === "spawn") this.#startedAtMs = nowMs;
    if (action === "terminate") this.#deadlineMs = nowMs + graceMs;
    if (action === "hasten") this.#deadlineMs = Math.min(this.#deadlineMs, nowMs + graceMs);
    if (action === "pause") this.#deadlineMs = nowMs + this.#pauseMs;
    if (action === "offer") this.#deadlineMs = nowMs + PROCESS_RETRY_OFFER_MS;
    if (action === "wait") this.#deadlineMs = nowMs + PROCESS_STABLE_MS;
    if (action === "prove") this.#deadlineMs = Number.POSITIVE_INFINITY;
    if (action === "prove" || action === "forget") {
      this.#onParole = false;
      this.#endsWithoutVips = 0;
    }
    if (action === "forget") {
      this.#failuresAtMs.length = 0;
      this.#backOff.forget();
      this.#vainBackOff.forget();
      this.#retryBackOff.forget();
    }
  }

  #takeAnswer(): boolean {
    const owed = this.#answerPending;
    this.#answerPending = false;
    return owed;
  }
}
