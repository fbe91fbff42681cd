/**
 * Everything that happens in a flight, as a running digest: two flights are equal when their
 * digests are. On request also in words.
 */
export class Trace {
  /** Lines for people; null: not recorded. */
  readonly lines: string[] | null;
  private high = 0x811c9dc5;
  private low = 0x01000193;

  constructor(inWords: boolean) {
    this.lines = inWords ? [] : null;
  }

  /** The events, with time and place, in numbers. */
  note(nowUs: number, what: number, server: number, first: number, second: number): void {
    this.high = Math.imul(this.high ^ nowUs, 0x01000193) ^ Math.imul(what + 1, 0x9e3779b1);
    this.low =
      Math.imul(this.low ^ (server + 17), 0x85ebca6b) ^
      Math.imul(first ^ (second << 7), 0xc2b2ae35) ^
      this.high;
    this.low ^= this.low >>> 15;
  }

  say(nowUs: number, text: string): void {
    this.lines?.push(`${(nowUs / 1000).toFixed(3).padStart(12)} ms  ${text}`);
  }

  get digest(): string {
    return (
      (this.high >>> 0).toString(16).padStart(8, "0") +
      (this.low >>> 0).toString(16).padStart(8, "0")
    );
  }
}
