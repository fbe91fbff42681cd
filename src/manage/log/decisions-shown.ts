/** Recomputed decisions for people: in words, and as a page with a slider. */
import { countsText, whatOf } from "../../book/book-words.ts";
import { type FlightShown, flightHtml, type Moment } from "../../book/flight-html.ts";
import { tableDigestText } from "../../config/digest.ts";
import type { AircraftConfig } from "../../config/model.ts";
import { WhatIf } from "../../config/what-if.ts";
import type { Replayed } from "./decisions.ts";

/** Whether the result equals the answer in the log. */
export function verdictOf({ decision, plan, isSame }: Replayed): string {
  if (plan === null) return `MADE FROM ANOTHER TABLE: ${tableText(decision.table)}`;
  return isSame ? "the same answer as in the log" : "DIFFERENT FROM THE ANSWER IN THE LOG";
}

/** `8 of 10 functions run: 4 are taken over, 2 stop.` */
export function outcomeOf({ functions }: AircraftConfig, { situation, plan }: Replayed): string {
  if (plan === null) return "";
  const changes = functions.map(({ id, priority, required }) => {
    const before = situation?.owners[id] ?? null;
    const after = plan.assignment[id] ?? null;
    return { id, priority, required, before, after, what: whatOf(before, after, plan.alive) };
  });
  return countsText(changes);
}

export function tableText(table: string | null): string {
  return table === null ? "a table that the log does not name" : `table ${table}`;
}

/** `leg 2  2026-11-29 12:00:07` */
export function whenOf({ decision: { leg, utcMs, bootUs, powerOn } }: Replayed): string {
  const time =
    utcMs === null
      ? `+${(bootUs / 1_000_000).toFixed(3)} s of start ${powerOn}`
      : new Date(utcMs).toISOString().slice(0, 19).replace("T", " ");
  return `leg ${leg}  ${time}`;
}

/** @param all at least one */
export function decisionsHtml(config: AircraftConfig, all: readonly Replayed[], icon = ""): string {
  const moments = all.map(
    (one): Moment => ({
      ...{ when: whenOf(one), verdict: `Repeated: ${verdictOf(one)}.`, isSame: one.isSame },
      alive: one.plan?.alive ?? null,
      before: one.situation?.owners ?? {},
      after: one.plan?.assignment ?? {},
    }),
  );
  const byId = new Map(config.functions.map((entry) => [entry.id, entry]));
  const flight: FlightShown = {
    system: config.system,
    server: all[0]?.decision.server ?? "",
    table: tableDigestText(config),
    servers: config.servers,
    functions: new WhatIf(config).byImportance().map((id) => {
      const { priority = 0, required = 0 } = byId.get(id) ?? {};
      return { id, priority, required };
    }),
    moments,
  };
  return flightHtml(flight, icon);
}
