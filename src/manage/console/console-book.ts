/**
 * The contingency book on the console: for the current state, computed by the current allocation.
 */
import { type Book, type BookEntry, type BookStart, entryOf, startOf } from "../../book/book.ts";
import {
  changeLines,
  changesOf,
  countsText,
  nameOf,
  outlivingSentence,
  scopeText,
  situationText,
  spareSentences,
  titleOf,
} from "../../book/book-words.ts";
import { paragraph } from "../../command-line/paragraph.ts";
import type { AircraftConfig } from "../../config/model.ts";
import { alternatives } from "../../config/problem.ts";
import { type Situation, WhatIf } from "../../config/what-if.ts";
import { MaintenanceError } from "../maintenance.ts";
import { textTable } from "./console-table.ts";

/** A summary of the book: a line of a hundred thousand characters would take too long to send. */
export function bookSummary(book: Book) {
  const { policy, down, spare, firstStops } = book;
  const changes = book.book.map((entry) => {
    const { lost, back } = entry;
    const { running, stops } = outcome(book, entry);
    return { lost, back, running, stops };
  });
  return { policy, down, spare, firstStops, book: changes };
}

export function bookLines(book: Book): string[] {
  const rows = book.book.map((entry) => {
    const { running, stops } = outcome(book, entry);
    return [nameOf(entry), String(running), stops.length === 0 ? "-" : stops.join(", ")];
  });
  const sentences = [...spareSentences(book), outlivingSentence(book)];
  return [
    ...wrapped(`POLICY ${book.policy}, ${situationText(book)}: ${scopeText(book)}`),
    ...sentences.flatMap((sentence) => wrapped(sentence)),
    "",
    ...textTable(["LOST", `RUN OF ${book.functions.length}`, "STOPPED"], rows, [1]),
  ];
}

function outcome(book: Book, entry: BookEntry): { running: number; stops: string[] } {
  const changes = changesOf(book, entry);
  return {
    running: changes.filter(({ after }) => after !== null).length,
    stops: changes.filter(({ what }) => what === "stops").map(({ id }) => id),
  };
}

/**
 * Effect if `servers` fail at the same time, or if the one that is down comes back.
 * @throws MaintenanceError where some are alive and others down
 */
export function reaction(
  config: AircraftConfig,
  situation: Situation,
  servers: readonly string[],
): { start: BookStart; entry: BookEntry } {
  const whatIf = new WhatIf(config);
  const start = startOf(config, whatIf, situation);
  const chosen = start.servers.map(({ id }) => id).filter((id) => servers.includes(id));
  const lost = chosen.filter((id) => !start.down.includes(id));
  const back = chosen.filter((id) => start.down.includes(id));
  if (back.length > 1 || (back.length === 1 && lost.length > 0)) {
    const found = chosen.map((id) => `${id}${back.includes(id) ? " (down)" : ""}`);
    throw new MaintenanceError(
      "SYNTAX",
      `found ${alternatives(found, "and")}, expected servers that are alive, or one that is down`,
    );
  }
  return { start, entry: entryOf(whatIf, start.base, situation, lost, back) };
}

export function reactionLines(start: BookStart, entry: BookEntry): string[] {
  const changes = changesOf(start, entry);
  const free = entry.alive.map((id) => `${id} ${entry.remaining[id]}`);
  return [
    ...wrapped(titleOf(entry)),
    ...wrapped(countsText(changes)),
    ...changeLines(changes).flatMap(({ what, names }) =>
      wrapped(`${what.toUpperCase()}: ${names.join(", ")}`),
    ),
    ...wrapped(`FREE: ${free.length === 0 ? "no server is left" : free.join(", ")}`),
  ];
}

function wrapped(text: string): string[] {
  return paragraph(text, "", "  ").split("\n");
}
