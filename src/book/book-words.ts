/** Texts of the book: the same on paper, on a terminal and on the page. */
import { alternatives } from "../config/problem.ts";
import { OUTLIVING_PRIORITY, PRIORITY_MIN, WHOLE_BOOK_SERVERS_MAX } from "../limits.ts";
import { type Book, type BookEntry, type BookStart, type FirstStop, stops } from "./book.ts";
import { roomOf } from "./spare.ts";

/** A function before and after a change. */
export interface Change {
  id: string;
  priority: number;
  required: number;
  before: string | null;
  after: string | null;
  /**
   * "taken over": it runs on another server because its own is no longer alive. "moves": from one
   * live server to another. "idle": it runs neither before nor after.
   */
  what: "stays" | "taken over" | "moves" | "starts" | "stops" | "idle";
}

/** Every function, the most important first. */
export function changesOf({ base, functions }: BookStart, entry: BookEntry): Change[] {
  return functions.map(({ id, priority, required }) => {
    const before = base.assignment[id] ?? null;
    const after = entry.assignment[id] ?? null;
    return { id, priority, required, before, after, what: whatOf(before, after, entry.alive) };
  });
}

/** @param alive servers that are alive after the change */
export function whatOf(
  before: string | null,
  after: string | null,
  alive: readonly string[],
): Change["what"] {
  if (before === after) return before === null ? "idle" : "stays";
  if (before === null) return "starts";
  if (after === null) return "stops";
  return alive.includes(before) ? "moves" : "taken over";
}

/** `b`, `b+c`, and `b back` for a recovery. */
export function nameOf({ lost, back }: Pick<BookEntry, "lost" | "back">): string {
  return back.length > 0 ? `${back.join("+")} back` : lost.join("+");
}

/** `If server b fails` */
export function titleOf({ lost, back }: Pick<BookEntry, "lost" | "back">): string {
  if (back.length > 0) return `If server ${alternatives(back, "and")} comes back`;
  return lost.length === 1
    ? `If server ${lost.join("")} fails`
    : `If servers ${alternatives(lost, "and")} fail at the same time`;
}

/** `8 of 12 functions run: 4 are taken over, 4 stop.` */
export function countsText(changes: readonly Change[]): string {
  const count = (what: Change["what"]): number =>
    changes.filter((change) => change.what === what).length;
  const running = changes.filter(({ after }) => after !== null).length;
  const parts = [
    [count("starts"), "starts", "start"],
    [count("taken over"), "is taken over", "are taken over"],
    [count("moves"), "moves", "move"],
    [count("stops"), "stops", "stop"],
    [count("idle"), "did not run before", "did not run before"],
  ] as const;
  const said = parts.flatMap(([number, one, many]) =>
    number === 0 ? [] : [`${number} ${number === 1 ? one : many}`],
  );
  const more = said.length === 0 ? "nothing changes" : said.join(", ");
  return `${running} of ${changes.length} functions run: ${more}.`;
}

/** Changes by kind and server, one line for each kind that occurs. */
export function changeLines(changes: readonly Change[]): { what: string; names: string[] }[] {
  const of = (what: Change["what"]): Change[] => changes.filter((change) => change.what === what);
  const withPriority = ({ id, priority }: Change): string => `${id} (${priority})`;
  const withRoute = ({ id, before, after }: Change): string => `${id} from ${before} to ${after}`;
  return [
    { what: "Started", names: of("starts").map(({ id, after }) => `${id} on ${after}`) },
    { what: "Taken over", names: of("taken over").map(withRoute) },
    { what: "Moved", names: of("moves").map(withRoute) },
    { what: "Stopped", names: of("stops").map(withPriority) },
    { what: "Not running before either", names: of("idle").map(withPriority) },
  ].filter(({ names }) => names.length > 0);
}

