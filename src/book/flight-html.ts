/**
 * The decisions of a flight as one HTML file: a slider steps through them and shows for each which
 * server ran what before and after. Without its script, and on paper, all of them follow one
 * another.
 */

import { BOOK_STYLE } from "./book-html.ts";
import { type Change, changeLines, countsText, whatOf } from "./book-words.ts";
import flightCss from "./flight.css" with { type: "text" };
import { htmlPage } from "./html-page.ts";
import { escaped, pictureOf, type ServerPart } from "./picture.ts";

/** One recomputed decision. */
export interface Moment {
  /** Time and leg of the decision: `leg 2, 12:01:07 UTC`. */
  readonly when: string;
  /** Whether the answer equals that of the log, in words. */
  readonly verdict: string;
  readonly isSame: boolean;
  /** Servers that took part; null when it was made from another table. */
  readonly alive: readonly string[] | null;
  readonly before: Readonly<Record<string, string | null>>;
  readonly after: Readonly<Record<string, string | null>>;
}

export interface FlightShown {
  readonly system: string;
  readonly server: string;
  readonly table: string;
  readonly servers: readonly { id: string; resource: number }[];
  /** The most important first. */
  readonly functions: readonly { id: string; priority: number; required: number }[];
  readonly moments: readonly Moment[];
}

/** Shows one section at a time. It accesses no network and stores nothing. */
const SCRIPT = `
const slider = document.querySelector("input");
const all = [...document.querySelectorAll(".moment")];
const marks = [...document.querySelectorAll(".timeline a")];
function show(at) {
  all.forEach((one, place) => one.classList.toggle("shown", place === at));
  marks.forEach((one, place) => {
    if (place === at) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  });
  slider.value = String(at + 1);
  slider.setAttribute("aria-valuetext", all[at].querySelector("h2").textContent);
}
slider.addEventListener("input", () => show(Number(slider.value) - 1));
marks.forEach((one, place) =>
  one.addEventListener("click", (event) => {
    event.preventDefault();
    show(place);
  }),
);
document.body.classList.add("one");
show(all.length - 1);
`;

/** Style and script of the file, for servers that allow them by their hash. */
export const FLIGHT_STYLE = `${BOOK_STYLE}${flightCss}`;
export const FLIGHT_SCRIPT = SCRIPT;

/** @param icon address of an icon for servers; "" for a file */
export function flightHtml(flight: FlightShown, icon = ""): string {
  const { system, server, table, moments } = flight;
  const title = `Decisions of server ${server}, ${system}`;
  const different = moments.filter(({ isSame }) => !isSame).length;
  const verdict =
    different === 0
      ? "Repeated, every decision has the same answer as in the log."
      : `${different} of them differ from the answer in the log.`;
  const marks = moments.map(
    ({ when, isSame }, place) =>
      `<li><a href="#d${place + 1}" title="${escaped(when)}"${isSame ? "" : ' class="other"'}>${place + 1}</a></li>`,
  );
  const body = `<h1>${escaped(title)}</h1>
<p>Table ${escaped(table.slice(0, 16))}. ${moments.length} decisions. ${verdict}</p>
<nav aria-label="Decisions"><input type="range" min="1" max="${moments.length}" aria-label="Decision">
<ol class="timeline">${marks.join("")}</ol></nav>
${moments.map((moment, place) => section(flight, moment, place)).join("\n")}
<script>${SCRIPT}</script>`;
  return htmlPage(title, FLIGHT_STYLE, icon, body);
}

function section(flight: FlightShown, moment: Moment, place: number): string {
  const title = `${place + 1}. ${moment.when}`;
  const head = `<section class="moment change" id="d${place + 1}"><h2>${escaped(title)}</h2>`;
  const verdict = `<p>${moment.isSame ? "" : "✖ "}${escaped(moment.verdict)}</p>`;
  if (moment.alive === null) return `${head}${verdict}</section>`;
  const changes = changesOf(flight, moment);
  const lines = changeLines(changes).map(
    ({ what, names }) => `<div><dt>${what}</dt><dd>${escaped(names.join(", "))}</dd></div>`,
  );
  const servers = flight.servers.map((server) => ({
    ...server,
    part: partOf(server.id, moment.alive ?? [], flight.moments[place - 1]?.alive ?? null),
  }));
  return `${head}
<p>${escaped(countsText(changes))}</p>${verdict}
<div class="both"><figure>${pictureOf(servers, changes, `${title}. ${countsText(changes)}`)}</figure>
<dl>${lines.join("")}</dl></div></section>`;
}

/** @param before servers that took part in the previous decision; null when there is none */
function partOf(id: string, now: readonly string[], before: readonly string[] | null): ServerPart {
  const was = before?.includes(id) ?? null;
  if (now.includes(id)) return was === false ? "back" : "alive";
  return was === true ? "lost" : "down";
}

function changesOf({ functions }: FlightShown, moment: Moment): Change[] {
  return functions.map(({ id, priority, required }) => {
    const before = moment.before[id] ?? null;
    const after = moment.after[id] ?? null;
    return {
      id,
      priority,
      required,
      before,
      after,
      what: whatOf(before, after, moment.alive ?? []),
    };
  });
}
