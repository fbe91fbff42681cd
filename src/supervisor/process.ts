/**
 * The process of one function: does what process-state decides, and tells it what became of it. The
 * process leads a session and a process group of its own, so that everything it starts can be
 * stopped with it, and dies with the supervisor (`wingman launch`, commands/launch.ts).
 */

import { libc } from "../io/libc.ts";
import { type RecordStream, streamToChild } from "../io/record-stream.ts";
import {
  CONTROL_PROCESS_EXITED,
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  REASON_NAMES,
  REASON_RESTART,
  REASON_START,
} from "../wire/control.ts";
import { FunctionOutput } from "./function-output.ts";
import type { LaunchGate, LaunchTicket } from "./launch-gate.ts";
import { cleanEnvironment } from "./own-executable.ts";
import { groupIsAlive, signalGroup, signalProcess } from "./process-group.ts";
import { type Action, type Input, ProcessState } from "./process-state.ts";

/** How often a killed group is looked for. A killed process is usually gone within one. */
const GONE_CHECK_MS = 5;

/** Descriptor in the launched process that tells whether the program was executed. */
const EXECUTION_FD = 3;

/** A killed group that is still there after this long hangs in the kernel: somebody should know. */
const GONE_WARNING_MS = 5000;

export interface ProcessDescription {
  readonly functionId: string;
  readonly serverId: string;
  /** Absolute path and arguments. */
  readonly command: readonly string[];
  /** Started once and kept running, wherever the VIP is; else started and stopped with the VIP. */
  readonly always: boolean;
  readonly stopGraceMs: number;
  /** The VIPs without prefix lengths. */
  readonly addresses: readonly string[];
}

export interface ProcessSurroundings {
  /** How to start this program in another role. */
  readonly ownCommand: readonly string[];
  /** Shared by all functions. */
  readonly launchGate: LaunchGate;
  /** Tells the engine: CONTROL_PROCESS_*. */
  report(kind: number): void;
  log(text: string): void;
}

export class FunctionProcess {
  readonly #state = new ProcessState();
  readonly #output: FunctionOutput;
  #child: Bun.Subprocess | null = null;
  #ticket: LaunchTicket | null = null;
  /** The group of the last process, 0 while there is none yet. */
  #groupId = 0;
  /** The last process was collected: only now its group can be gone. */
  #ended = true;
  #reason = REASON_START;
  /** Of "always": the engine is listening, so the process is wanted from now on. */
  #begun = false;
  #timer: NodeJS.Timeout | undefined;
  #whenSettled: (() => void)[] = [];

  constructor(
    private readonly description: ProcessDescription,
    private readonly surroundings: ProcessSurroundings,
  ) {
    this.#output = new FunctionOutput(description.functionId);
  }

  /** The engine wants the process to run, because of REASON_*. Answered by running or failed. */
  start(reason: number): void {
    this.#reason = reason;
    this.#handle("start");
  }

  /** The engine wants it stopped within `graceMs`. Always answered by stopped. */
  stop(graceMs: number): void {
    if (!this.description.always) {
      this.#handle("stop", graceMs);
      return;
    }
    // The engine never asks for this (core/handover). If it does all the same, it must not wait for
    // ever for the answer.
    this.#log("unexpected: stop, but it always runs");
    this.surroundings.report(CONTROL_PROCESS_STOPPED);
  }

