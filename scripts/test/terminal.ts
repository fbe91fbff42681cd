/**
 * One terminal for suites that run side by side: the one that began first writes through, what the
 * others say waits until it has ended.
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

  /** The first ones that have ended make way; each that waited says first what it had to say. */
  #next(): void {
    while (this.#waiting[0]?.hasEnded) {
      this.#waiting.shift();
      this.#waiting[0]?.begin();
    }
  }
}

/** What one suite says. */
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

  /** It is the first one now. */
  begin(): void {
    this.isFirst = true;
    this.out(this.#kept);
    this.#kept = "";
  }
}

export type { Share };
