/** A server with a data load in the field, and a loader of stock programs at the seat's place. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LOG_LOAD_NOT_SERVED, LOG_LOAD_STARTED } from "../../src/catalogue/supervisor-code.ts";
import type { DataLoadState } from "../../src/dataload/data-load.ts";
import { decodeInitialization } from "../../src/dataload/initialization-file.ts";
import type { LogEntry } from "../../src/manage/maintenance.ts";
import { FIELD_TABLE, Field, SEAT_ADDRESS } from "../field/field.ts";
import { WINGMAN } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { Loader } from "./loader.ts";

/** Own address of the server. */
export const TARGET = "10.44.0.1";

export class LoadingField {
  #config: object = {};
  readonly field = new Field({ servers: 1 });
  readonly loader = new Loader(this.field.seat, SEAT_ADDRESS, TARGET);

  /**
   * With a target on ground that is open, and a loader.
   * @param trust public key in PEM of those whose parts are taken; without one none is
   */
  async start(
    trust: string | null = null,
    dataLoad: object = { listen: TARGET, position: "L" },
    maintenance: object = {},
  ): Promise<void> {
    await this.loader.start();
    this.server.land();
    const keyFile = join(this.server.runDirectory, "part-key.pub.pem");
    if (trust !== null) writeFileSync(keyFile, trust);
    const parts = { trust: trust === null ? [] : [keyFile], slots: this.slots };
    this.#config = { ...FIELD_TABLE, maintenance: { dataLoad, ...maintenance }, parts };
    await this.restart();
  }

  /** Starts the server as before. */
  async restart(): Promise<void> {
    this.server.start(this.#config);
    await until(
      () => `the data load is open: ${readFileSync(this.server.manageErrors, "utf8")}`,
      () => this.state()?.address === TARGET,
    );
    await this.saysGround("ON GROUND");
  }

  get server() {
    return this.field.a;
  }

  get slots(): string {
    return join(this.server.stateDirectory, "slots");
  }

  /** The directory of loads until they are installed. */
  get loads(): string {
    return join(this.server.stateDirectory, "data-load");
  }

  /** `wingman part` for the slots of the server. */
  part(...args: string[]): { code: number; err: string } {
    const options = ["--config", this.server.configFile, "--run-dir", this.server.runDirectory];
    const { exitCode, stderr } = Bun.spawnSync([WINGMAN, "part", ...args, ...options]);
    return { code: exitCode, err: stderr.toString() };
  }

  async saysGround(words: string): Promise<void> {
    await until(words, () => this.server.command("console", "show ground").out.startsWith(words));
  }

  /** From the console; null while there is no console. */
  state(): DataLoadState | null {
    const { code, out } = this.server.command("console", "show dataload | json");
    return code === 0 ? (JSON.parse(out) as DataLoadState) : null;
  }

  /** Begins an operation; returns the target's answer. */
  begin(ending: string): { status: number; description: string } {
    return decodeInitialization(this.loader.get(`WINGHESA_L.${ending}`));
  }

  /** The end of the operation that is under way. */
  async ended(): Promise<NonNullable<DataLoadState["last"]>> {
    return await until("the end of the operation", () => {
      const state = this.state();
      return state?.operation === null && state.last;
    });
  }

  /** Records of data loads in the log, with what they are about. */
  async records(count: number): Promise<[code: number, detail: string][]> {
    return await until(`${count} records of data loads`, () => {
      const { out } = this.server.command("console", "show log -n 100 | json");
      const found = (JSON.parse(out) as LogEntry[]).filter(
        ({ code }) => code >= LOG_LOAD_STARTED && code <= LOG_LOAD_NOT_SERVED,
      );
      return found.length >= count && found.map(({ code, detail }) => [code, detail]);
    });
  }

  async end(): Promise<void> {
    await this.loader.end();
    await this.field.close();
  }
}
