/**
 * Starts and ends the process that watches which server answers for each VIP (wire-watch), and
 * returns its observations.
 */
import { join } from "node:path";
import type { Tenure } from "./one-answer.ts";

/** The addresses to watch. Hardware addresses as bytes. */
export interface WatchOrder {
  servers: { port: string; hardware: number[] }[];
  /** VIPs without prefix length. */
  vips: string[];
  /** In whose name questions are asked: a host on the switch, to which the servers can answer. */
  seat: { hardware: number[]; ipv4: string; ipv6: string };
}

/** Times in µs of CLOCK_MONOTONIC. */
export interface WatchReport {
  tenures: readonly Tenure[];
  /** Rounds; in each every server was asked for one VIP. */
  asked: number;
  /** Frames that spoke for a VIP. */
  spoken: number;
  /** Frames that the watcher lost: with any, nothing is proved. */
  lost: number;
  /** The longest time between two rounds. */
  worstGapMs: number;
  isRealtime: boolean;
}

type Watcher = Bun.Subprocess<"pipe", "pipe", "inherit">;

interface Output {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
}

export class AnswerWatch {
  private constructor(
    private readonly child: Watcher,
    private readonly output: Output,
  ) {}

  /**
   * `enter`: the command that runs a program in the namespace of the switch. Comes back when it
   * watches. Throws when it does not.
   */
  static async start(enter: readonly string[], order: WatchOrder): Promise<AnswerWatch> {
    const child = Bun.spawn(
      [...enter, process.execPath, join(import.meta.dir, "wire-watch.ts"), JSON.stringify(order)],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    const output = child.stdout.getReader();
    const { done } = await output.read();
    if (done) throw new Error(`the watcher ended with code ${await child.exited}`);
    return new AnswerWatch(child, output);
  }

  async end(): Promise<WatchReport> {
    await this.child.stdin.end();
    const decoder = new TextDecoder();
    let text = "";
    for (let next = await this.output.read(); !next.done; next = await this.output.read()) {
      text += decoder.decode(next.value, { stream: true });
    }
    const code = await this.child.exited;
    if (code !== 0) throw new Error(`the watcher ended with code ${code}`);
    return JSON.parse(text) as WatchReport;
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }
}
