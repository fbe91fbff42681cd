/** A real `wingman run` in its own network namespace, with the stand-in engine, for one test. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runEnvironment, scratchDirectory } from "../harness/run-mark.ts";
import { until } from "../harness/until.ts";
import type { Manner, Order, Report } from "./engine-stand-in.ts";

export interface FunctionEntry {
  id: string;
  command?: string[];
  start?: "on-activate" | "always";
  stopGraceMs?: number;
  servers?: string[];
}

export class Daemon {
  /** In memory, as a run directory has to be. */
  readonly directory = scratchDirectory("supervisor", "/dev/shm");
  readonly runDirectory = join(this.directory, "run");
  readonly stateDirectory = join(this.directory, "state");
  /** Everything that all engines so far reported. */
  readonly reports: Report[] = [];
  #process: Bun.Subprocess | null = null;
  #engine: Bun.Socket<undefined> | null = null;
  #engines = 0;

  /** An executable shell script; gives its path. */
  script(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** Output of a script in a file of the test's directory; undefined before. */
  written(name: string): string | undefined {
    const path = join(this.directory, name);
    if (!existsSync(path)) return undefined;
    const text = readFileSync(path, "utf8");
    return text.endsWith("\n") ? text : undefined;
  }

  setManner(manner: Manner): void {
    mkdirSync(this.runDirectory, { recursive: true });
    writeFileSync(join(this.runDirectory, "manner.json"), JSON.stringify(manner));
  }

  /** `errors`: where its standard error goes instead of this test's file. */
  start(
    functions: FunctionEntry[],
    environment: Record<string, string> = {},
    errors?: string,
  ): void {
    const config = {
      system: "supervisor-test",
      allocation: "preempt",
      keepAlive: { interfaces: ["lo"] },
      servers: [
        { id: "a", resource: 100 },
        { id: "b", resource: 100 },
      ],
      functions: functions.map((entry, index) => ({
        ...{
          required: 1,
          priority: 5,
          vips: [`10.9.0.${index + 1}/24`, `fd00:9::${index + 1}/64`],
        },
        ...entry,
      })),
      maintenance: { console: { device: null } }, // the machine's serial line is not the test's
    };
    const file = join(this.directory, "aircraft.json");
    writeFileSync(file, JSON.stringify(config));
    this.#process = this.spawn(file, ["--server", "a"], environment, errors);
  }

  /**
   * `wingman run` with this test's directories. In an own network namespace: the sweep for VIPs
   * left behind is real.
   */
  spawn(
    configFile: string,
    args: string[],
    environment: Record<string, string> = {},
    errors = join(this.directory, "stderr"),
  ): Bun.Subprocess {
    const namespace =
      process.getuid?.() === 0 ? ["unshare", "--net"] : ["unshare", "--net", "--map-root-user"];
    const executable = join(import.meta.dir, "stand-in-executable.ts");
    return Bun.spawn({
      cmd: [
        ...[...namespace, process.execPath, executable, "run", ...args, "--config", configFile],
        ...["--run-dir", this.runDirectory, "--state-dir", this.stateDirectory],
      ],
      env: {
        PATH: process.env.PATH ?? "",
        NODE_OPTIONS: "--no-warnings",
        SECRET: "of the shell",
        ...runEnvironment(),
        ...environment,
      },
      stdio: ["ignore", "ignore", Bun.file(errors)],
    });
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get exitCode(): Promise<number> {
    return this.#process?.exited ?? Promise.resolve(-1);
  }

  get errors(): string {
    const path = join(this.directory, "stderr");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Waits for the next engine's hello, and talks to that one from now on. */
  async engine(): Promise<NonNullable<Report["hello"]>> {
    const wanted = ++this.#engines;
    return await until(
      () => `engine ${wanted}; the daemon said:\n${this.errors}`,
      async () => {
        if (this.#engine === null) await this.#connect();
        const known = this.reports.flatMap(({ hello }) => hello ?? []);
        return this.#engine === null ? null : known[wanted - 1];
      },
    );
  }

  /** Nothing comes of it while there is no engine, or only the socket of one that is gone. */
  async #connect(): Promise<void> {
    const path = join(this.runDirectory, "stand-in.sock");
    if (!existsSync(path)) return;
    let rest = "";
    this.#engine = await Bun.connect({
      unix: path,
      socket: {
        data: (_socket, data) => {
          const lines = (rest + data.toString()).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) this.reports.push(JSON.parse(line));
        },
        close: () => {
          this.#engine = null;
        },
      },
    }).catch(() => null);
  }

  order(order: Order): void {
    if (this.#engine === null) throw new Error("there is no engine");
    this.#engine.write(`${JSON.stringify(order)}\n`);
  }

  send(kind: number, index: number, argument = 0, second = 0, third = 0): void {
    this.order({ record: [kind, index, argument, second, third] });
  }

  /** Kinds of the records about function `index` that the supervisor sent, in order. */
  records(index: number): number[] {
    return this.reports.flatMap(({ record }) => (record?.[1] === index ? [record[0]] : []));
  }

  /** Waits until the records about function `index` are at least `count`; gives them all. */
  recordsAtLeast(index: number, count: number): Promise<number[]> {
    return until(
      () =>
        `record ${count} about function ${index}; so far ${this.records(index)}\n${this.errors}`,
      () => {
        const records = this.records(index);
        return records.length >= count && records;
      },
    );
  }

  /** Ends whatever is left. */
  async remove(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.exitCode;
    rmSync(this.directory, { recursive: true, force: true });
  }
}
