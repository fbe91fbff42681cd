/**
 * Maximum launchers at work at the same time, from fork to exec. Each one starts this whole
 * executable (some 15 ms of a core and tens of megabytes). When a takeover starts hundreds of
 * functions at once, they queue instead of exhausting the machine.
 */
export const LAUNCHES_AT_ONCE_MAX = 4;

/** A place in the queue, and later at work. */
export interface LaunchTicket {
  /** Not launched yet; {@link release} now cancels the launch. */
  readonly waiting: boolean;
  /** Call when the launch is done, has failed, or is no longer wanted. Further calls do nothing. */
  release(): void;
}

export class LaunchGate {
  readonly #queue: (() => void)[] = [];
  #atWork = 0;

  constructor(private readonly atOnceMax = LAUNCHES_AT_ONCE_MAX) {}

  /** Calls `launch` in its turn, never before this call has returned. */
  request(launch: () => void): LaunchTicket {
    let state: "waiting" | "at work" | "released" = "waiting";
    const grant = (): void => {
      state = "at work";
      this.#atWork++;
      launch();
    };
    this.#queue.push(grant);
    queueMicrotask(() => this.#admit());
    return {
      get waiting() {
        return state === "waiting";
      },
      release: () => {
        if (state === "waiting") this.#queue.splice(this.#queue.indexOf(grant), 1);
        if (state === "at work") {
          this.#atWork--;
          queueMicrotask(() => this.#admit());
        }
        state = "released";
      },
    };
  }

  #admit(): void {
    while (this.#atWork < this.atOnceMax) {
      const grant = this.#queue.shift();
      if (grant === undefined) return;
      grant();
    }
  }
}
