/**
 * Origin and target of an update or a move: two loadable parts, verified before anything starts.
 */
import type { KeyObject } from "node:crypto";
import { statfsSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputFileError, RuntimeError, UsageError } from "../command-line/errors.ts";
import { requireConfig } from "../command-line/options.ts";
import { tableDigestText } from "../config/digest.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { AircraftConfig } from "../config/model.ts";
import { readTrustedKey } from "../part/trust.ts";
import { PartError, type VerifiedPart, verifyPart } from "../part/verify.ts";
import { copyPart, SLOT_CONFIGURATION, SLOT_EXECUTABLE } from "../slots/slot-contents.ts";
import { planAddresses } from "./address-plan.ts";
import { SEAT_COUNT } from "./probe-pace.ts";
import { rigConfiguration } from "./rig-configuration.ts";

/** Two slots, and the copy for one of them. */
const COPIES_PER_SERVER = 3;

/** Data about a part for the process inside the namespaces. JSON. */
export interface UpdatePart {
  directory: string;
  partNumber: string;
  version: string;
  /** Digest of the build, 16 hexadecimal digits. */
  build: string;
}

/** JSON. */
export interface UpdateOrder {
  from: UpdatePart;
  to: UpdatePart;
  /** File with the key that signed both. */
  trust: string;
  /** File with the configuration in `to` as the rig flies it; null when it has the same table. */
  otherTable: string | null;
}

/** `wingman-rig update`, with one table, or `wingman-rig adopt`, to another. */
export type UpdateKind = "update" | "adopt";

export class Update {
  readonly #from: VerifiedPart;
  readonly #to: VerifiedPart;

  /** @throws UsageError, InputFileError, RuntimeError when the parts do not fit together */
  constructor(
    readonly kind: UpdateKind,
    readonly fromDirectory: string,
    readonly toDirectory: string,
    readonly trust: string,
  ) {
    const key = requireKey(trust);
    this.#from = this.#requirePart("--from", fromDirectory, key);
    this.#to = this.#requirePart("--to", toDirectory, key);
    this.#requireSame("system", (part) => part.system);
    if (kind === "adopt") this.#requireOther("table digest", (part) => part.tableDigest);
    else {
      this.#requireSame("table digest", (part) => part.tableDigest);
      this.#requireOther("build", (part) => part.build);
    }
  }

