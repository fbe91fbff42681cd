/**
 * The keep-alives of the last minute: for every server a row of bars, one for each second, and the
 * lateness of those that are sent. What was seen while the page was open is kept here and nowhere
 * else.
 * @typedef {import("../page-state.ts").PageState} PageState
 * @typedef {import("../page-state.ts").PageAccepted} PageAccepted
 * @typedef {{ words: string, values: (number | null)[], top: number, marks: { at: number, words: string,
 *   isLimit: boolean }[] }} Row
 *   `values`: one for each second, the newest last, null when nothing was seen; `top`: what fills the
 *   height, more is cut off there; `marks`: lines across the bars
 */
import { usWords } from "./words.js";

const SECONDS = 60;
const LETTERS_PX = 14;
/** Left of the bars stand the figures of the marks. */
const LEFT = 58;
const RIGHT = 8;
/** Height of the bars, of few rows and of many. */
const ROW_PX = 64;
const MANY_ROW_PX = 36;
const MANY_ROWS = 5;
const AXIS_PX = 22;

/** Of some rows the worst value of each of the last seconds. */
export class Seconds {
  /** @type {Map<number, (number | null)[]>} */
  #worst = new Map();

  /** @param {number} atMs @param {(number | null)[]} values one for each row; null: no value */
  add(atMs, values) {
    const second = Math.floor(atMs / 1000);
    const before = this.#worst.get(second) ?? [];
    this.#worst.set(
      second,
      values.map((value, row) => {
        const known = before[row] ?? null;
        return value === null || (known !== null && known > value) ? known : value;
      }),
    );
    for (const old of this.#worst.keys()) if (old <= second - SECONDS) this.#worst.delete(old);
  }

  /** The last minute, oldest first. @param {number} row @param {number} nowMs */
  of(row, nowMs) {
    const now = Math.floor(nowMs / 1000);
    return Array.from(
      { length: SECONDS },
      (_, place) => this.#worst.get(now - SECONDS + 1 + place)?.[row] ?? null,
    );
  }
}

/**
 * Keep-alives that should have been accepted and were not, second by second. The counts are taken
 * at whole periods: for each server that is heard one may be out, and is left out.
 */
export class Missed {
  /** @type {{ second: number, atMs: number, accepted: number, heard: number }[]} */
  #counts = [];

