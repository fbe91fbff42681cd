/**
 * Watches things of the machine that may change under a running server: the executable, the key
 * files. A finding is a fault as long as it persists.
 */
import { codeLabel } from "../../catalogue/record-text.ts";
import type { LogKeeper } from "../log/log-keeper.ts";
import type { LogReader } from "../maintenance.ts";

export interface WatchedThing {
  /** Codes (catalogue/) of the fault, and of its end. */
  readonly faultCode: number;
  readonly endCode: number;
  /**
   * The current problem in a few words; null when there is none. May take as long as its disk does.
   */
  look(): Promise<string | null>;
}

export class MachineWatch {
  readonly #found = new Map<WatchedThing, string | null>();
  /** One after the other: a disk that hangs blocks one of the runtime's few threads. */
  #isChecking = false;

  constructor(
    private readonly things: readonly WatchedThing[],
    private readonly keeper: Pick<LogKeeper, "note" | "reader">,
  ) {}

  /** Call once a second. */
  tick(): void {
    if (!this.#isChecking) void this.#checkAll();
  }

  async #checkAll(): Promise<void> {
    this.#isChecking = true;
    for (const thing of this.things) this.#tell(thing, await thing.look());
    this.#isChecking = false;
  }

  #tell(thing: WatchedThing, found: string | null): void {
    const before = this.#found.get(thing);
    this.#found.set(thing, found);
    if (found === before) return;
    const isInLog =
      before === undefined ? isActive(this.keeper.reader, thing.faultCode) : before !== null;
    if (found !== null && !(isInLog && before === undefined))
      this.keeper.note(thing.faultCode, -1, found);
    else if (found === null && isInLog) this.keeper.note(thing.endCode, -1, "");
  }
}

/** Whether the fault is active, set by this process, the previous one or an earlier run. */
export function isActive(log: LogReader, code: number): boolean {
  return log.faults().some((fault) => fault.isActive && fault.label === codeLabel(code));
}
