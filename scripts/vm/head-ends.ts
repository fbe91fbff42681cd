/** The machines of one run: each is started on demand, and stays for the next check. */
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../../src/command-line/errors.ts";
import { tryCommand } from "../../src/rig/command-run.ts";
import { waitFor } from "../../src/rig/condition.ts";
import type { StatusDocument } from "../../src/supervisor/status-document.ts";
import { BAUD, SERVICE_VIP, type ServerId } from "./aircraft.ts";
import { ConsoleLine } from "./console-line.ts";
import { copySparse } from "./disk-copy.ts";
import { writeStateDisk } from "./guest-images.ts";
import { BOOT_MS_MAX, Machine, type MachineDisk, type MachineImages } from "./machine.ts";
import type { PartMedia } from "./part-media.ts";
import { Seat, whoServes } from "./seat.ts";

/** Room for an arriving load and the slot that it is copied to: an executable of 114 MB in each. */
export const STATE_MIB = 320;
/** Record of writes and flushes, with holes: more than any check writes. */
const RECORD_BYTES = 2 ** 31;
/** A command takes an emulated processor half a second. */
const POLL_MS = 500;

/** Disk for installations with power cuts: small, so that many cuts can be checked quickly. */
export const TRIAL_MIB = 16;
export type DiskSerial = "state" | "trial";

/** Status of a machine's daemon; null when there is none. */
export async function statusOf(machine: Machine): Promise<StatusDocument | null> {
  const { exitCode, text } = await machine.shell.try("wingman status --json");
  if (exitCode !== 0) return null;
  try {
    return JSON.parse(text) as StatusDocument;
  } catch {
    const found = JSON.stringify(text.slice(0, 200));
    throw new RuntimeError(`${machine.server}: found status ${found}, expected a document`);
  }
}

export class HeadEnds {
  /** Of every machine that is switched on: together no more than this machine's two. */
  processors = 2;
  readonly #running = new Map<ServerId, Machine>();
  #seat: Seat | null = null;

  /**
   * @param wingman the flight executable of this machine
   * @param directory of this run, in memory
   */
  constructor(
    readonly wingman: string,
    readonly directory: string,
    private readonly images: MachineImages,
    readonly parts: PartMedia,
  ) {}

  /** The seat at the service's VIP, created at the first question. */
  get seat(): Seat {
    this.#seat ??= new Seat(SERVICE_VIP);
    return this.#seat;
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  /** Paths of the record of writes to a's disks, and of their former content. */
  diskRecord(serial: DiskSerial): { pristine: string; record: string } {
    return { pristine: this.file(`${serial}.pristine`), record: this.file(`${serial}.record`) };
  }

  running(server: ServerId): Machine | undefined {
    return this.#running.get(server);
  }

  /** Switches a machine on, with its existing disk. Its shell is not ready yet. */
  async switchOn(server: ServerId): Promise<Machine> {
    const disks = [await this.#disk(server, "state", STATE_MIB)];
    if (server === "a") disks.push(await this.#disk(server, "trial", TRIAL_MIB));
    const { images, directory, processors } = this;
    const machine = await Machine.start({ server, processors, images, disks, directory });
    this.#running.set(server, machine);
    return machine;
  }

  /** A disk of a machine, made at its first start. */
  async #disk(server: ServerId, serial: DiskSerial, sizeMiB: number): Promise<MachineDisk> {
    const file = this.file(`${server}.${serial}`);
    const isNew = !existsSync(file);
    if (isNew) await writeStateDisk(file, sizeMiB);
    // The record of a disk that is switched on again would begin in the middle of its life.
    const isRecorded = server === "a" && (isNew || serial === "trial");
    if (!isRecorded) return { serial, file, record: null };
    const { pristine, record } = this.diskRecord(serial);
    await copySparse(file, pristine);
    writeFileSync(record, "");
    truncateSync(record, RECORD_BYTES);
    return { serial, file, record };
  }

  /** A flying machine: switched on if necessary, and active. */
  async flying(server: ServerId): Promise<Machine> {
    const there = this.#running.get(server);
    if (there !== undefined) return there;
    const machine = await this.switchOn(server);
    await this.awaitActive(machine);
    return machine;
  }

  /**
   * Waits for the shell of a starting machine, and until its daemon is active.
   * @throws RuntimeError with the machine's last output
   */
  async awaitActive(machine: Machine): Promise<void> {
    try {
      await machine.shell.ready(BOOT_MS_MAX);
      const isActive = async (): Promise<boolean> => {
        await Bun.sleep(POLL_MS);
        return (await statusOf(machine))?.phase === "active";
      };
      if (await waitFor(BOOT_MS_MAX, isActive)) return;
      throw new RuntimeError(`${machine.server} is not active after ${BOOT_MS_MAX / 1000} s`);
    } catch (error) {
      throw new RuntimeError(`${(error as Error).message}\n${machine.lastWords}`);
    }
  }

  /** Waits until the service's process answers at its VIP; returns its server, or null. */
  async served(limitMs: number): Promise<string | null> {
    let server: string | null = null;
    await waitFor(limitMs, async () => {
      server = await whoServes();
      return server !== null;
    });
    return server;
  }

  /** Cuts the power of a machine. */
  async cut(server: ServerId): Promise<void> {
    await this.#running.get(server)?.cut();
    this.#running.delete(server);
  }

  /** The same, but QEMU closes its disks. */
  async switchOff(server: ServerId): Promise<void> {
    await this.#running.get(server)?.quit();
    this.#running.delete(server);
  }

  /** The maintenance log of a machine, downloaded over the serial line by ZMODEM. */
  async downloadLog(machine: Machine): Promise<string> {
    const line = new ConsoleLine(machine, BAUD);
    const directory = this.file(`${machine.server}.download`);
    rmSync(directory, { recursive: true, force: true });
    try {
      return await line.download("download log", directory);
    } finally {
      line.close();
    }
  }

  /** `wingman log verify` on this machine: its output, and whether it passes. */
  async verifyLog(file: string): Promise<{ passed: boolean; said: string }> {
    const { exitCode, stdout, stderr } = await tryCommand([this.wingman, "log", "verify", file]);
    const said = `${stdout}${stderr}`.trim().replaceAll(file, "the log").split("\n")[0] ?? "";
    return { passed: exitCode === 0, said };
  }

  /** Last output of kernel and daemon of every machine that was ever on, for people. */
  lastWords(): string {
    return (["a", "b"] as const)
      .map((server) => this.file(`${server}.kernel.log`))
      .filter(existsSync)
      .map(
        (file) =>
          `${file}:\n${readFileSync(file, "utf8").trimEnd().split("\n").slice(-15).join("\n")}`,
      )
      .join("\n");
  }

  async close(): Promise<void> {
    this.#seat?.close();
    for (const server of [...this.#running.keys()]) await this.cut(server);
  }
}
