/**
 * What the log has cost the flash in this leg, or on ground since the last one or since power-up,
 * compared with its budget.
 */
import { LOG_BYTES_PER_LEG, LOG_SYNCS_PER_LEG } from "../../limits.ts";

export class LegBudget {
  bytes = 0;
  syncs = 0;

  begin(bytes = 0, syncs = 0): void {
    this.bytes = bytes;
    this.syncs = syncs;
  }

  spend(bytes: number, syncs = 1): void {
    this.bytes += bytes;
    this.syncs += syncs;
  }

  get isUsedUp(): boolean {
    return this.syncs >= LOG_SYNCS_PER_LEG || this.bytes >= LOG_BYTES_PER_LEG;
  }
}
