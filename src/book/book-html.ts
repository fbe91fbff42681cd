/**
 * The book as one self-contained HTML file for paper and screen, without a script: a front page to
 * sign, the matrix of changes and functions, and a page with a picture for each change.
 */

import css from "./book.css" with { type: "text" };
import type { Book, BookEntry, BookStart } from "./book.ts";
import {
  type Change,
  changeLines,
  changesOf,
  countsText,
  FIRST_STOP_TITLE,
  firstStopText,
  nameOf,
  outlivingSentence,
  roomRows,
  scopeText,
  situationText,
  spareSentences,
  titleOf,
} from "./book-words.ts";
import { htmlPage } from "./html-page.ts";
import { escaped, pictureOf, type ServerPart } from "./picture.ts";

/** The file's style, for servers that allow it by its hash. */
export const BOOK_STYLE = css as unknown as string;

/** The matrix shows identifiers of servers up to this length; others are counted. */
const CELL_LETTERS_MAX = 3;
/** Maximum functions per table; more go into further tables. */
const MATRIX_COLUMNS_MAX = 40;
/** Pictures of at most this many servers leave room for words beside them. */
const NARROW_SERVERS_MAX = 3;

/**
 * @param asOf in words, when the starting state was observed; "" for a book made on the ground
 * @param icon address of an icon for servers; "" for a file
 */
export function bookHtml(book: Book, asOf = "", icon = ""): string {
  const title = `Contingency book: ${book.system}`;
  const body = `${frontPage(book, asOf)}
${matrices(book).join("\n")}
${section(book, "no-failure", "With no failure", { lost: [], back: [], ...book.base })}
${book.book.map((entry) => section(book, anchorOf(entry), titleOf(entry), entry)).join("\n")}`;
  return htmlPage(title, BOOK_STYLE, icon, body);
}

/** The picture of one entry, as the text of an SVG. */
export function entryPicture(book: BookStart, entry: BookEntry, title = titleOf(entry)): string {
  const changes = changesOf(book, entry);
  const partOf = (id: string): ServerPart => {
    if (entry.lost.includes(id)) return "lost";
    if (entry.back.includes(id)) return "back";
    return book.down.includes(id) ? "down" : "alive";
  };
  const servers = book.servers.map((server) => ({ ...server, part: partOf(server.id) }));
  return pictureOf(servers, changes, `${title}. ${spokenChanges(changes)}`);
}

function spokenChanges(changes: readonly Change[]): string {
  const lines = changeLines(changes).map(({ what, names }) => `${what}: ${names.join(", ")}.`);
  return [countsText(changes), ...lines].join(" ");
}

function frontPage(book: Book, asOf: string): string {
  const facts: [string, string][] = [
    ["System", book.system],
    ["Part number", book.partNumber ?? "none"],
    ["Table digest", book.tableDigest],
    ["Policy", book.policy],
    ["Starts from", situationText(book) + (asOf === "" ? "" : `, as of ${asOf}`)],
    ["Answers", scopeText(book)],
  ];
  const sentences = [...spareSentences(book), outlivingSentence(book)];
  return `<section class="front">
<h1>Contingency book</h1>
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escaped(value)}</dd></div>`).join("")}</dl>
<ul>${sentences.map((sentence) => `<li>${escaped(sentence)}</li>`).join("")}</ul>
<div class="tables">
${roomTable(book)}
${firstStopTable(book)}
</div>
<p>Computed by the code that flies. This book is valid only for the table and the policy above.</p>
<div class="sign"><p>Name</p><p>Date</p><p>Signature</p></div>
</section>`;
}

function roomTable(book: Book): string {
  const cell = (words: string): string => `<th scope="col">${escaped(words)}</th>`;
  const server = (id: string): string =>
    hasLongNames(book) ? `<th scope="col"><span>${escaped(id)}</span></th>` : cell(id);
  const heads = [
    cell("Free units"),
    ...book.servers.map(({ id }) => server(id)),
    ...[cell("All"), cell("Largest")],
  ];
  const rows = roomRows(book).map(({ name, free, total, largest }) => [
    name,
    ...free.map((units) => (units === null ? "–" : String(units))),
    ...[String(total), String(largest)],
  ]);
  return `<table class="room"><caption>Spare capacity</caption>