/** Conclusions from the entries, in sentences that can be signed. */
export function spareSentences({ spare, base, servers }: Book): string[] {
  const capacity = servers
    .filter(({ id }) => base.alive.includes(id))
    .reduce((sum, { resource }) => sum + resource, 0);
  const { now, worst, oneMore } = spare;
  if (now.server === null) return ["No server is alive: nothing could be added."];
  const sentences = [
    `${spare.total} of ${capacity} units are free.`,
    now.units === 0
      ? "No further function fits now without stopping another one."
      : `A further function of up to ${now.units} units fits now, on server ${now.server}, ` +
        "and nothing moves or stops for it.",
  ];
  if (worst !== null)
    sentences.push(
      worst.units === 0
        ? `After the worst single failure (server ${worst.lost.join("")}) no server has a unit left.`
        : `After the worst single failure (server ${worst.lost.join("")}) the largest room left ` +
            `on one server is ${worst.units} units, on ${worst.server}.`,
    );
  if (oneMore !== null) sentences.push(oneMoreSentence(oneMore, worst !== null));
  return sentences;
}

function oneMoreSentence(units: number, canFail: boolean): string {
  const when = canFail ? "both with no failure and after every single one" : "now";
  if (units === 0)
    return `Tried: one more function of priority ${PRIORITY_MIN}, however small, does not run ${when}.`;
  return (
    `Tried: one more function of priority ${PRIORITY_MIN} that takes ${units} ` +
    `${units === 1 ? "unit" : "units"} runs ${when}, and no other function stops for it; ` +
    `one that takes ${units + 1} does not.`
  );
}

/** The first failure that stops a function, for a table. */
export function firstStopText({ runs, lost }: FirstStop): string {
  if (!runs) return "not running";
  return lost === null ? "none" : lost.join("+");
}

/** Title of the table of first failures. */
export const FIRST_STOP_TITLE = "First failure of this book that stops each function (priority)";

/** Whether the most important functions survive each single failure. */
export function outlivingSentence(book: Book): string {
  const important = book.functions.filter(({ priority }) => priority >= OUTLIVING_PRIORITY);
  const single = book.book.filter(({ lost }) => lost.length === 1);
  const weak = important.filter(
    ({ id }) =>
      book.base.assignment[id] === null || single.some((entry) => stops(book.base, entry, id)),
  );
  const title = `functions of priority ${OUTLIVING_PRIORITY} and more`;
  if (important.length === 0) return `There are no ${title}.`;
  if (single.length === 0) return "No failure leaves a server.";
  const [only, more] = important;
  const singular = `The 1 function of priority ${OUTLIVING_PRIORITY} and more`;
  if (weak.length === 0)
    return only !== undefined && more === undefined
      ? `${singular} runs after every single failure.`
      : `All ${important.length} ${title} run after every single failure.`;
  const verb = weak.length === 1 ? "DOES NOT RUN" : "DO NOT RUN";
  const subject = more === undefined ? singular : `${weak.length} of ${important.length} ${title}`;
  return `${subject} ${verb} after every single failure: ${weak.map(({ id }) => id).join(", ")}.`;
}

/** Starting situation of the book: who is alive. */
export function situationText({ base, down }: Book): string {
  const alive = base.alive.length === 0 ? "none" : base.alive.join(", ");
  return down.length === 0 ? "all servers alive" : `alive: ${alive}; down: ${down.join(", ")}`;
}

/** Changes that the book answers. */
export function scopeText({ servers, book, base }: Book): string {
  const recoveries = book.filter(({ back }) => back.length > 0).length;
  const failures = book.length - recoveries;
  const isWhole = servers.length <= WHOLE_BOOK_SERVERS_MAX || base.alive.length < 4;
  const which = isWhole ? "every failure that leaves a server" : "every single and double failure";
  const back =
    recoveries === 0 ? "" : `, ${recoveries} ${recoveries === 1 ? "recovery" : "recoveries"}`;
  if (failures === 0) return `no failure leaves a server${back}`;
  return `${failures} ${failures === 1 ? "failure" : "failures"} (${which})${back}`;
}

/** Free units of each server before any failure, after each single one and each recovery. */
export function roomRows({ base, book, servers }: Book): {
  name: string;
  /** In the order of the servers; null for a server that is down. */
  free: (number | null)[];
  total: number;
  largest: number;
}[] {
  const rowOf = (name: string, plan: Pick<BookEntry, "alive" | "remaining">) => ({
    name,
    free: servers.map(({ id }) => plan.remaining[id] ?? null),
    total: Object.values(plan.remaining).reduce((sum, units) => sum + units, 0),
    largest: roomOf(plan).units,
  });
  return [
    rowOf("no failure", base),
    ...book
      .filter(({ lost, back }) => lost.length + back.length === 1)
      .map((entry) => rowOf(nameOf(entry), entry)),
  ];
}
