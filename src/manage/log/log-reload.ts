/**
 * Reads from an existing log what happened before this process began: legs, faults of the current
 * leg, deliveries.
 */

import { LOG_QUEUE_FULL } from "../../boundary/maintenance-code.ts";
import { LOG_LEG_BEGUN, LOG_LEG_ENDED, LOG_RECORDS_LOST } from "../../catalogue/supervisor-code.ts";
import { LOG_RELOAD_MAX } from "../../limits.ts";
import type { LogHeader } from "../../wire/log-header.ts";
import type { LogRecord } from "../../wire/log-record.ts";
import { type LogPlaces, PLACE_DAMAGED, type PlacedRecord } from "./log-places.ts";

export interface LogPast {
  /** The power has been on since before the newest records. */
  readonly isThisBoot: boolean;
  /** Number of this power-on. */
  readonly powerOn: number;
  readonly newest: LogRecord | null;
  /** Highest number ever used, as far as is known. */
  readonly newestSequence: number;
  readonly leg: number;
  /** The leg is in progress. */
  readonly inAir: boolean;
  /** Records of the leg, oldest first. */
  readonly ofLeg: readonly LogRecord[];
  /** Cost of the leg up to its newest record; on ground each power-up starts from zero. */
  readonly legBytes: number;
  readonly legSyncs: number;
  /** Deliveries of the session that are complete. */
  readonly complete: Set<number>;
  /** Places of records whose delivery of the session was cut: it will be repeated as a whole. */
  readonly cut: readonly number[];
  /** Places whose record is destroyed. */
  readonly damagedPlaces: readonly number[];
  /** Records that never reached the log and are not yet counted in the header. */
  readonly lost: number;
}

export function reloadLog(
  places: LogPlaces,
  header: LogHeader,
  bootId: string,
  session: number,
): LogPast {
  const isThisBoot = header.bootId === bootId;
  const placed: PlacedRecord[] = [];
  const complete = new Set<number>();
  let inAir: boolean | null = null;
  let lost = 0;
  for (const each of places.newestFirst()) {
    const { record } = each;
    placed.push(each);
    if (record.sequence > header.newestSequence) lost += lostIn(record);
    if (record.session === session && record.delivery !== 0 && record.isLast)
      complete.add(record.delivery);
    if (isLegRecord(record)) inAir ??= record.code === LOG_LEG_BEGUN;
    if (placed.length >= LOG_RELOAD_MAX) break;
  }
  const newest = placed[0]?.record ?? null;
  const leg = Math.max(newest?.leg ?? 0, header.newestLeg);
  const isCut = ({ record }: PlacedRecord): boolean =>
    record.session === session && record.delivery !== 0 && !complete.has(record.delivery);
  const ofLeg = placed
    .filter((each) => !isCut(each) && each.record.leg === leg)
    .map(({ record }) => record);
  // The record that ends a leg contains the leg's cost; the time on ground starts from zero. So
  // does each power-up: an aircraft without a ground input has no legs, and would soon have used up
  // its only budget.
  const goesOn = newest?.leg === leg && newest.code !== LOG_LEG_ENDED && (isThisBoot || inAir);
  const spent = goesOn ? newest : null;
  return {
    ...{ isThisBoot, powerOn: header.powerOn + (isThisBoot ? 0 : 1), newest, leg },
    newestSequence: Math.max(header.sequenceBefore, header.newestSequence, places.newestSequence()),
    ...{ inAir: inAir ?? false, ofLeg: ofLeg.reverse(), complete, lost },
    ...{ legBytes: spent?.legBytes ?? 0, legSyncs: spent?.legSyncs ?? 0 },
    cut: placed.filter(isCut).map(({ place }) => place),
    damagedPlaces: places.placesOf(PLACE_DAMAGED),
  };
}

/** Whether it belongs to the ring of legs. */
export function isLegRecord({ code }: LogRecord): boolean {
  return code === LOG_LEG_BEGUN || code === LOG_LEG_ENDED;
}

function lostIn({ code, first }: LogRecord): number {
  return code === LOG_RECORDS_LOST || code === LOG_QUEUE_FULL ? Math.max(0, first) : 0;
}
