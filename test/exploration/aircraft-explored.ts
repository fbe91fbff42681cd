/** Aircraft small enough to be explored. */
import { FunctionTable, PROCESS_NONE } from "../../src/allocation/function-table.ts";
import { DEFAULT_POLICY, type PolicyName, policyNamed } from "../../src/allocation/policies.ts";
import { leaseFits } from "../../src/boundary/timing.ts";
import type { NominalOptions } from "../simulation/nominal-world.ts";

export interface ExploredAircraft {
  readonly servers: number;
  readonly functions?: number;
  readonly periodMs?: number;
  readonly lostAfterPeriods?: number;
  readonly recoveredAfterPeriods?: number;
  readonly networks?: number;
  /** By how much the kernel may end a lease early; null: there is no lease. */
  readonly leaseTicksMs?: number | null;
  /** One server has room for all functions; otherwise for one less. */
  readonly isRoomy?: boolean;
  readonly policy?: PolicyName;
}

/** Few, so that states after a recovery are soon like those before. */
const RECOVERED_AFTER_PERIODS = 3;
const REQUIRED = 10;

export function optionsOf({
  servers,
  functions = 1,
  periodMs = 10,
  lostAfterPeriods = 5,
  recoveredAfterPeriods = RECOVERED_AFTER_PERIODS,
  networks = 1,
  leaseTicksMs = leaseFits(periodMs, lostAfterPeriods) ? 20 : null,
  isRoomy = true,
  policy = DEFAULT_POLICY,
}: ExploredAircraft): NominalOptions {
  const room = REQUIRED * Math.max(1, isRoomy ? functions : functions - 1);
  return {
    table: new FunctionTable(
      Array.from({ length: servers }, () => room),
      Array.from({ length: functions }, (_, index) => ({
        required: REQUIRED,
        priority: 9 - index,
        servers: (1 << servers) - 1,
        process: PROCESS_NONE,
        stopGraceMs: 0,
      })),
    ),
    policy: policyNamed(policy),
    periodMs,
    lostAfterPeriods,
    recoveredAfterPeriods,
    networks,
    ...(leaseTicksMs === null ? {} : { leaseTicksMs }),
  };
}
