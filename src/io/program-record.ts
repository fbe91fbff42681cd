/**
 * Remembers which programs in the kernel are ours, for a later run. They carry our names, but only
 * an administrator of the whole machine (CAP_SYS_ADMIN) may read the name of a program that
 * somebody else loaded. So their ids are kept in a file, too. The kernel never reuses an id while
 * it runs, and the file disappears with the machine's memory.
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

  /** Whether a program belongs to this filter, from this or an earlier run. */
  readonly isOurs = (id: number): boolean => this.ids.has(id) || ourNames.has(nameOf(id));

  /** Call before attaching them: so no unknown program is ever left behind. */
  add(ids: readonly number[]): void {
    for (const id of ids) this.ids.add(id);
    this.fresh.push(...ids);
    writeFileSync(this.file, [...this.ids].join("\n"));
  }

  /** Earlier runs' programs are gone from every interface. */
  forgetOld(): void {
    if (this.fresh.length === 0) this.forget();
    else writeFileSync(this.file, this.fresh.join("\n"));
  }

  /** No program is left. */
  forget(): void {
    rmSync(this.file, { force: true });
  }
}

const ourNames: ReadonlySet<string | null> = new Set(PROGRAM_NAMES);

function recordedIn(file: string): number[] {
  try {
    return readFileSync(file, "latin1").split("\n").map(Number).filter(Number.isSafeInteger);
  } catch {
    return []; // none was attached since the machine started
  }
}
