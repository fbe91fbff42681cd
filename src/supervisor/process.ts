/**
 * The process of one function: carries out the decisions of process-state, and reports the results
 * to it. The process leads its own session and process group, so that everything it starts can be
 * stopped with it, and dies with the supervisor (`wingman launch`, commands/launch.ts).
 */

import {
  LOG_FUNCTION_RETRYABLE,
  LOG_FUNCTION_WORKS,
  LOG_NOT_KEPT_READY,
  LOG_NOT_READY,
  LOG_PROCESS_GONE,
  LOG_PROCESS_UNSTOPPABLE,
  LOG_START_REFUSED,
} from "../catalogue/supervisor-code.ts";
import { EPERM } from "../io/errno.ts";
import { libc } from "../io/libc.ts";
import { type RecordStream, streamToChild } from "../io/record-stream.ts";
import { PROCESS_FAILURES_MAX } from "../limits.ts";
import {
  CONTROL_PROCESS_EXITED,
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_FIT,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  CONTROL_PROCESS_TRY,
  REASON_RESTART,
  REASON_START,
} from "../wire/control.ts";
import {
  launchArguments,
  launchEnvironment,
  launchRefusal,
  type ProcessDescription,
} from "./function-launch.ts";
import { FunctionOutput } from "./function-output.ts";
import type { LaunchGate, LaunchTicket } from "./launch-gate.ts";
import { noteOwnChild } from "./orphan-collection.ts";
import { endGroup, groupIsAlive, signalGroup, signalProcess } from "./process-group.ts";
import { type Action, type Input, ProcessState } from "./process-state.ts";
import { Readiness } from "./readiness.ts";
import { VipPresence } from "./vip-presence.ts";

/** Exit codes of shells and `wingman launch`: the program could not be executed. */
const EXIT_NOT_EXECUTABLE = 126;
const EXIT_NOT_FOUND = 127;

export interface ProcessSurroundings {
  /** How to start this program in another role. */
  readonly ownCommand: readonly string[];
  /** Shared by all functions. */
  readonly launchGate: LaunchGate;
  /** Reports CONTROL_PROCESS_* to the engine. */
  report(kind: number): void;
  /** Writes a maintenance record about the function: LOG_*, and the second value. */
  record(code: number, second?: number): void;
  log(text: string): void;
}

export class FunctionProcess {
  readonly #state = new ProcessState(() => this.#readiness?.isAwaited === true);
  readonly #output: FunctionOutput;
  #child: Bun.Subprocess | null = null;
  #ticket: LaunchTicket | null = null;
  /** Group of the last process, 0 before the first one. */
  #groupId = 0;
  /** The last process was collected: only then can its group be gone. */
  #ended = true;
  #reason = REASON_START;
  /** For "always": the engine is listening, so the process is wanted from now on. */
  #begun = false;
  #leaving = false;
  readonly #presence: VipPresence;
  /** null when it is ready as soon as it runs. */
  readonly #readiness: Readiness | null;
  /** The engine wants it, so its VIPs are here. */
  #isWanted = false;
  /** The engine was told of a failure, and not of its end. */
  #countsAsFailed = false;
  /** Its last failure was one without its VIPs, or they could be bound: a trial can repeat it. */
  #failsAlone = false;
  /** Its proof is worth a record: the first one, and the one after every fault. */
  #isToProve = true;
  #timer: NodeJS.Timeout | undefined;
  #whenSettled: (() => void)[] = [];

  constructor(
    private readonly description: ProcessDescription,
    private readonly surroundings: ProcessSurroundings,
  ) {
    this.#output = new FunctionOutput(description.functionId);
    this.#presence = new VipPresence(description.vips);
    const { vips, ready } = description;
    this.#readiness =
      ready === null
        ? null
        : new Readiness(
            vips,
            ready,
            (wasLate) => {
              this.surroundings.report(CONTROL_PROCESS_RUNNING);
              if (wasLate) this.#prove();
            },
            () => this.#beLate(),
          );
  }

  /** The engine wants the process to run, for REASON_*. Answered by running or failed. */
  start(reason: number): void {
    this.#reason = reason;
    this.#isWanted = true;
    this.#handle(this.description.always ? "arrived" : "start");
  }