<thead><tr>${heads.join("")}</tr></thead>
<tbody>${rows.map(tableRow).join("\n")}</tbody></table>`;
}

function firstStopTable(book: Book): string {
  const required = new Map(book.functions.map((entry) => [entry.id, entry]));
  const items = book.firstStops.map((stop) => {
    const { priority = 0 } = required.get(stop.function) ?? {};
    const name = `<span>${escaped(stop.function)} (${priority})</span>`;
    return `<li>${name} <b>${escaped(firstStopText(stop))}</b></li>`;
  });
  return `<div class="stops"><h2>${FIRST_STOP_TITLE}</h2>
<ol>${items.join("")}</ol></div>`;
}

function hasLongNames({ servers }: Book): boolean {
  return servers.some(({ id }) => id.length > CELL_LETTERS_MAX);
}

function tableRow([head = "", ...cells]: readonly string[]): string {
  return `<tr><th scope="row">${escaped(head)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`;
}

/** Failures as rows, functions as columns: tables of MATRIX_COLUMNS_MAX functions each. */
function matrices(book: Book): string[] {
  const count = Math.max(1, Math.ceil(book.functions.length / MATRIX_COLUMNS_MAX));
  const width = Math.ceil(book.functions.length / count);
  const isCounted = hasLongNames(book);
  const places = new Map(book.servers.map(({ id }, index) => [id, String(index + 1)]));
  const label = (id: string): string => (isCounted ? (places.get(id) ?? id) : id);
  const legend = isCounted
    ? ` ${book.servers.map(({ id }) => `${label(id)} = ${id}`).join(", ")}.`
    : "";
  return Array.from({ length: count }, (_, part) => {
    const from = part * width;
    const heads = book.functions
      .slice(from, from + width)
      .map(({ id, priority }) => `<th scope="col"><span>${escaped(id)} (${priority})</span></th>`);
    const base = book.functions
      .slice(from, from + width)
      .map(({ id }) => matrixCell(book.base.assignment[id] ?? null, "stays", label));
    const rows = book.book.map((entry) => {
      const cells = changesOf(book, entry)
        .slice(from, from + width)
        .map(({ after, what }) => matrixCell(after, what, label));
      const name = escaped(nameOf(entry));
      return `<tr><th scope="row"><a href="#${anchorOf(entry)}">${name}</a></th>${cells.join("")}</tr>`;
    });
    const which = count === 1 ? "" : `, part ${part + 1} of ${count}`;
    return `<section class="matrix"><h2>Which server runs each function${which}</h2>
<p>Boxed: taken over, moved or started. ✖ in black: stopped. – : it did not run before either.${escaped(legend)}</p>
<table><thead><tr><th scope="col">Lost</th>${heads.join("")}</tr></thead>
<tbody><tr><th scope="row"><a href="#no-failure">none</a></th>${base.join("")}</tr>
${rows.join("\n")}</tbody></table>
${identity(book)}</section>`;
  });
}

function matrixCell(
  after: string | null,
  what: Change["what"],
  label: (id: string) => string,
): string {
  if (what === "stops") return '<td class="stops">✖</td>';
  if (after === null) return "<td>–</td>";
  const isNew = what === "taken over" || what === "moves" || what === "starts";
  return `<td${isNew ? ' class="new"' : ""}>${escaped(label(after))}</td>`;
}

function section(book: Book, anchor: string, title: string, entry: BookEntry): string {
  const changes = changesOf(book, entry);
  const lines = changeLines(changes).map(
    ({ what, names }) => `<div><dt>${what}</dt><dd>${unbroken(names)}</dd></div>`,
  );
  const isNarrow = book.servers.length <= NARROW_SERVERS_MAX;
  return `<section class="change${isNarrow ? " narrow" : ""}" id="${anchor}"><h2>${escaped(title)}</h2>
<p>${escaped(countsText(changes))}</p>
<div class="both"><figure>${entryPicture(book, entry, title)}</figure>
<dl>${lines.join("")}</dl></div>
${identity(book)}</section>`;
}

/** Names without line breaks at their hyphens. */
function unbroken(names: readonly string[]): string {
  return names.map((name) => `<span>${escaped(name)}</span>`).join(", ");
}

/** Identifies the book of a page that was taken out. */
function identity({ system, partNumber, tableDigest, policy }: Book): string {
  const words = [
    system,
    partNumber ?? "no part number",
    `table ${tableDigest.slice(0, 16)}`,
    policy,
  ];
  return `<p class="identity">${escaped(words.join(" · "))}</p>`;
}

function anchorOf({ lost, back }: BookEntry): string {
  return [...lost.map((id) => `lost-${id}`), ...back.map((id) => `back-${id}`)].join("_");
}