  /** @param otherTable see {@link UpdateOrder} */
  order(otherTable: string | null): UpdateOrder {
    return {
      from: partOf(this.fromDirectory, this.#from),
      to: partOf(this.toDirectory, this.#to),
      trust: resolve(this.trust),
      otherTable,
    };
  }

  /**
   * Writes the files of `--from` by their installed names into `directory`: they represent the
   * read-only root of every server. Returns the executable there.
   * @throws RuntimeError
   */
  layRoot(directory: string): string[] {
    try {
      copyPart(this.#from, this.fromDirectory, directory);
    } catch (error) {
      if (error instanceof PartError)
        throw new RuntimeError(`${this.kind}: --from: ${error.message}`);
      throw error;
    }
    return [join(directory, SLOT_EXECUTABLE)];
  }

  /**
   * Configuration of the aircraft: that of the file, or that of `--from` by {@link layRoot}.
   * @throws InputFileError, UsageError
   */
  requireAircraft(file: string | undefined, root: string): LoadedConfig {
    const loaded = requireConfig(file ?? join(root, SLOT_CONFIGURATION));
    const source = file === undefined ? `the configuration of --from` : loaded.source;
    const { system, servers } = loaded.config;
    const refuse = (found: string, expected: string): never => {
      throw new UsageError(`${this.kind}: ${source}: found ${found}, expected ${expected}`);
    };
    if (system !== this.#from.system)
      refuse(`system ${system}`, `${this.#from.system}, for which the parts are made`);
    if (servers.length < 2) refuse("one server", "two or more: another one has to take over");
    return { ...loaded, source };
  }

  /**
   * Both parts' configurations as the rig flies them, by {@link layRoot}: the seats keep calling
   * the same VIPs.
   * @throws InputFileError, UsageError
   */
  requireTables(root: string): { from: LoadedConfig; to: AircraftConfig } {
    const from = this.requireAircraft(undefined, root);
    const file = this.#to.files.find(({ installName }) => installName === SLOT_CONFIGURATION);
    const { config: to } = requireConfig(file?.path);
    requireCallable(from.config, to);
    const flown = (config: AircraftConfig) => tableDigestText(rigConfiguration(config, []));
    if (flown(to) === flown(from.config))
      throw new UsageError(
        "adopt: --to: found a table that differs in which functions have a command, expected another difference: the rig runs a process for each function",
      );
    return { from, to };
  }

  /** @throws RuntimeError when `directory` has no room for the slots of this many servers */
  requireRoom(directory: string, servers: number): void {
    const bytesOf = ({ files }: VerifiedPart) => files.reduce((sum, { bytes }) => sum + bytes, 0);
    const needed = servers * COPIES_PER_SERVER * Math.max(bytesOf(this.#from), bytesOf(this.#to));
    const { bavail, bsize } = statfsSync(directory);
    if (bavail * bsize >= needed) return;
    const mega = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
    throw new RuntimeError(
      `${this.kind}: found ${mega(bavail * bsize)} free at ${directory}, expected ${mega(needed)} for the slots of ${servers} servers; TMPDIR names another place`,
    );
  }

  #requireSame(what: string, of: (part: VerifiedPart) => string): void {
    const [found, expected] = [of(this.#to), of(this.#from)];
    if (found === expected) return;
    throw new UsageError(
      `${this.kind}: --to: found ${what} ${found}, expected ${expected}, as --from has it`,
    );
  }

  #requireOther(what: string, of: (part: VerifiedPart) => string): void {
    const found = of(this.#to);
    if (found !== of(this.#from)) return;
    throw new UsageError(
      `${this.kind}: --to: found ${what} ${found}, expected another one than that of --from`,
    );
  }

  #requirePart(option: string, directory: string, key: KeyObject): VerifiedPart {
    try {
      return verifyPart(directory, [key]);
    } catch (error) {
      if (error instanceof PartError)
        throw new RuntimeError(`${this.kind}: ${option} ${directory}: ${error.message}`);
      throw error;
    }
  }
}

/** New functions may only follow those of `from`, which the seats call at fixed places. */
function requireCallable(from: AircraftConfig, to: AircraftConfig): void {
  const refuse = (found: string, expected: string): never => {
    throw new UsageError(`adopt: --to: found ${found}, expected ${expected}, as --from has them`);
  };
  const serversOf = ({ servers }: AircraftConfig) => servers.map(({ id }) => id).join(", ");
  if (serversOf(to) !== serversOf(from))
    refuse(`servers ${serversOf(to)}`, `servers ${serversOf(from)}`);
  const said = (entry: AircraftConfig["functions"][number] | undefined): string =>
    entry === undefined
      ? "nothing"
      : `${entry.id} at ${entry.vips.map(({ text }) => text).join(", ")}`;
  for (const [index, entry] of from.functions.entries()) {
    const [found, expected] = [said(to.functions[index]), said(entry)];
    if (found !== expected) refuse(`as function ${index + 1} ${found}`, expected);
  }
  const planOf = (config: AircraftConfig) => JSON.stringify(planAddresses(config, SEAT_COUNT));
  if (planOf(to) !== planOf(from))
    refuse("other networks or interfaces", "networks and interfaces");
}

function partOf(directory: string, part: VerifiedPart): UpdatePart {
  const { partNumber, version, build } = part;
  return { directory: resolve(directory), partNumber, version, build };
}

function requireKey(file: string): KeyObject {
  const reading = readTrustedKey(file);
  if (reading.ok) return reading.key;
  const { found, expected } = reading;
  throw new InputFileError({ source: file, problems: [{ path: "", found, expected }] });
}