  /** The engine wants it stopped within `graceMs`. Always answered by stopped. */
  stop(graceMs: number): void {
    if (!this.description.always) {
      this.#handle("stop", graceMs);
      return;
    }
    // The engine never requests this (core/handover). If it does, it must not wait for ever for the
    // answer.
    this.#log("unexpected: stop, but it always runs");
    this.surroundings.report(CONTROL_PROCESS_STOPPED);
  }

  /** The engine, perhaps a new one, is listening: start "always", or report a failure. */
  begin(): void {
    if (this.description.always && !this.#begun) {
      this.#begun = true;
      this.#reason = REASON_START;
      this.#handle("start");
    } else if (this.failed) {
      this.surroundings.report(CONTROL_PROCESS_FAILED);
    }
  }

  /** A human wants a failed process to be tried again. */
  resume(): void {
    const wasFailed = this.failed;
    this.#handle("resume");
    if (wasFailed) this.#forgive(LOG_FUNCTION_RETRYABLE);
    if (this.#begun && wasFailed) {
      this.#reason = REASON_RESTART;
      this.#handle("start");
    }
  }

  /**
   * The engine died, and the VIPs with it: a process that only runs with its VIP is stopped, and
   * nobody waits for an answer.
   */
  engineLost(): void {
    this.#isWanted = false;
    this.#state.releaseAnswer();
    if (!this.description.always) this.#handle("stop", this.description.stopGraceMs, false);
  }

