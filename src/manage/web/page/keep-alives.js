/**
 * The part of the page about keep-alives: who is heard how regularly, and how late the own ones are
 * sent.
 * @typedef {import("../page-state.ts").PageState} PageState
 */
import { drawLateness, drawRows, Missed, Seconds } from "./plot.js";
import { msWords, usWords } from "./words.js";

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} id */
const svg = (id) => /** @type {SVGSVGElement} */ (/** @type {unknown} */ (find(id)));

const ages = new Seconds();
/** By server. @type {Map<string, Missed>} */
const missed = new Map();
let isAnythingKnown = false;

/** @param {PageState} state @param {number} nowMs */
export function showKeepAlives(state, nowMs) {
  const { servers, keepAlive, isKnown, kind } = state;
  const { lateUs, accepted } = keepAlive;
  const others = servers.filter(({ isSelf }) => !isSelf);
  ages.add(
    nowMs,
    others.map(({ lastHeardMs }) => lastHeardMs),
  );
  for (const counted of accepted) {
    const found = missed.get(counted.server) ?? new Missed();
    found.add(nowMs, counted);
    missed.set(counted.server, found);
  }
  isAnythingKnown ||= isKnown;
  for (const id of ["keep-alives", "keep-alives-way"]) find(id).hidden = !isAnythingKnown;
  find("ages-figure").hidden = others.length === 0;
  find("lateness-figure").hidden = lateUs === null;
  if (!isAnythingKnown) return;

  const rows = [...ageRows(state, nowMs), ...missedRows(state, nowMs)];
  drawRows(svg("ages"), rows);
  write("ages-words", `Keep-alives heard: ${rows.map(({ words }) => words).join("; ")}`);
  if (lateUs !== null) {
    const bars = [
      { name: "p50", us: lateUs.p50 },
      { name: "p99", us: lateUs.p99 },
      { name: "p99.9", us: lateUs.p999 },
      { name: "max", us: lateUs.max },
    ];
    const { periodMs } = keepAlive;
    drawLateness(svg("lateness"), bars, periodMs * 1000, `one period, ${periodMs} ms`);
    const said = bars.map(({ name, us }) => `${name}: ${usWords(us)}`);
    write("lateness-words", `Lateness of keep-alives: ${said.join(", ")}`);
  }
  const { lostAfterMs } = keepAlive;
  write(
    "ages-caption",
    `Time since the last keep-alive of each server, lost after ${lostAfterMs} ms; keep-alives missed`,
  );
  const who = kind === "rig" ? " by the latest server, since its" : ", since the";
  write("lateness-caption", `Lateness of keep-alives sent${who} engine's start`);
  write("timing", factsOf(state));
}

/**
 * Time since the last keep-alive: as long as one comes every period it stays below a period or two.
 * @param {PageState} state @param {number} nowMs
 */
function ageRows({ servers, keepAlive, isKnown }, nowMs) {
  const { lostAfterMs, periodMs } = keepAlive;
  const marks = [
    { at: lostAfterMs, words: `${lostAfterMs} ms`, isLimit: true },
    { at: periodMs, words: `${periodMs} ms`, isLimit: false },
  ];
  return servers
    .filter(({ isSelf }) => !isSelf)
    .map(({ id, lastHeardMs }, row) => {
      const values = ages.of(row, nowMs);
      const worst = Math.max(...values.map((value) => value ?? 0));
      const words =
        lastHeardMs === null
          ? `${id}${isKnown ? ": not heard" : ""}`
          : `${id}: heard ${msWords(lastHeardMs)} ago, worst ${msWords(worst)}`;
      return { words, values, top: lostAfterMs * 1.4, marks };
    });
}

/** @param {PageState} state @param {number} nowMs */
function missedRows({ servers, keepAlive }, nowMs) {
  if (servers.length < 2) return [];
  return keepAlive.accepted.flatMap(({ server }) => {
    const found = missed.get(server)?.of(nowMs, keepAlive.periodMs);
    if (found === undefined || found.expected === 0) return [];
    const { values, missed: count, expected } = found;
    const most = Math.max(10, ...values.map((value) => value ?? 0));
    const words = `missed by ${server}: ${count} of ${expected.toLocaleString("en")}`;
    return [
      { words, values, top: most, marks: [{ at: most, words: `${most}/s`, isLimit: false }] },
    ];
  });
}

/** @param {PageState} state */
function factsOf({ keepAlive }) {
  const { rejected, networks, lease } = keepAlive;
  const heard = networks.map(({ interface: name, carrier, heard: ids }) =>
    carrier ? `${name}: ${ids.join(" ") || "nobody"} heard.` : `${name}: no link.`,
  );
  return [
    rejected === 0 ? "" : `Keep-alives rejected: ${rejected}.`,
    ...heard,
    lease === "" ? "" : `VIP lease ${lease}.`,
    "A bar is the worst of its second, as this page sees it about four times a second; grey: nothing was seen.",
  ]
    .filter((words) => words !== "")
    .join(" ");
}

/** @param {string} id @param {string} words */
function write(id, words) {
  const place = find(id);
  if (place.textContent !== words) place.textContent = words;
}
