/**
 * Which programs in the kernel are ours, for a run that finds them. They have our names, but who is
 * no administrator of the whole machine (CAP_SYS_ADMIN) may not read the name of a program that it
 * has not loaded itself: so their ids are kept in a file, too. The kernel gives an id once, as long
 * as it runs; the file lies where it goes with the machine's memory.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { nameOf } from "./bpf.ts";
import { PROGRAM_NAMES } from "./vip-programs.ts";

export class ProgramRecord {
  private readonly ids: Set<number>;
  private readonly fresh: number[] = [];

  constructor(private readonly file: string) {
    this.ids = new Set(recordedIn(file));
  }

  /** Whether a program is of this filter, of this run or of an earlier one. */
  readonly isOurs = (id: number): boolean => this.ids.has(id) || ourNames.has(nameOf(id));

  /** To be called before they are attached: so none is ever left that nobody knows. */
  add(ids: readonly number[]): void {
    for (const id of ids) this.ids.add(id);
    this.fresh.push(...ids);
    writeFileSync(this.file, [...this.ids].join("\n"));
  }

  /** Those of earlier runs are gone from every interface. */
  forgetOld(): void {
    if (this.fresh.length === 0) this.forget();
    else writeFileSync(this.file, this.fresh.join("\n"));
  }

  /** None is left. */
  forget(): void {
    rmSync(this.file, { force: true });
  }
}

const ourNames: ReadonlySet<string | null> = new Set(PROGRAM_NAMES);

function recordedIn(file: string): number[] {
  try {
    return readFileSync(file, "latin1").split("\n").map(Number).filter(Number.isSafeInteger);
  } catch {
    return []; // none has been attached since the machine was started
  }
}
