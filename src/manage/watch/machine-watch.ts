/**
 * Looks after the things of the machine that the server was started with and that may change under
 * it: the executable, the key files. What is found is a fault as long as it is so.
 */
import { codeLabel } from "../../catalogue/record-text.ts";
import type { LogKeeper } from "../log/log-keeper.ts";
import type { LogReader } from "../maintenance.ts";

export interface WatchedThing {
  /** Code (catalogue/) of the fault, and of its end. */
  readonly faultCode: number;
  readonly endCode: number;
  /**
   * What is wrong with it now, in a few words; null: nothing. May take as long as its disk does.
   */
  look(): Promise<string | null>;
}

export class MachineWatch {
  readonly #found = new Map<WatchedThing, string | null>();
  /** One after the other: a disk that hangs holds one thread of the runtime's few. */
  #isLooking = false;

  constructor(
    private readonly things: readonly WatchedThing[],
    private readonly keeper: Pick<LogKeeper, "note" | "reader">,
  ) {}

  /** Once a second. */
  tick(): void {
    if (!this.#isLooking) void this.#lookAtAll();
  }

  async #lookAtAll(): Promise<void> {
    this.#isLooking = true;
    for (const thing of this.things) this.#tell(thing, await thing.look());
    this.#isLooking = false;
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

/** Whether a fault is there, set by this process, the one before it or an earlier run. */
export function isActive(log: LogReader, code: number): boolean {
  return log.faults().some((fault) => fault.isActive && fault.label === codeLabel(code));
}
