/** The two slots from which a virtual server flies, and actions on them, all by real commands. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../command-line/errors.ts";
import type { AircraftConfig } from "../config/model.ts";
import { serializeConfig } from "../config/serialize.ts";
import { SLOT_EXECUTABLE } from "../slots/slot-contents.ts";
import { SlotStore } from "../slots/slot-store.ts";
import type { CommandResult } from "./command-run.ts";
import { serverDirectory } from "./rig-directory.ts";
import type { UpdateOrder } from "./update-order.ts";
import type { VirtualServer } from "./virtual-server.ts";

/** A slot in `wingman part status --json`. */
export interface SlotStatus {
  slot: string;
  partNumber: string | null;
  build: string | null;
}

/** The relevant part of `wingman part status --json`. */
export interface PartStatus {
  current: string | null;
  trial: { slot: string } | null;
  rolledBack: { slot: string; why: string } | null;
  slots: SlotStatus[];
}

export class ServerSlots {
  /** Command that starts the server: whatever the link leads to. */
  readonly wingman: readonly string[];
  readonly configFile: string;
  readonly #store: SlotStore;

  /**
   * @param directory of the rig: the configuration must be beside its key
   * @param root command of the executable of the read-only root
   */
  constructor(
    config: AircraftConfig,
    readonly id: string,
    directory: string,
    readonly root: readonly string[],
    readonly order: UpdateOrder,
  ) {
    const slots = join(serverDirectory(directory, id), "slots");
    mkdirSync(slots, { recursive: true });
    this.#store = new SlotStore(slots);
    this.wingman = [join(slots, "current", SLOT_EXECUTABLE)];
    this.configFile = join(directory, `aircraft-${id}.json`);
    this.takeConfiguration(config);
  }

  /** Sets the configuration for the server's next start: that of the part in `slots/current`. */
  takeConfiguration(config: AircraftConfig): void {
    const parts = { ...config.parts, trust: [this.order.trust], slots: this.#store.directory };
    // The rig provides the ground signal in the run directory.
    const { groundInput: _, ...maintenance } = config.maintenance;
    writeFileSync(this.configFile, serializeConfig({ ...config, parts, maintenance }));
  }

  /** Installs the part that flies before the update on a server whose daemon has not started. */
  async prepare(server: VirtualServer): Promise<void> {
    server.standOnGround();
    for (const words of [["install", this.order.from.directory], ["activate"], ["good"]])
      await this.#must(words, await this.#part(server, this.root, words));
    await this.boot(server);
  }

  /** Runs `wingman part …` with the executable that the link leads to. */
  async part(server: VirtualServer, ...words: string[]): Promise<CommandResult> {
    return await this.#part(server, this.wingman, words);
  }

  /** Runs `wingman part boot` with the executable of the root, as before each start. */
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

  /** Whether the trial is undecided. Reads the state and starts nothing. */
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
