/** The book for a spreadsheet: one row for every function in every entry. */
import type { Book } from "./book.ts";
import { changesOf } from "./book-words.ts";

const HEADER = [
  ...["lost", "back", "function", "priority", "required", "before", "after", "what"],
  ...["partNumber", "table"],
] as const;

/**
 * Only identifiers, numbers and plain words: no cell needs quotes. Servers of one failure are
 * joined with +. `before` and `after` are empty where the function does not run. Lines end as in
 * RFC 4180.
 */
export function bookCsv(book: Book): string {
  const rows = book.book.flatMap((entry) =>
    changesOf(book, entry).map(({ id, priority, required, before, after, what }) => [
      ...[entry.lost.join("+"), entry.back.join("+"), id, String(priority), String(required)],
      ...[before ?? "", after ?? "", what, book.partNumber ?? "", book.tableDigest],
    ]),
  );
  return [HEADER, ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}
