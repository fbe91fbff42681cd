/**
 * A loader on the ground made of stock programs: in.tftpd accepts the target's writes and serves
 * its reads, tftp sends requests, tshark listens.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argumentsOf } from "../../src/rig/process-table.ts";
import { run } from "../harness/command.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { signalAll } from "../harness/signals.ts";
import { isServed, TFTPD, tftpServer } from "../harness/tftp-server.ts";
import { until } from "../harness/until.ts";
import type { Host } from "../harness/virtual-network.ts";

const PORT = 59;

type Child = Bun.Subprocess<"ignore", "pipe" | "ignore", "pipe">;

export class Loader {
  readonly directory = scratchDirectory("loader");
  /** The directory that in.tftpd serves. */
  readonly files = join(this.directory, "files");
  #server: Child | null = null;
  #capture: Child | null = null;

  constructor(
    readonly host: Host,
    readonly address: string,
    /** Address of the target. */
    readonly target: string,
  ) {
    mkdirSync(this.files);
  }

  get capture(): string {
    return join(this.directory, "capture.pcapng");
  }

  async start(): Promise<void> {
    this.#server = Bun.spawn([...this.host.enter, ...tftpServer(this.address, PORT, this.files)], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    await until("in.tftpd listens", () => isServed(this.host.run("cat", "/proc/net/udp"), PORT));
  }

  /** Everything on the loader's network from now on. */
  async listen(): Promise<void> {
    this.#capture = Bun.spawn(
      [...this.host.enter, "tshark", "-q", "-i", "eth0", "-w", this.capture, "udp"],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    await until(
      "tshark listens",
      () => existsSync(this.capture) && statSync(this.capture).size > 0,
    );
  }

  /** The loader is gone: nothing answers for it any more. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    // it leaves a child for each transfer that is under way
    this.host.ip("addr", "flush", "dev", "eth0");
    server.kill("SIGKILL");
    await server.exited;
    signalAll(
      this.host.processes().filter((pid) => argumentsOf(pid)[0] === TFTPD),
      "SIGKILL",
    );
  }

  /** Ends listening; gives what a filter of tshark leaves, every field of it in words. */
  async decoded(filter: string): Promise<string> {
    await this.stopListening();
    return run(...["tshark", "-r", this.capture, "-o", "tftp.defragment:TRUE", "-Y", filter, "-V"]);
  }

  /** The values of fields in each packet that a filter leaves, a line for each. */
  async fields(filter: string, ...names: string[]): Promise<string[]> {
    await this.stopListening();
    const text = run(
      ...["tshark", "-r", this.capture, "-o", "tftp.defragment:TRUE", "-Y", filter, "-T", "fields"],
      ...names.flatMap((name) => ["-e", name]),
    );
    return text.split("\n").filter((line) => line !== "");
  }

  async stopListening(): Promise<void> {
    const capture = this.#capture;
    this.#capture = null;
    if (capture === null) return;
    // frames captured a moment ago are still in the kernel's ring
    let size = -1;
    await until("nothing more is captured", async () => {
      const before = size;
      size = statSync(this.capture).size;
      await Bun.sleep(300);
      return size === before;
    });
    capture.kill("SIGINT");
    await capture.exited;
  }

  /** A file of the target, asked for with the `tftp` of tftp-hpa. */
  get(file: string): Uint8Array {
    const place = join(this.directory, "got");
    rmSync(place, { force: true });
    this.#tftp("get", file, place);
    return existsSync(place) ? readFileSync(place) : new Uint8Array(0);
  }

  /** Writes a file to the target; returns tftp's message, "" when all is well. */
  put(file: string, content: Uint8Array): string {
    const place = join(this.directory, "given");
    writeFileSync(place, content);
    return this.#tftp("put", place, file);
  }

  #tftp(...words: string[]): string {
    const { stdout, stderr } = Bun.spawnSync(
      [...this.host.enter, "tftp", "-m", "binary", this.target, String(PORT), "-c", ...words],
      { cwd: this.directory, timeout: 30_000, killSignal: "SIGKILL" },
    );
    return `${stdout.toString()}${stderr.toString()}`;
  }

  has(file: string): boolean {
    return existsSync(join(this.files, file));
  }

  read(file: string): Uint8Array {
    return readFileSync(join(this.files, file));
  }

  write(file: string, content: Uint8Array): void {
    writeFileSync(join(this.files, file), content);
  }

  async end(): Promise<void> {
    await this.stop();
    this.#capture?.kill("SIGKILL");
    await this.#capture?.exited;
    rmSync(this.directory, { recursive: true, force: true });
  }
}
