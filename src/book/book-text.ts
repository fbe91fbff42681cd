/** The book for a terminal of 80 columns. */
import { COLUMNS, NO_BREAK, paragraph } from "../command-line/paragraph.ts";
import type { Book, BookEntry } from "./book.ts";
import {
  changeLines,
  changesOf,
  firstStopText,
  nameOf,
  outlivingSentence,
  scopeText,
  situationText,
  spareSentences,
} from "./book-words.ts";

export function bookText(book: Book): string {
  const part = book.partNumber === null ? "no part number" : `part number ${book.partNumber}`;
  return [
    `Contingency book, policy ${book.policy}`,
    [
      paragraph(`${book.system}, ${part}`),
      `table ${book.tableDigest}`,
      paragraph(`from: ${situationText(book)}`, "", "    "),
      paragraph(scopeText(book)),
    ].join("\n"),
    [...spareSentences(book), outlivingSentence(book)]
      .map((sentence) => paragraph(sentence, "- ", "  "))
      .join("\n"),
    matrixText(book),
    ...book.book.map((entry) => entryText(book, entry)),
  ].join("\n\n");
}

function entryText(book: Book, entry: BookEntry): string {
  const changes = changesOf(book, entry);
  const running = changes.filter(({ after }) => after !== null).length;
  const name = nameOf(entry) + (entry.back.length > 0 ? "" : " lost");
  return [
    `${name}: ${running} of ${changes.length} run`,
    ...changeLines(changes).map(({ what, names }) => {
      const whole = names.map((each) => each.replaceAll(" ", NO_BREAK));
      return paragraph(`${what.toLowerCase()}: ${whole.join(", ")}`, "  ", "      ");
    }),
  ].join("\n");
}

/**
 * Where each function runs with no failure, and after every change of one server, in blocks of as
 * many columns as fit. The last column is the first failure that stops it.
 */
function matrixText(book: Book): string {
  const single = book.book.filter(({ lost, back }) => lost.length + back.length === 1);
  const columns = single.map((entry) => {
    const cells = changesOf(book, entry).map(({ after, what }) =>
      what === "stops" ? "STOPPED" : (after ?? "-"),
    );
    return [nameOf(entry), ...cells];
  });
  const heads = [
    ["FUNCTION", ...book.functions.map(({ id }) => id)],
    ["PRIO", ...book.functions.map(({ priority }) => String(priority))],
    ["NOW", ...book.functions.map(({ id }) => book.base.assignment[id] ?? "-")],
  ];
  const first = ["FIRST STOP", ...book.firstStops.map((stop) => firstStopText(stop))];
  const blocks: string[][][] = [[]];
  for (const column of [...columns, first]) {
    const block = blocks.at(-1) ?? [];
    if (block.length > 0 && widthOf([...heads, ...block, column]) > COLUMNS) blocks.push([column]);
    else block.push(column);
  }
  const title =
    "Where each function runs with no failure (NOW) and after each change of one\n" +
    "server; and the first failure of this book that stops it";
  return [title, ...blocks.map((block) => table([...heads, ...block]))].join("\n\n");
}

const widthsOf = (columns: readonly (readonly string[])[]): number[] =>
  columns.map((column) => Math.max(...column.map((cell) => cell.length)));

const widthOf = (columns: readonly (readonly string[])[]): number =>
  widthsOf(columns).reduce((sum, width) => sum + width, 2 * (columns.length - 1));

function table(columns: readonly (readonly string[])[]): string {
  const widths = widthsOf(columns);
  const [first = []] = columns;
  return first
    .map((_, row) =>
      columns
        .map((column, index) => (column[row] ?? "").padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
