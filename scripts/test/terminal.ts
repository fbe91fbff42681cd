/**
 * One terminal for parallel suites: the one that began first writes directly; the output of the
 * others waits until it has ended.
 */
export class Terminal {
  readonly #waiting: Share[] = [];

  constructor(private readonly write: (text: string) => void) {}

  /** A share for a suite that begins now. */
  share(): Share {
    const share = new Share(this.#waiting.length === 0, this.write, () => this.#next());
    this.#waiting.push(share);
    return share;
  }

  /** Ended suites at the front make way; each that waited first writes its delayed output. */
  #next(): void {
    while (this.#waiting[0]?.hasEnded) {
      this.#waiting.shift();
      this.#waiting[0]?.begin();
    }
  }
}

/** Output of one suite. */
class Share {
  hasEnded = false;
  #kept = "";

  constructor(
    private isFirst: boolean,
    private readonly out: (text: string) => void,
    private readonly onEnd: () => void,
  ) {}

  write(text: string): void {
    if (this.isFirst) this.out(text);
    else this.#kept += text;
  }

  end(): void {
    this.hasEnded = true;
    this.onEnd();
  }

  /** This share becomes the first one. */
  begin(): void {
    this.isFirst = true;
    this.out(this.#kept);
    this.#kept = "";
  }
}

export type { Share };
