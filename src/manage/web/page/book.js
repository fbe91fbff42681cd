/**
 * The contingency book on the page: what happens if a server fails now, one click away from the
 * server, and a summary of the whole book. The server of this page computes it; the page requests
 * it again when the assignment has changed.
 * @typedef {import("../page-state.ts").PageState} PageState
 * @typedef {import("../page-state.ts").PageBook} PageBook
 * @typedef {import("../page-state.ts").PageReaction} PageReaction
 */
import { element, row } from "./picture.js";

/** Shortest interval between requests for an open view. */
const AGAIN_MS = 1000;
const ANSWER_MS = 5000;

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const details = () => /** @type {HTMLDetailsElement} */ (find("book-details"));

let buttonsFor = "";
/** The server whose reaction is open; "" for none. */
let open = "";
/** Everything that the book depends on, now and at the last request. */
let nowKey = "";
/** @type {Record<"reaction" | "book", { key: string, atMs: number }>} */
const asked = {
  reaction: { key: "", atMs: Number.NEGATIVE_INFINITY },
  book: { key: "", atMs: Number.NEGATIVE_INFINITY },
};

/** A button below each server; unchanged ones stay. @param {PageState} state */
export function showIfs({ servers, down, isKnown }) {
  for (const id of ["ifs", "book", "book-way"]) find(id).hidden = !isKnown;
  const words = servers.map(({ id }) =>
    down.includes(id) ? `If ${id} comes back` : `If ${id} fails now`,
  );
  const key = JSON.stringify(words);
  if (key === buttonsFor) return;
  buttonsFor = key;
  const focus = document.activeElement?.id ?? "";
  find("ifs").replaceChildren(
    ...servers.map(({ id }, index) => {
      const button = element("button", "", words[index] ?? "");
      button.id = `if-${id}`;
      button.setAttribute("aria-controls", "reaction");
      button.addEventListener("click", () => void openReaction(id));
      return button;
    }),
  );
  if (focus.startsWith("if-")) document.getElementById(focus)?.focus();
}

/** Updates open views with the current state. @param {PageState} state */
export function followBook({ functions, down, isKnown }) {
  nowKey = JSON.stringify([isKnown, down, functions.map(({ id, owner }) => [id, owner])]);
  const nowMs = performance.now();
  const isOld = (/** @type {"reaction" | "book"} */ what) =>
    asked[what].key !== nowKey && nowMs - asked[what].atMs >= AGAIN_MS;
  if (open !== "" && isOld("reaction")) void showReaction();
  if (details().open && isOld("book")) void showBook();
}

/** @param {string} server */
async function openReaction(server) {
  open = server;
  await showReaction();
  find("reaction").hidden = false;
  find("reaction").focus();
}

async function showReaction() {
  const server = open;
  const reaction = /** @type {PageReaction | null} */ (
    await ask("reaction", `/book/${server}.json`)
  );
  if (server !== open) return; // another one was opened, or this one closed
  if (reaction === null) {
    find("reaction-title").textContent = `Server ${server}`;
    find("reaction-content").replaceChildren(noAnswer());
    return;
  }
  const { title, counts, lines, picture } = reaction;
  find("reaction-title").textContent = `${title} now`;
  find("reaction-content").replaceChildren(
    element("p", "", counts),
    drawing(picture),
    element(
      "dl",
      "",
      ...lines.flatMap(({ what, names }) => [
        element("dt", "", what),
        element("dd", "", names.join(", ")),
      ]),
    ),
  );
}

async function showBook() {
  const book = /** @type {PageBook | null} */ (await ask("book", "/book.json"));
  if (book === null) {
    find("book-content").replaceChildren(noAnswer());
    return;
  }
  const { start, sentences, firstStops, changes } = book;
  find("book-content").replaceChildren(
    element("p", "", start),
    element("ul", "", ...sentences.map((words) => element("li", "", words))),
    table("What each change does", ["Lost", "What happens", "Stopped"], changes),
    table("The first failure that stops each function", ["Function", "Servers lost"], firstStops),
  );
}

/**
 * @param {"reaction" | "book"} what
 * @param {string} path
 * @returns {Promise<PageReaction | PageBook | null>} null: there was no answer
 */
async function ask(what, path) {
  asked[what] = { key: nowKey, atMs: performance.now() };
  try {
    const answer = await fetch(path, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (answer.ok) return await answer.json();
  } catch {
    // The page itself reports that the server does not answer.
  }
  asked[what].key = ""; // and again
  return null;
}

function noAnswer() {
  return element("p", "", "No answer: what runs is not known at the moment.");
}

/** The server escapes everything that is no shape. The words are below it. @param {string} picture */
function drawing(picture) {
  const parsed = new DOMParser().parseFromString(picture, "image/svg+xml");
  const drawn = document.importNode(parsed.documentElement, true);
  drawn.setAttribute("aria-hidden", "true");
  return drawn;
}

/** @param {string} caption @param {string[]} heads @param {string[][]} rows */
function table(caption, heads, rows) {
  const head = element(
    "tr",
    "",
    ...heads.map((words) => {
      const cell = element("th", "", words);
      cell.setAttribute("scope", "col");
      return cell;
    }),
  );
  return element(
    "section",
    "wide",
    element(
      "table",
      "",
      element("caption", "", caption),
      element("thead", "", head),
      element("tbody", "", ...rows.map(row)),
    ),
  );
}

find("reaction-close").addEventListener("click", () => {
  const server = open;
  open = "";
  find("reaction").hidden = true;
  document.getElementById(`if-${server}`)?.focus();
});
details().addEventListener("toggle", () => {
  if (details().open) void showBook();
});
