/**
 * The picture of the assignment, and the same as a table. Everything is made as text nodes: no word
 * of a configuration is ever interpreted as markup.
 * @typedef {import("../page-state.ts").PageState} PageState
 * @typedef {import("../page-state.ts").PageServer} PageServer
 * @typedef {import("../page-state.ts").PageFunction} PageFunction
 */

import { gapWords } from "./words.js";

/**
 * Height of the server with the largest capacity, in px: with its head it fits the first screen of
 * a laptop.
 */
const STACK_PX = 290;

/**
 * @param {string} name
 * @param {string} [className]
 * @param {...(Node | string)} children
 */
export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** @param {PageState} state */
export function pictureOf(state) {
  const largest = Math.max(1, ...state.servers.map(({ resource }) => resource));
  const scale = STACK_PX / largest;
  const columns = state.servers.map((server) => column(server, state, scale));
  const idle = state.functions.filter(({ owner }) => owner === null);
  if (state.isKnown && idle.length > 0) columns.push(idleColumn(idle, state, scale));
  return columns;
}

/**
 * @param {PageServer} server
 * @param {PageState} state
 * @param {number} scale px per unit of resource
 */
function column(server, state, scale) {
  const { id, mark, word, level, resource, remaining, holds, isSelf } = server;
  const has = resourceText(server);
  const own = byImportance(state.functions.filter(({ owner }) => owner === id));
  const list = element("ul", "stack");
  list.style.minHeight = `${Math.round(resource * scale)}px`;
  for (const entry of own) {
    const name = element("span", "name", entry.id);
    const gap = gapWords(state, entry.id);
    if (gap !== "") name.append(element("span", "gap", gap));
    if (entry.state !== "running") name.append(element("span", "why", `▲ ${entry.state}`));
    list.append(functionBox(entry, name, scale));
  }
  if (remaining > 0 || own.length === 0) {
    const room = level === "bad" ? "nothing runs here" : `free ${remaining} of ${has}`;
    const words = state.isKnown ? room : "not known";
    list.append(element("li", "free", element("span", "", words)));
  }
  if (holds) list.append(element("li", "free", element("span", "", "holds what runs")));
  const title = element(
    "h3",
    "",
    element("span", "", `${id}${isSelf ? " (this)" : ""}`),
    element("span", "", `${mark} ${word}`),
  );
  const made = element("section", "column", title, list);
  made.dataset.level = level;
  const free = state.isKnown ? `, ${remaining} of ${has} free` : "";
  made.setAttribute("aria-label", `Server ${id}: ${word}${free}`);
  return made;
}

/** @param {PageFunction[]} idle @param {PageState} state @param {number} scale */
function idleColumn(idle, state, scale) {
  const list = element("ul", "stack");
  for (const entry of byImportance(idle)) {
    const name = element("span", "name", entry.id);
    const gap = gapWords(state, entry.id);
    if (gap !== "") name.append(element("span", "gap", gap));
    name.append(element("span", "why", shortened(entry.why)));
    list.append(functionBox(entry, name, scale));
  }
  const title = element("h3", "", element("span", "", `✖ NOT RUNNING: ${idle.length}`));
  const made = element("section", "column idle", title, list);
  made.setAttribute("aria-label", `Not running: ${idle.length}`);
  return made;
}

/** Drops the begin: its surroundings show whether it runs, and where. @param {string} why */
const shortened = (why) => why.replace(/^(does not run|runs on \S+) because /, "");

/** @param {PageFunction} entry @param {HTMLElement} name @param {number} scale */
function functionBox(entry, name, scale) {
  const box = element(
    "li",
    entry.owner !== null && entry.state !== "running" ? "busy" : "",
    element("span", "priority", `P${entry.priority}`),
    name,
    element("span", "priority", String(entry.required)),
  );
  box.style.minHeight = `max(1.6rem, ${Math.round(entry.required * scale)}px)`;
  return box;
}

/** @param {PageFunction[]} functions */
function byImportance(functions) {
  return functions.toSorted((a, b) => b.priority - a.priority);
}

/** @param {PageState} state */
export function functionRows(state) {
  return byImportance(state.functions).map(
    ({ id, priority, required, owner, standby, state: word, why, vips }) =>
      row([
        id,
        String(priority),
        String(required),
        owner ?? "",
        standby === "-" ? "" : standby,
        why === "" ? word : `${word}: ${shortened(why)}`,
        vips.join(" "),
      ]),
  );
}

/** @param {PageState} state */
export function serverRows(state) {
  return state.servers.map((server) => {
    const { id, word, remaining } = server;
    return row([id, word, state.isKnown ? String(remaining) : "not known", resourceText(server)]);
  });
}

/**
 * The resource of a server, and the per cent that it gives unless that is all.
 * @param {PageServer} server
 */
function resourceText({ resource, capacity }) {
  return capacity === 100 ? String(resource) : `${capacity}% of ${resource}`;
}

/** @param {string[]} cells the first is the row's head */
export function row(cells) {
  const [head = "", ...rest] = cells;
  const first = element("th", "", head);
  first.setAttribute("scope", "row");
  return element("tr", "", first, ...rest.map((text) => element("td", "", text)));
}
