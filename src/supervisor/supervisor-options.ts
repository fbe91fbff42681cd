/** Parameters of the supervisor in `wingman run`. */
import type { AircraftConfig } from "../config/model.ts";
import type { KeyFileMark, StartKeys } from "../config/start-keys.ts";
import type { Incarnations } from "./incarnation.ts";
import type { RunDirectory } from "./run-directory.ts";
import type { ServiceNotification } from "./service-notification.ts";

export interface SupervisorOptions {
  readonly config: AircraftConfig;
  /** Base of relative paths in the configuration. */
  readonly configDirectory: string;
  readonly serverId: string;
  /** Acquired by the caller, and released by it. */
  readonly runDirectory: RunDirectory;
  /** For files that must survive a power cut; created on demand. */
  readonly stateDirectory: string;
  readonly incarnations: Incarnations;
  readonly notification: ServiceNotification;
  /** How to start this program in another role. */
  readonly ownCommand: readonly string[];
  /** File name by which it was started; null when it runs from source. */
  readonly executable: string | null;
  readonly keys: StartKeys;
  readonly keyMarks: readonly KeyFileMark[];
}
