/** The two slots that a virtual server flies from, and what is done to them, all by real commands. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../command-line/errors.ts";
import type { AircraftConfig } from "../config/model.ts";
import { serializeConfig } from "../config/serialize.ts";
import { SLOT_EXECUTABLE } from "../slots/slot-contents.ts";
import { SlotStore } from "../slots/slot-store.ts";
import type { CommandResult } from "./command-run.ts";
import type { UpdateOrder } from "./update-order.ts";
import type { VirtualServer } from "./virtual-server.ts";

/** What `wingman part status --json` says of a slot. */
export interface SlotStatus {
  slot: string;
  partNumber: string | null;
  build: string | null;
}

/** The part of `wingman part status --json` that is looked at. */
export interface PartStatus {
  current: string | null;
  trial: { slot: string } | null;
  rolledBack: { slot: string; why: string } | null;
  slots: SlotStatus[];
}

export class ServerSlots {
  /** What the server is started with: whatever the link leads to. */
  readonly wingman: readonly string[];
  readonly configFile: string;
  readonly #store: SlotStore;

  /**
   * @param directory of the rig: the configuration has to lie beside its key
   * @param root command of the executable of the read-only root
   */
  constructor(
    config: AircraftConfig,
    readonly id: string,
    directory: string,
    readonly root: readonly string[],
    readonly order: UpdateOrder,
  ) {
    const slots = join(directory, "servers", id, "slots");
    mkdirSync(slots, { recursive: true });
    this.#store = new SlotStore(slots);
    this.wingman = [join(slots, "current", SLOT_EXECUTABLE)];
    this.configFile = join(directory, `aircraft-${id}.json`);
    const parts = { ...config.parts, trust: [order.trust], slots };
    // The rig gives the ground signal in the run directory.
    const { groundInput: _, ...maintenance } = config.maintenance;
    writeFileSync(this.configFile, serializeConfig({ ...config, parts, maintenance }));
  }

  /** The part that flies before the update, installed on a server whose daemon has not started. */
  async prepare(server: VirtualServer): Promise<void> {
    server.standOnGround();
    for (const words of [["install", this.order.from.directory], ["activate"], ["good"]])
      await this.#must(words, await this.#part(server, this.root, words));
    await this.boot(server);
  }

  /** `wingman part …` by the executable that the link leads to. */
  async part(server: VirtualServer, ...words: string[]): Promise<CommandResult> {
    return await this.#part(server, this.wingman, words);
  }

  /** `wingman part boot` by the root, as before each start. */
  async boot(server: VirtualServer): Promise<CommandResult> {
    return await this.#part(server, this.root, ["boot"]);
  }

  /** @throws RuntimeError when there is none */
  async status(server: VirtualServer): Promise<PartStatus> {
    const words = ["status", "--json"];
    const result = await this.part(server, ...words);
    await this.#must(words, result);
    return JSON.parse(result.stdout) as PartStatus;
  }

  /** Neither kept nor given up yet. Reads the state and starts nothing. */
  get isOnTrial(): boolean {
    return this.#store.trial !== null;
  }

  async #part(
    server: VirtualServer,
    wingman: readonly string[],
    words: readonly string[],
  ): Promise<CommandResult> {
    const places = ["--config", this.configFile, "--run-dir", server.runDirectory];
    return await server.run(...wingman, "part", ...words, ...places);
  }

  async #must(words: readonly string[], { exitCode, stderr }: CommandResult): Promise<void> {
    if (exitCode === 0) return;
    throw new RuntimeError(`server ${this.id}: wingman part ${words.join(" ")}: ${stderr.trim()}`);
  }
}
