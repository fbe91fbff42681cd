/**
 * Small plots over the last minute, with logarithmic heights. What was seen while the page was open
 * is kept here and nowhere else.
 * @typedef {import("../page-state.ts").PageState} PageState
 * @typedef {{ atMs: number, values: (number | null)[] }} Sample
 */

const SPAN_MS = 60_000;
const WIDTH = 560;
const HEIGHT = 210;
const LEFT = 80;
const RIGHT = 64;
const TOP = 10;
const BOTTOM = 24;

/** One line each, told apart without colour. */
const DASHES = ["", "10 4", "3 3", "14 4 3 4", "1 5", "20 5", "6 2 2 2", "8 8"];

/** Values of some lines over the last minute. */
export class History {
  /** @type {Sample[]} */
  samples = [];

  /** @param {number} atMs @param {(number | null)[]} values one for each line; null: no value */
  add(atMs, values) {
    this.samples.push({ atMs, values });
    while (this.samples[0] !== undefined && this.samples[0].atMs < atMs - SPAN_MS)
      this.samples.shift();
  }
}

/**
 * @param {Element} group of an SVG of WIDTH x HEIGHT
 * @param {History} history
 * @param {{ names: string[], least: number, most: number, limit: number, limitName: string, unit:
 * string, nowMs: number }} options
 *   `least` and `most`: the ends of the scale, powers of ten
 * @returns {string} the newest values in words
 */
export function draw(group, history, { names, least, most, limit, limitName, unit, nowMs }) {
  /** @type {Node[]} */
  const parts = [];
  const decades = Math.log10(most / least);
  /** @param {number} value */
  const y = (value) => {
    const share = Math.log10(Math.min(most, Math.max(least, value)) / least) / decades;
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP);
  };
  /** @param {number} atMs */
  const x = (atMs) => LEFT + (1 - (nowMs - atMs) / SPAN_MS) * (WIDTH - LEFT - RIGHT);
  for (let value = least; value <= most; value *= 10) {
    parts.push(
      shape("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
    );
    parts.push(text(LEFT - 6, y(value) + 5, "end", value.toLocaleString("en")));
  }
  for (const [seconds, anchor] of /** @type {const} */ ([
    [60, "start"],
    [30, "middle"],
    [0, "end"],
  ])) {
    parts.push(
      text(x(nowMs - seconds * 1000), HEIGHT - 6, anchor, seconds === 0 ? "now" : `−${seconds} s`),
    );
  }
  parts.push(
    shape("line", { class: "limit", x1: LEFT, x2: WIDTH - RIGHT, y1: y(limit), y2: y(limit) }),
  );
  parts.push(text(LEFT + 6, y(limit) - 5, "start", limitName));
  const said = [];
  const labels = names.map((name, line) => ({
    name,
    at: y(history.samples.at(-1)?.values[line] ?? least),
  }));
  labels.sort((a, b) => a.at - b.at);
  for (const [line, name] of names.entries()) {
    const points = history.samples.flatMap(({ atMs, values }) => {
      const value = values[line] ?? null;
      return value === null || nowMs - atMs > SPAN_MS
        ? []
        : [`${x(atMs).toFixed(1)},${y(value).toFixed(1)}`];
    });
    const dash = DASHES[line % DASHES.length] ?? "";
    parts.push(
      shape("polyline", { class: "line", points: points.join(" "), "stroke-dasharray": dash }),
    );
    const last = history.samples.at(-1)?.values[line] ?? null;
    said.push(`${name}: ${last === null ? "none" : `${Math.round(last)} ${unit}`}`);
  }
  let lowest = 0;
  for (const { name, at } of labels) {
    // names of lines that run together stand below each other
    lowest = Math.max(at + 5, lowest + 15);
    parts.push(text(WIDTH - RIGHT + 4, lowest, "start", name));
  }
  group.replaceChildren(...parts);
  return said.join(", ");
}

/** The power of ten that is not below. @param {number} value */
export function decadeAbove(value) {
  return 10 ** Math.ceil(Math.log10(Math.max(1, value)));
}

/** @param {number} x @param {number} y @param {string} anchor @param {string} words */
function text(x, y, anchor, words) {
  const made = shape("text", { x, y, "text-anchor": anchor });
  made.textContent = words;
  return made;
}

/** @param {string} name @param {Record<string, string | number>} attributes */
function shape(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