  /** @param {number} nowMs @param {PageAccepted} counted */
  add(nowMs, { accepted, atMs, heard }) {
    const last = this.#counts.at(-1);
    if (last !== undefined && atMs < last.atMs) this.#counts = []; // another engine
    if (last?.atMs === atMs) return;
    const second = Math.floor(nowMs / 1000);
    this.#counts.push({ second, atMs, accepted, heard });
    while ((this.#counts[0]?.second ?? second) < second - SECONDS) this.#counts.shift();
  }

  /**
   * @param {number} nowMs
   * @param {number} periodMs
   * @returns {{ values: (number | null)[], missed: number, expected: number }} `values` as in a row
   */
  of(nowMs, periodMs) {
    const first = Math.floor(nowMs / 1000) - SECONDS + 1;
    /** @type {(number | null)[]} */
    const values = Array.from({ length: SECONDS }, () => null);
    let expected = 0;
    let behind = 0;
    let least = 0;
    let missed = 0;
    for (const [place, count] of this.#counts.entries()) {
      const before = this.#counts[place - 1];
      const { second, atMs, accepted, heard } = count;
      // Who comes or goes in between is not counted.
      if (before === undefined || before.heard !== heard) continue;
      const due = ((atMs - before.atMs) / periodMs) * heard;
      expected += due;
      behind += due - (accepted - before.accepted);
      least = Math.min(least, behind);
      const sure = Math.max(missed, Math.floor(behind - least - heard));
      if (second >= first) values[second - first] = (values[second - first] ?? 0) + sure - missed;
      missed = sure;
    }
    return { values, missed, expected: Math.round(expected) };
  }
}

/**
 * Rows of bars over the last minute, as wide as the SVG is on the screen.
 * @param {SVGSVGElement} svg
 * @param {Row[]} rows
 */
export function drawRows(svg, rows) {
  const width = Math.max(200, svg.clientWidth);
  const barsPx = rows.length < MANY_ROWS ? ROW_PX : MANY_ROW_PX;
  const rowPx = LETTERS_PX + 18 + barsPx;
  const height = rows.length * rowPx + AXIS_PX;
  const step = (width - LEFT - RIGHT) / SECONDS;
  const parts = rows.flatMap(({ words, values, top, marks }, number) => {
    const base = (number + 1) * rowPx;
    /** @param {number} value */
    const y = (value) => base - (Math.min(value, top) / top) * barsPx;
    const limit = marks.find(({ isLimit }) => isLimit)?.at ?? top;
    const bars = values.map((value, place) => {
      const x = LEFT + place * step;
      if (value === null) return box("unseen", x, base - 5, step, 5);
      const high = Math.max(1, base - y(value));
      return box(value > limit ? "bar over" : "bar", x + 0.5, base - high, step - 1, high);
    });
    const lines = marks.flatMap(({ at, words: named, isLimit }) => [
      line(isLimit ? "limit" : "grid", LEFT, width - RIGHT, y(at)),
      text(LEFT - 5, y(at) + 5, "end", named),
    ]);
    return [
      text(0, base - barsPx - 12, "start", words, "row"),
      ...bars,
      ...lines,
      line("base", LEFT, width - RIGHT, base),
    ];
  });
  for (const seconds of [60, 45, 30, 15, 0]) {
    const anchor = seconds === 60 ? "start" : seconds === 0 ? "end" : "middle";
    const words = seconds === 0 ? "now" : `−${seconds} s`;
    parts.push(text(width - RIGHT - seconds * step, height - 5, anchor, words));
  }
  put(svg, width, height, parts);
}

/**
 * A bar for each share of the keep-alives, on a scale of powers of ten.
 * @param {SVGSVGElement} svg
 * @param {{ name: string, us: number }[]} bars
 * @param {number} limitUs
 * @param {string} limitName
 */
export function drawLateness(svg, bars, limitUs, limitName) {
  const width = Math.max(200, svg.clientWidth);
  const barPx = 34;
  const right = 90;
  const height = LETTERS_PX + 10 + bars.length * barPx + AXIS_PX;
  const bottom = height - AXIS_PX;
  const least = 10;
  const most = decadeAbove(Math.max(limitUs * 2, ...bars.map(({ us }) => us)));
  /** @param {number} us */
  const x = (us) =>
    LEFT +
    (Math.log10(Math.max(least, us) / least) / Math.log10(most / least)) * (width - LEFT - right);
  /** @type {Node[]} */
  const parts = [];
  for (let us = least; us <= most; us *= 10) {
    parts.push(line("grid", x(us), x(us), LETTERS_PX + 10, bottom));
    parts.push(text(x(us), height - 5, "middle", us < 1000 ? `${us} µs` : `${us / 1000} ms`));
  }
  for (const [place, { name, us }] of bars.entries()) {
    const y = LETTERS_PX + 10 + place * barPx;
    const end = Math.max(x(us), LEFT + 2);
    parts.push(box(us > limitUs ? "bar over" : "bar", LEFT, y + 5, end - LEFT, barPx - 10));
    parts.push(text(LEFT - 5, y + barPx / 2 + 5, "end", name));
    parts.push(text(end + 5, y + barPx / 2 + 5, "start", usWords(us), "halo"));
  }
  parts.push(line("limit", x(limitUs), x(limitUs), LETTERS_PX + 6, bottom));
  parts.push(text(x(limitUs), LETTERS_PX, "middle", limitName));
  put(svg, width, height, parts);
}

/** The power of ten that is not below. @param {number} value */
function decadeAbove(value) {
  return 10 ** Math.ceil(Math.log10(Math.max(1, value)));
}

/** @param {SVGSVGElement} svg @param {number} width @param {number} height @param {Node[]} parts */
function put(svg, width, height, parts) {
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.querySelector("g")?.replaceChildren(...parts);
}

/** @param {string} className @param {number} x @param {number} y @param {number} width @param {number} height */
function box(className, x, y, width, height) {
  return shape("rect", { class: className, x, y, width: Math.max(0.5, width), height });
}

/**
 * Level at `y`, or upright from `y` to `yEnd`.
 * @param {string} className @param {number} x1 @param {number} x2 @param {number} y @param {number} yEnd
 */
function line(className, x1, x2, y, yEnd = y) {
  return shape("line", { class: className, x1, x2, y1: y, y2: yEnd });
}

/** @param {number} x @param {number} y @param {string} anchor @param {string} words @param {string} className */
function text(x, y, anchor, words, className = "") {
  const made = shape("text", { class: className, x, y, "text-anchor": anchor });
  made.textContent = words;
  return made;
}

/** @param {string} name @param {Record<string, string | number>} attributes */
function shape(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
