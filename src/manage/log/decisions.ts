/**
 * The decisions of a maintenance log: collects the inputs of each allocation from its records, and
 * recomputes it.
 */
import {
  LOG_DECISION,
  LOG_DECISION_CANNOT_RUN,
  LOG_DECISION_OWNERS,
  LOG_DECISION_TABLE,
  LOG_DECISION_WITHHELD,
  LOG_DECISIONS_LEFT_OUT,
} from "../../boundary/maintenance-code.ts";
import { tableDigest } from "../../config/digest.ts";
import type { AircraftConfig } from "../../config/model.ts";
import { type Plan, type Situation, WhatIf } from "../../config/what-if.ts";
import { CAPACITY_MAX } from "../../limits.ts";
import {
  decisionHolds,
  decisionOperable,
  decisionRecords,
  OWNERS_PER_RECORD,
  ownerOf,
  ownersFrom,
} from "../../wire/decision-record.ts";
import type { LogRecord } from "../../wire/log-record.ts";

/** One allocation, with indexes of its table. */
export interface LoggedDecision {
  /** From 1, in its log. */
  readonly number: number;
  readonly sequence: number;
  readonly powerOn: number;
  readonly leg: number;
  readonly bootUs: number;
  readonly utcMs: number | null;
  readonly server: string;
  /** The first 16 hexadecimal digits; null when the log does not say. */
  readonly table: string | null;
  readonly operable: number;
  readonly holds: boolean;
  readonly owners: ReadonlyMap<number, { server: number; isClaimed: boolean }>;
  readonly cannotRun: ReadonlyMap<number, number>;
  readonly withheld: ReadonlyMap<number, number>;
  readonly digest: number;
}

export interface Decisions {
  readonly whole: readonly LoggedDecision[];
  /** Decisions with missing records: overwritten, or an engine ended meanwhile. */
  readonly torn: number;
  /** Decisions left out because there were too many in a row. */
  readonly leftOut: number;
}

/** Known parts of a decision whose last record has not come yet. */
class Parts {
  readonly owners = new Map<number, { server: number; isClaimed: boolean }>();
  readonly cannotRun = new Map<number, number>();
  readonly withheld = new Map<number, number>();
  records = 0;

  addOwners(first: number, second: number): void {
    this.records++;
    for (let place = 0; place < OWNERS_PER_RECORD; place++) {
      const owner = ownerOf(first, second, place);
      if (owner.server >= 0) this.owners.set(ownersFrom(first) + place, owner);
    }
  }

  add(to: Map<number, number>, first: number, second: number): void {
    this.records++;
    to.set(first, second);
  }
}

/** @param oldestFirst all records of one log */
export function decisionsOf(oldestFirst: Iterable<LogRecord>): Decisions {
  const whole: LoggedDecision[] = [];
  let parts = new Parts();
  let table: string | null = null;
  let torn = 0;
  let leftOut = 0;
  for (const record of oldestFirst) {
    const { code, first, second } = record;
    if (code === LOG_DECISION_TABLE) {
      table = hexadecimal(first) + hexadecimal(second);
      parts = new Parts(); // left by an engine that is gone
    } else if (code === LOG_DECISION_OWNERS) parts.addOwners(first, second);
    else if (code === LOG_DECISION_CANNOT_RUN) parts.add(parts.cannotRun, first, second);
    else if (code === LOG_DECISION_WITHHELD) parts.add(parts.withheld, first, second);
    else if (code === LOG_DECISIONS_LEFT_OUT) leftOut += first;
    else if (code === LOG_DECISION) {
      if (parts.records === decisionRecords(first))
        whole.push(decisionOf(record, parts, table, whole.length + 1));
      else torn++;
      parts = new Parts();
    }
  }
  return { whole, torn, leftOut };
}

function decisionOf(
  { sequence, powerOn, leg, bootUs, utcMs, server, first, second }: LogRecord,
  { owners, cannotRun, withheld }: Parts,
  table: string | null,
  number: number,
): LoggedDecision {
  return {
    ...{
      number,
      sequence,
      powerOn,
      leg,
      bootUs,
      utcMs,
      server,
      table,
      owners,
      cannotRun,
      withheld,
    },
    ...{ operable: decisionOperable(first), holds: decisionHolds(first), digest: second >>> 0 },
  };
}

const hexadecimal = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");

export interface Replayed {
  readonly decision: LoggedDecision;
  /** The inputs; null when they belong to another table. */
  readonly situation: Situation | null;
  readonly plan: Plan | null;
  /** The answer equals that of the log, byte for byte. */
  readonly isSame: boolean;
}

/** Recomputes every decision with the code that flies. */
export function replayed(config: AircraftConfig, decisions: Iterable<LoggedDecision>): Replayed[] {
  const whatIf = new WhatIf(config);
  const digest = Buffer.from(tableDigest(config)).toString("hex").slice(0, 16);
  return Array.from(decisions, (decision) => {
    const situation = decision.table === digest ? situationOf(config, decision) : null;
    if (situation === null) return { decision, situation, plan: null, isSame: false };
    const plan = whatIf.plan(situation);
    return { decision, situation, plan, isSame: whatIf.digest === decision.digest };
  });
}

/** In the form of `wingman plan --from`. */
function situationOf(
  { servers, functions }: AircraftConfig,
  { operable, holds, owners, cannotRun, withheld }: LoggedDecision,
): Situation {
  const serverId = (index: number): string => servers[index]?.id ?? "";
  const ids = functions.map(({ id }) => id);
  const named = [...owners].map(([index, owner]) => ({ id: ids[index] ?? "", ...owner }));
  const failedOn = servers.map(({ id }, server) => {
    const failed = [...cannotRun].filter(([, mask]) => ((mask >>> server) & 1) !== 0);
    return [id, failed.map(([index]) => ids[index] ?? "")] as const;
  });
  const gives = [...withheld].map(([server, part]) => [serverId(server), CAPACITY_MAX - part]);
  return {
    owners: Object.fromEntries(named.map(({ id, server }) => [id, serverId(server)])),
    down: servers.filter((_, index) => ((operable >>> index) & 1) === 0).map(({ id }) => id),
    cannotRun: Object.fromEntries(failedOn.filter(([, list]) => list.length > 0)),
    capacity: Object.fromEntries(gives),
    held: holds,
    claimed: named.filter(({ isClaimed }) => isClaimed).map(({ id }) => id),
  };
}