  /**
   * The engine is listening. A process that always runs starts now; one that failed is reported to
   * an engine that may be new.
   */
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
    if (this.#begun && wasFailed) {
      this.#reason = REASON_RESTART;
      this.#handle("start");
    }
  }

  /**
   * The engine died, and with it the VIPs: what runs only with its VIP is stopped, and nobody waits
   * for an answer.
   */
  engineLost(): void {
    this.#state.releaseAnswer();
    if (!this.description.always) this.#handle("stop", this.description.stopGraceMs, false);
  }

  /** The daemon leaves: stops the process, whatever it is. Resolves when nothing of it is left. */
  async leave(): Promise<void> {
    this.#begun = false;
    this.#handle("stop", this.description.stopGraceMs, false);
    await new Promise<void>((resolve) => {
      this.#whenSettled.push(resolve);
      this.#settle();
    });
    this.#output.close();
  }

  /** SIGKILL to whatever is left, now. The daemon ends next. */
  kill(): void {
    clearTimeout(this.#timer);
    this.#ticket?.release();
    if (this.#groupId !== 0 && !this.#isGone()) signalGroup(this.#groupId, "SIGKILL");
  }

  get failed(): boolean {
    return this.#state.state === "failed" || this.#state.state === "failed-clearing";
  }

  #handle(input: Input, graceMs = 0, answer = true): void {
    const unexpected = this.#state.unexpected;
    const before = this.#state.state;
    const actions = this.#state.handle(input, performance.now(), graceMs, answer);
    if (this.#state.unexpected !== unexpected) this.#log(`unexpected: ${input} while ${before}`);
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
        else if (!this.#ended) signalProcess(this.#groupId, "SIGTERM");
        break;
      case "kill":
        this.#killGroup(this.#groupId, performance.now());
        break;
      case "pause":
        this.#log(`starts again in ${this.#state.pauseMs} ms`);
        break;
      case "report-running":
        this.surroundings.report(CONTROL_PROCESS_RUNNING);
        break;
      case "report-ended":
        this.surroundings.report(CONTROL_PROCESS_EXITED);
        break;
      case "report-stopped":
        this.surroundings.report(CONTROL_PROCESS_STOPPED);
        break;
      case "report-failed":
        this.#log("failed too often: not started again on this server before `wingman resume`");
        this.surroundings.report(CONTROL_PROCESS_FAILED);
        break;
      case "hasten":
      case "forget":
        break; // numbers of the state machine alone
    }
  }

  #requestLaunch(): void {
    const ticket: LaunchTicket = this.surroundings.launchGate.request(() => this.#spawn(ticket));
    this.#ticket = ticket;
  }

  /**
   * Gives `ticket` back as soon as this launch is over: the program was executed, the process has
   * ended, or there was none. These come in any order and, when somebody else holds the launcher's
   * descriptor, long after the next launch has begun.
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
        cmd: [
          ...[...this.surroundings.ownCommand, "launch", "--parent", String(process.pid)],
          ...["--report-fd", String(EXECUTION_FD), "--", ...this.description.command],
        ],
        cwd: "/",
        env: cleanEnvironment(this.#environment()),
        // Sockets, as under the journal: what the function prints is always read here, so it never
        // blocks on a full pipe and never dies of one whose reader went away.
        stdio: ["ignore", "pipe", "pipe", theirs],
        detached: true,
        onExit: (ended, exitCode) => {
          ticket.release();
          this.#onExit(ended, exitCode);
        },
      });
      this.#child = child;
      this.#groupId = child.pid;
      this.#ended = false;
      this.#watchExecution(execution, child, ticket);
      // The types know "pipe" only when it stands in the type of the call.
      void this.#output.forward(child.stdout as ReadableStream<Uint8Array>);
      void this.#output.forward(child.stderr as ReadableStream<Uint8Array>);
    } catch (error) {
      execution.close();
      this.#couldNotStart(error, ticket);
    } finally {
      libc.close(theirs);
    }
    this.#reason = REASON_RESTART; // of the next time, unless the engine gives another one
  }

  /** Out of processes or descriptors: a failure like any other. */
  #couldNotStart(error: unknown, ticket: LaunchTicket): void {
    this.#log(`cannot be started: ${(error as Error).message}`);
    this.#neverStarted(ticket);
  }

  /** The state machine waits for an end, but takes one input at a time. */
  #neverStarted(ticket: LaunchTicket): void {
    this.#groupId = 0;
    this.#ended = true;
    ticket.release();
    queueMicrotask(() => this.#handle("ended"));
  }

  #environment(): Record<string, string> {
    return {
      WINGMAN_FUNCTION: this.description.functionId,
      WINGMAN_SERVER: this.description.serverId,
      WINGMAN_VIPS: this.description.addresses.join(","),
      WINGMAN_REASON: REASON_NAMES[this.#reason] ?? REASON_NAMES[REASON_START],
    };
  }

  /**
   * The launcher's end is closed by a successful exec; before a failed one it sends the reason as
   * text.
   */
  #watchExecution(stream: RecordStream, child: Bun.Subprocess, ticket: LaunchTicket): void {
    let reason = "";
    stream.onRecord((record, length) => {
      reason = new TextDecoder().decode(new Uint8Array(record.buffer, record.byteOffset, length));
      this.#log(reason);
    });
    stream.onEnd(() => {
      ticket.release();
      if (reason === "" && child === this.#child && !this.#ended) this.#handle("executed");
    });
  }

  #onExit(child: Bun.Subprocess, exitCode: number | null): void {
    // never: a new one starts only when the old is collected
    if (this.#child !== child && this.#child !== null) return;
    this.#ended = true;
    const stopping =
      this.#state.state.startsWith("stopping") || this.#state.state.startsWith("killing");
    const how = child.signalCode === null ? `exit code ${exitCode}` : child.signalCode;
    if (!stopping) this.#log(`process ${child.pid} ended by itself: ${how}`);
    this.#handle("ended");
  }

  /** Kills until nothing of the group is left, then says so. */
  #killGroup(groupId: number, sinceMs: number, warned = false): void {
    if (groupId !== 0) signalGroup(groupId, "SIGKILL");
    const hangs = performance.now() - sinceMs >= GONE_WARNING_MS;
    if (hangs && !warned) this.#log(`process group ${groupId} was killed but is still there`);
    setTimeout(() => {
      if (this.#isGone()) this.#handle("gone");
      else this.#killGroup(groupId, sinceMs, warned || hangs);
    }, GONE_CHECK_MS);
  }

  #isGone(): boolean {
    return this.#ended && (this.#groupId === 0 || !groupIsAlive(this.#groupId));
  }

  #armTimer(): void {
    clearTimeout(this.#timer);
    const { deadlineMs } = this.#state;
    if (!Number.isFinite(deadlineMs)) return;
    const waitMs = Math.max(1, Math.ceil(deadlineMs - performance.now()));
    this.#timer = setTimeout(() => {
      if (performance.now() < deadlineMs)
        this.#armTimer(); // it fired early
      else this.#handle("deadline");
    }, waitMs);
  }

  #settle(): void {
    const settled = this.#state.state === "idle" || this.#state.state === "failed";
    if (!settled) return;
    const waiting = this.#whenSettled;
    this.#whenSettled = [];
    for (const resolve of waiting) resolve();
  }

  #log(text: string): void {
    this.surroundings.log(`function ${this.description.functionId}: ${text}`);
  }
}
