/**
 * The contingency book of the current state, for the page: made on request in the process that
 * serves the page, and kept until the assignment changes.
 */
import { createHash } from "node:crypto";
import { type Book, type BookEntry, bookOf, entryOf, startOf } from "../../book/book.ts";
import { bookCsv } from "../../book/book-csv.ts";
import { BOOK_STYLE, bookHtml, entryPicture } from "../../book/book-html.ts";
import { bookText } from "../../book/book-text.ts";
import {
  changeLines,
  changesOf,
  countsText,
  firstStopText,
  nameOf,
  outlivingSentence,
  scopeText,
  situationText,
  spareSentences,
  titleOf,
} from "../../book/book-words.ts";
import type { AircraftConfig } from "../../config/model.ts";
import { type Situation, WhatIf } from "../../config/what-if.ts";
import type { PageBook, PageReaction } from "./page-state.ts";

/** Starting point of the book. */
export interface BookSource {
  readonly config: AircraftConfig;
  /** null when the current state is unknown. */
  situation(): Situation | null;
}

export interface BookAnswer {
  type: string;
  text: string;
  /** Additional sources for the browser's policy beside the page's own files; "" for none. */
  style: string;
}

/** A source for the browser's policy, identified by its hash. */
export function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

const BOOK_STYLE_HASH = hashOf(BOOK_STYLE);

/**
 * `/book.html`, `/book/b.json`: a format of the book, or the reaction to a change of one server.
 */
const PATH = /^\/book(?:\.(html|txt|csv|json)|\/([a-z0-9-]+)\.json)$/;

export class BookPages {
  readonly #source: BookSource;
  #key = "";
  #book: Book | null = null;

  constructor(source: BookSource) {
    this.#source = source;
  }

  /**
   * null when there is nothing at this path.
   * @param utcMs current time; null when the clock has no valid one
   */
  answer(path: string, utcMs: number | null): BookAnswer | "nothing known" | null {
    const [, format, server] = PATH.exec(path) ?? [];
    if (format === undefined && server === undefined) return null;
    if (server !== undefined && !this.#source.config.servers.some(({ id }) => id === server))
      return null;
    const situation = this.#source.situation();
    if (situation === null) return "nothing known";
    if (server !== undefined) return json(reactionOf(this.#source.config, situation, server));
    const book = this.#bookOf(situation);
    const asOf = utcMs === null ? "" : `${new Date(utcMs).toISOString().slice(0, 19)}Z`;
    switch (format) {
      case "html":
        return {
          ...answerOf("text/html", bookHtml(book, asOf, "/icon.svg")),
          style: BOOK_STYLE_HASH,
        };
      case "txt":
        return answerOf("text/plain", `${bookText(book)}\n`);
      case "csv":
        return answerOf("text/csv", bookCsv(book));
      default:
        return json(pageBook(book));
    }
  }

  #bookOf(situation: Situation): Book {
    const key = JSON.stringify(situation);
    if (this.#book === null || this.#key !== key) {
      const { config } = this.#source;
      this.#book = bookOf(config, config.allocation, situation);
      this.#key = key;
    }
    return this.#book;
  }
}

function answerOf(type: string, text: string): BookAnswer {
  return { type: `${type}; charset=utf-8`, text, style: "" };
}

function json(document: PageBook | PageReaction): BookAnswer {
  return { type: "application/json", text: JSON.stringify(document), style: "" };
}

/** The reaction if `server` fails now, or comes back. */
function reactionOf(config: AircraftConfig, situation: Situation, server: string): PageReaction {
  const whatIf = new WhatIf(config);
  const start = startOf(config, whatIf, situation);
  const [lost, back] = start.down.includes(server) ? [[], [server]] : [[server], []];
  const entry = entryOf(whatIf, start.base, situation, lost, back);
  const changes = changesOf(start, entry);
  return {
    title: titleOf(entry),
    counts: countsText(changes),
    lines: changeLines(changes),
    picture: entryPicture(start, entry),
  };
}

function pageBook(book: Book): PageBook {
  return {
    start: `From what runs now: ${situationText(book)}. ${scopeText(book)}.`,
    sentences: [...spareSentences(book), outlivingSentence(book)],
    firstStops: book.firstStops.map((stop) => [stop.function, firstStopText(stop)]),
    changes: book.book.map((entry) => changeRow(book, entry)),
  };
}

function changeRow(book: Book, entry: BookEntry): string[] {
  const changes = changesOf(book, entry);
  const stopped = changes.filter(({ what }) => what === "stops").map(({ id }) => id);
  return [nameOf(entry), countsText(changes), stopped.join(", ")];
}
