/**
 * A loader on the ground at the seat's place, of stock programs: in.tftpd serves the target's reads
 * and accepts its writes, tftp sends requests.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { RuntimeError } from "../../src/command-line/errors.ts";
import { decodeInitialization } from "../../src/dataload/initialization-file.ts";
import {
  STATUS_ABORTED_BY_LOADER,
  STATUS_ABORTED_BY_TARGET,
  STATUS_ACCEPTED,
  STATUS_COMPLETED,
  statusWords,
} from "../../src/dataload/status-code.ts";
import { decodeUploadStatus, encodeUploadRequest } from "../../src/dataload/upload-files.ts";
import { tryCommand } from "../../src/rig/command-run.ts";
import { waitFor } from "../../src/rig/condition.ts";
import { isServed, TFTPD, tftpServer } from "../../test/harness/tftp-server.ts";
import { addressesOf, HARDWARE, positionOf, SEAT_ADDRESS, type ServerId } from "./aircraft.ts";
import type { MadePart } from "./part-media.ts";

const PORT = 59;
const READY_MS_MAX = 10_000;
/** The target is open once its daemon has read the ground signal. */
const OPEN_MS_MAX = 60_000;
const OPEN_LOOK_MS = 1000;
/** 80,000 blocks in lockstep with an emulated processor, then every file is read twice. */
const LOAD_MS_MAX = 900_000;
const POLL_MS = 200;

export interface Loaded {
  readonly completed: boolean;
  /** Text of the target's last status. */
  readonly said: string;
  readonly bytes: number;
  /** Time from the first status to the last: transfer, checks, and the copy into the slot. */
  readonly tookMs: number;
}

export class GroundLoader {
  readonly #files: string;
  readonly #target: string;
  readonly #name: string;
  #server: Bun.Subprocess | null = null;

  /** @param directory only for the loader */
  constructor(
    private readonly directory: string,
    server: ServerId,
  ) {
    this.#files = resolve(directory, "files");
    this.#target = addressesOf(server)[0].split("/")[0] ?? "";
    this.#name = `${HARDWARE}_${positionOf(server)}`;
  }

  /** @throws RuntimeError when in.tftpd does not listen */
  async start(): Promise<void> {
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.#files, { recursive: true });
    const own = SEAT_ADDRESS.split("/")[0] ?? "";
    this.#server = Bun.spawn(tftpServer(own, PORT, this.#files), {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const listens = (): boolean => isServed(readFileSync("/proc/net/udp", "latin1"), PORT);
    if (!(await waitFor(READY_MS_MAX, listens)))
      throw new RuntimeError(`${TFTPD}: found nobody at UDP port ${PORT}, expected in.tftpd`);
  }

  /** Offers a part to the target, and waits for the end. @throws RuntimeError when there is none */
  async load({ partNumber, medium }: MadePart): Promise<Loaded> {
    let bytes = 0;
    for (const [name, content] of medium) {
      if (name.endsWith(".LUM")) continue; // belongs to a medium; a loader has no use for it
      writeFileSync(join(this.#files, name), content);
      bytes += content.length;
    }
    rmSync(join(this.#files, `${this.#name}.LUS`), { force: true });
    await this.#begin();
    const beganMs = performance.now();
    const headerFile = [...medium.keys()].find((name) => name.endsWith(".LUH")) ?? "";
    await this.#wait("the first status", READY_MS_MAX, () => this.#status() !== null);
    await this.#put("LUR", encodeUploadRequest([{ headerFile, partNumber }]));
    await this.#wait("the end of the upload", LOAD_MS_MAX, () => {
      const status = this.#status();
      return status !== null && isOver(status.status);
    });
    const tookMs = performance.now() - beganMs;
    const { status, description } = this.#status() ?? { status: 0, description: "" };
    const said = `${statusWords(status)}${description === "" ? "" : `: ${description}`}`;
    return { completed: status === STATUS_COMPLETED, said, bytes, tookMs };
  }

  async close(): Promise<void> {
    this.#server?.kill("SIGKILL");
    await this.#server?.exited;
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #begin(): Promise<void> {
    let said = "no answer";
    const isAccepted = await waitFor(OPEN_MS_MAX, async () => {
      const place = join(this.directory, "got");
      rmSync(place, { force: true });
      said = (await this.#tftp("get", `${this.#name}.LUI`, place)) || "no answer";
      try {
        const { status, description } = decodeInitialization(readFileSync(place));
        said = `${statusWords(status)}: ${description}`;
        if (status === STATUS_ACCEPTED) return true;
      } catch {
        // no answer, or half of one: retried
      }
      await Bun.sleep(OPEN_LOOK_MS);
      return false;
    });
    if (!isAccepted)
      throw new RuntimeError(`${this.#name}.LUI: found ${said}, expected that it accepts`);
  }

  async #put(ending: string, content: Uint8Array): Promise<void> {
    const place = join(this.directory, "given");
    writeFileSync(place, content);
    const said = await this.#tftp("put", place, `${this.#name}.${ending}`);
    if (said !== "") throw new RuntimeError(`tftp put ${this.#name}.${ending}: ${said}`);
  }

  /** Error output of tftp, "" when all is well. */
  async #tftp(...words: string[]): Promise<string> {
    const command = ["timeout", "30", "tftp", "-m", "binary", this.#target, String(PORT), "-c"];
    const { stdout, stderr } = await tryCommand([...command, ...words]);
    return `${stdout}${stderr}`.trim();
  }

  /** Null while there is none, or half of one. */
  #status(): { status: number; percent: number; description: string } | null {
    try {
      return decodeUploadStatus(readFileSync(join(this.#files, `${this.#name}.LUS`)));
    } catch {
      return null;
    }
  }

  async #wait(what: string, limitMs: number, isMet: () => boolean): Promise<void> {
    const isThere = await waitFor(limitMs, async () => {
      if (isMet()) return true;
      await Bun.sleep(POLL_MS);
      return false;
    });
    if (isThere) return;
    const last = this.#status();
    const found = last === null ? "no status" : `${statusWords(last.status)}, ${last.percent} %`;
    throw new RuntimeError(`waited ${limitMs / 1000} s in vain for ${what}: found ${found}`);
  }
}

const isOver = (status: number): boolean =>
  status === STATUS_COMPLETED ||
  (status >= STATUS_ABORTED_BY_TARGET && status <= STATUS_ABORTED_BY_LOADER + 1);