  /** The daemon leaves: stops the process in any case. Resolves when nothing of it is left. */
  async leave(): Promise<void> {
    this.#begun = false;
    this.#leaving = true;
    this.#handle("stop", this.description.stopGraceMs, false);
    await new Promise<void>((resolve) => {
      this.#whenSettled.push(resolve);
      this.#settle();
    });
    clearTimeout(this.#timer);
    this.#output.close();
    if (this.#state.state !== "stuck") return;
    this.#log(`process group ${this.#groupId} is left behind`);
    this.#child?.unref();
  }

  /** Kills whatever is left with SIGKILL. The daemon ends next. */
  kill(): void {
    clearTimeout(this.#timer);
    this.#ticket?.release();
    if (this.#groupId !== 0 && !this.#isGone()) signalGroup(this.#groupId, "SIGKILL");
  }

  get failed(): boolean {
    const { state } = this.#state;
    // A process that always runs is fit again only when it has proved itself.
    if (this.description.always && this.#countsAsFailed) return true;
    return state.startsWith("failed") || state === "offered" || state === "stuck";
  }

  #handle(input: Input, graceMs = 0, answer = true): void {
    const unexpected = this.#state.unexpected;
    const before = this.#state.state;
    const actions = this.#state.handle(input, performance.now(), graceMs, answer);
    if (this.#state.unexpected !== unexpected) this.#log(`unexpected: ${input} while ${before}`);
    if (this.#state.state !== "running") this.#readiness?.end();
    for (const action of actions) this.#do(action);
    this.#armTimer();
    this.#settle();
  }

  #do(action: Action): void {
    switch (action) {
      case "spawn":
        this.#groupId = 0;
        this.#requestLaunch();
        break;
      case "terminate":
        if (this.#ticket?.waiting) this.#neverStarted(this.#ticket);
        else if (!this.#ended && !signalProcess(this.#groupId, "SIGTERM"))
          this.#log(`process ${this.#groupId} became another user: it cannot be sent SIGTERM`);
        break;
      case "kill":
        endGroup(
          this.#groupId,
          () => this.#isGone(),
          (isRefused) => this.#sayItStays(isRefused),
          (hasStayed) => {
            if (hasStayed) this.surroundings.record(LOG_PROCESS_GONE);
            this.#handle("gone");
          },
        );
        break;
      case "pause":
        this.#log(`starts again in ${this.#state.pauseMs} ms`);
        break;
      case "report-running":
        if (this.#readiness === null) this.surroundings.report(CONTROL_PROCESS_RUNNING);
        else if (this.#isWanted) this.#readiness.begin();
        break;
      case "report-ended":
        this.surroundings.report(CONTROL_PROCESS_EXITED);
        break;
      case "report-stopped":
        this.surroundings.report(CONTROL_PROCESS_STOPPED);
        break;
      case "report-failed":
        this.#log("failed too often: it is retried here after a pause");
        this.#countsAsFailed = true;
        this.#isToProve = true;
        this.surroundings.report(CONTROL_PROCESS_FAILED);
        break;
      case "offer":
        this.#offer();
        break;
      case "prove":
        this.#prove();
        break;
      case "wait":
      case "hasten":
      case "forget":
        break; // only numbers of the state machine
    }
  }

  /**
   * It may be tried again. Where the policy never moves a running function, an old failure is
   * forgotten; otherwise it is tried only when the function runs nowhere.
   */
  #offer(): void {
    if (!this.description.keepsRunning || !this.#state.isForgivable(performance.now())) {
      this.surroundings.report(CONTROL_PROCESS_TRY);
      return;
    }
    this.#forgive(LOG_FUNCTION_RETRYABLE);
    queueMicrotask(() => {
      this.#handle("forgiven");
      if (this.#begun) this.#handle("start");
    });
  }

  #beLate(): void {
    this.#isWanted = this.#presence.isAnyHere;
    if (!this.#isWanted) {
      this.#readiness?.end(); // until they return
      return;
    }
    this.#isToProve = true;
    this.#log(`is not ready after ${this.description.ready?.timeoutMs} ms`);
    this.surroundings.record(LOG_NOT_READY);
  }

  #prove(): void {
    if (!this.#isToProve || this.#readiness?.isLate) return;
    this.#isToProve = false;
    this.#forgive(LOG_FUNCTION_WORKS);
  }

  /** Its failure no longer counts; `code` says why. */
  #forgive(code: number): void {
    this.#countsAsFailed = false;
    this.surroundings.report(CONTROL_PROCESS_FIT);
    this.surroundings.record(code);
  }

  #requestLaunch(): void {
    const ticket: LaunchTicket = this.surroundings.launchGate.request(() => this.#spawn(ticket));
    this.#ticket = ticket;
  }

  /**
   * Releases `ticket` when this launch is over: the program was executed, the process has ended, or
   * there was none. Their order varies and, if somebody else holds the launcher's descriptor, they
   * may come long after the next launch has begun.
   */
  #spawn(ticket: LaunchTicket): void {
    let execution: RecordStream;
    let theirs: number;
    try {
      [execution, theirs] = streamToChild();
    } catch (error) {
      this.#couldNotStart(error, ticket);
      return;
    }
    try {
      const child = Bun.spawn({
        cmd: [...this.surroundings.ownCommand, ...launchArguments(this.description)],
        cwd: "/",
        env: launchEnvironment(this.description, this.#reason, this.#readiness?.launch()),
        // Sockets, as under the journal: the function's output is always read here, so it never
        // blocks on a full pipe and never dies of one without a reader.
        stdio: ["ignore", "pipe", "pipe", theirs],
        detached: true,
        onExit: (ended, exitCode) => {
          ticket.release();
          this.#onExit(ended, exitCode);
        },
      });
      noteOwnChild(child);
      this.#child = child;
      this.#groupId = child.pid;
      this.#ended = false;
      this.#watchExecution(execution, child, ticket);
      // The types accept "pipe" only when it is literally in the call.
      void this.#output.forward(child.stdout as ReadableStream<Uint8Array>);
      void this.#output.forward(child.stderr as ReadableStream<Uint8Array>);
    } catch (error) {
      execution.close();
      this.#couldNotStart(error, ticket);
    } finally {
      libc.close(theirs);
    }
    this.#reason = REASON_RESTART; // for the next time, unless the engine gives another reason
  }

  /** Out of processes or descriptors: a failure like any other. */
  #couldNotStart(error: unknown, ticket: LaunchTicket): void {
    this.#log(`cannot be started: ${(error as Error).message}`);
    this.#neverStarted(ticket);
  }

  /** The state machine expects an end, but takes one input at a time. */
  #neverStarted(ticket: LaunchTicket): void {
    this.#groupId = 0;
    this.#ended = true;
    ticket.release();
    queueMicrotask(() => this.#handle("ended"));
  }

  /** A successful exec closes the launcher's end; a failed one first sends the reason as text. */
  #watchExecution(stream: RecordStream, child: Bun.Subprocess, ticket: LaunchTicket): void {
    let reason = "";
    stream.onRecord((record, length) => {
      const bytes = new Uint8Array(record.buffer, record.byteOffset, length);
      const refusal = launchRefusal(new TextDecoder().decode(bytes));
      reason = refusal.reason;
      this.#log(reason);
      this.#isToProve = true;
      this.surroundings.record(LOG_START_REFUSED, refusal.errno);
    });
    stream.onEnd(() => {
      ticket.release();
      if (reason !== "" || child !== this.#child || this.#ended) return;
      this.#handle("executed");
      // It was tried without its VIPs and lives: this server can serve if nobody else does.
      if (this.#begun && this.#countsAsFailed) this.surroundings.report(CONTROL_PROCESS_TRY);
    });
  }

  #onExit(child: Bun.Subprocess, exitCode: number | null): void {
    // never: a new one starts only after the old one was collected
    if (this.#child !== child && this.#child !== null) return;
    this.#ended = true;
    const stopping =
      this.#state.state.startsWith("stopping") || this.#state.state.startsWith("killing");
    const how = child.signalCode === null ? `exit code ${exitCode}` : child.signalCode;
    if (stopping) {
      this.#handle("ended");
      return;
    }
    this.#log(`process ${child.pid} ended by itself: ${how}`);
    const isLaunched = exitCode !== EXIT_NOT_FOUND && exitCode !== EXIT_NOT_EXECUTABLE;
    if (this.description.always && isLaunched && this.#presence.areElsewhere)
      this.#endWithoutVips();
    else {
      this.#failsAlone = !isLaunched || this.#presence.areBindable;
      this.#handle("ended");
    }
  }

  /** It could not live without its VIPs; this says nothing about whether it could serve. */
  #endWithoutVips(): void {
    this.#handle("ended-in-vain");
    if (this.#countsAsFailed) this.#forgive(LOG_FUNCTION_RETRYABLE);
    if (this.#state.endsWithoutVips !== PROCESS_FAILURES_MAX) return;
    this.#isToProve = true;
    this.#log("cannot be kept ready: it ends without its VIPs, and is started when they arrive");
    this.surroundings.record(LOG_NOT_KEPT_READY);
  }

  #sayItStays(isRefused: boolean): void {
    const why = isRefused ? "became another user" : "was killed but is still there";
    this.#log(`process group ${this.#groupId} ${why}: it cannot be stopped`);
    this.#isToProve = true;
    this.surroundings.record(LOG_PROCESS_UNSTOPPABLE, isRefused ? EPERM : 0);
    this.#handle("hangs");
  }

  #isGone(): boolean {
    return this.#ended && (this.#groupId === 0 || !groupIsAlive(this.#groupId));
  }

  #armTimer(): void {
    clearTimeout(this.#timer);
    const { deadlineMs, state } = this.#state;
    const isRetry = state === "failed" || state === "offered";
    if (!Number.isFinite(deadlineMs) || (isRetry && this.#leaving)) return;
    const triesAlone = state === "failed" && this.#begun && this.#failsAlone;
    const waitMs = Math.max(1, Math.ceil(deadlineMs - performance.now()));
    this.#timer = setTimeout(() => {
      if (performance.now() < deadlineMs)
        this.#armTimer(); // the timer fired early
      else this.#handle(triesAlone ? "try" : "deadline");
    }, waitMs);
  }

  #settle(): void {
    if (!["idle", "failed", "offered", "stuck"].includes(this.#state.state)) return;
    const waiting = this.#whenSettled;
    this.#whenSettled = [];
    for (const resolve of waiting) resolve();
  }

  #log(text: string): void {
    this.surroundings.log(`function ${this.description.functionId}: ${text}`);
  }
}
