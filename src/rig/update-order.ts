/** What a rolling update goes from and to: two loadable parts, found whole before anything starts. */
import type { KeyObject } from "node:crypto";
import { statfsSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputFileError, RuntimeError, UsageError } from "../command-line/errors.ts";
import { requireConfig } from "../command-line/options.ts";
import type { LoadedConfig } from "../config/load.ts";
import { readTrustedKey } from "../part/trust.ts";
import { PartError, type VerifiedPart, verifyPart } from "../part/verify.ts";
import { copyPart, SLOT_CONFIGURATION, SLOT_EXECUTABLE } from "../slots/slot-contents.ts";

/** Two slots, and the copy that goes into one of them. */
const COPIES_PER_SERVER = 3;

/** A part as the process inside the namespaces needs it. JSON. */
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
  /** The file of the key that both are signed with. */
  trust: string;
}

export class Update {
  readonly #from: VerifiedPart;
  readonly #to: VerifiedPart;

  /** @throws UsageError, InputFileError, RuntimeError when the parts make no rolling update */
  constructor(
    readonly fromDirectory: string,
    readonly toDirectory: string,
    readonly trust: string,
  ) {
    const key = requireKey(trust);
    this.#from = requirePart("--from", fromDirectory, key);
    this.#to = requirePart("--to", toDirectory, key);
    this.#requireSame("system", (part) => part.system);
    this.#requireSame("table digest", (part) => part.tableDigest);
    if (this.#to.build !== this.#from.build) return;
    throw new UsageError(
      `update: --to: found build ${this.#to.build}, expected another one than that of --from`,
    );
  }

  get order(): UpdateOrder {
    return {
      from: partOf(this.fromDirectory, this.#from),
      to: partOf(this.toDirectory, this.#to),
      trust: resolve(this.trust),
    };
  }

  /**
   * The files of `--from` by their installed names, in `directory`: they stand for the read-only
   * root of every server. Returns the executable there.
   * @throws RuntimeError
   */
  layRoot(directory: string): string[] {
    try {
      copyPart(this.#from, this.fromDirectory, directory);
    } catch (error) {
      if (error instanceof PartError) throw new RuntimeError(`update: --from: ${error.message}`);
      throw error;
    }
    return [join(directory, SLOT_EXECUTABLE)];
  }

  /**
   * The aircraft that flies: that of the file, or of `--from` by {@link layRoot}.
   * @throws InputFileError, UsageError
   */
  requireAircraft(file: string | undefined, root: string): LoadedConfig {
    const loaded = requireConfig(file ?? join(root, SLOT_CONFIGURATION));
    const source = file === undefined ? `the configuration of --from` : loaded.source;
    const { system, servers } = loaded.config;
    const refuse = (found: string, expected: string): never => {
      throw new UsageError(`update: ${source}: found ${found}, expected ${expected}`);
    };
    if (system !== this.#from.system)
      refuse(`system ${system}`, `${this.#from.system}, for which the parts are made`);
    if (servers.length < 2) refuse("one server", "two or more: another one has to take over");
    return { ...loaded, source };
  }

  /** @throws RuntimeError when `directory` has no room for the slots of so many servers */
  requireRoom(directory: string, servers: number): void {
    const bytesOf = ({ files }: VerifiedPart) => files.reduce((sum, { bytes }) => sum + bytes, 0);
    const needed = servers * COPIES_PER_SERVER * Math.max(bytesOf(this.#from), bytesOf(this.#to));
    const { bavail, bsize } = statfsSync(directory);
    if (bavail * bsize >= needed) return;
    const mega = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
    throw new RuntimeError(
      `update: found ${mega(bavail * bsize)} free at ${directory}, expected ${mega(needed)} for the slots of ${servers} servers; TMPDIR names another place`,
    );
  }

  #requireSame(what: string, of: (part: VerifiedPart) => string): void {
    const [found, expected] = [of(this.#to), of(this.#from)];
    if (found === expected) return;
    throw new UsageError(
      `update: --to: found ${what} ${found}, expected ${expected}, as --from has it`,
    );
  }
}

function partOf(directory: string, { partNumber, version, build }: VerifiedPart): UpdatePart {
  return { directory: resolve(directory), partNumber, version, build };
}

function requireKey(file: string): KeyObject {
  const reading = readTrustedKey(file);
  if (reading.ok) return reading.key;
  const { found, expected } = reading;
  throw new InputFileError({ source: file, problems: [{ path: "", found, expected }] });
}

function requirePart(option: string, directory: string, key: KeyObject): VerifiedPart {
  try {
    return verifyPart(directory, [key]);
  } catch (error) {
    if (error instanceof PartError)
      throw new RuntimeError(`update: ${option} ${directory}: ${error.message}`);
    throw error;
  }
}
