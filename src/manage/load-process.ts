/**
 * A separate process checks and stores loads (`wingman take`): however long it takes, console, page
 * and log do not wait for it.
 */
import { access } from "node:fs/promises";
import type { FinishWay, UploadVerdict } from "../dataload/upload-target.ts";
import { cleanEnvironment } from "../supervisor/own-executable.ts";
import { ACCEPT_LOAD, decodeLoadMessage, type LoadMessage } from "./load-message.ts";

export interface LoadProcessParts {
  /** How to start this program in another role. */
  readonly ownCommand: readonly string[];
  readonly configFile: string;
  /** Base of relative paths in the configuration. */
  readonly directory: string;
}

export class LoadProcess {
  constructor(private readonly parts: LoadProcessParts) {}

  /**
   * Takes the load in a directory, unless `way` ends before that is done; a completed take is
   * final. Resolves when the process has ended.
   */
  async take(load: string, way: FinishWay): Promise<UploadVerdict> {
    const child = this.#start("pipe", load);
    const leave = (): void => quietly(() => child.stdin.end());
    if (way.signal.aborted) leave();
    way.signal.addEventListener("abort", leave, { once: true });
    let verdict: UploadVerdict | null = null;
    try {
      for await (const message of messagesOf(child.stdout)) {
        if ("doing" in message) way.tell(`${message.doing}, ${message.percent} %`);
        else if ("accepted" in message) verdict = message;
        else if (!way.signal.aborted) quietly(() => child.stdin.write(ACCEPT_LOAD));
      }
    } finally {
      way.signal.removeEventListener("abort", leave);
      leave();
      await child.exited;
    }
    if (verdict !== null) return verdict;
    await this.#clean(load); // the process could not do so itself
    const end = child.signalCode ?? `exit code ${child.exitCode}`;
    return { accepted: false, why: `the process that takes it has ended: ${end}` };
  }

  /**
   * Removes leftovers of an interrupted load, also in the slots.
   * @param traces paths, any of which shows leftovers
   */
  async clean(load: string, traces: readonly string[]): Promise<void> {
    const found = await Promise.all(traces.map(exists));
    if (found.includes(true)) await this.#clean(load);
  }

  async #clean(load: string): Promise<void> {
    await this.#start("ignore", load, "--clean").exited;
  }

  #start<Stdin extends "pipe" | "ignore">(stdin: Stdin, load: string, ...more: string[]) {
    const { ownCommand, configFile, directory } = this.parts;
    return Bun.spawn({
      cmd: [
        ...[...ownCommand, "take", "--config", configFile, "--directory", directory],
        ...["--load", load, ...more],
      ],
      ...{ cwd: "/", env: cleanEnvironment() },
      stdio: [stdin, "pipe", "inherit"],
    });
  }
}

/** The receiver may have ended: its end is reported elsewhere. */
function quietly(tell: () => unknown): void {
  try {
    tell();
  } catch {}
}

async function* messagesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<LoadMessage> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    const lines = (text + decoder.decode(bytes, { stream: true })).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) yield decodeLoadMessage(line);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
