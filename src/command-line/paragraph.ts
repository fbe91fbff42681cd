/** Reports fit the 80 columns of a maintenance terminal. */
export const COLUMNS = 80;

/** A space at which lines are not broken. */
export const NO_BREAK = "\u00a0";

/**
 * Breaks `text` at spaces into lines of at most COLUMNS. The first line starts with `first`, all
 * others with `rest`. A word longer than a line stays whole.
 */
export function paragraph(text: string, first = "", rest = first): string {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(" ")) {
    if (!empty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line].join("\n").replaceAll(NO_BREAK, " ");
}

/**
 * Reflows the prose in `text`. Blocks are separated by empty lines; one with an indented line or
 * with columns (two spaces in a row) stays as it is.
 */
export function reflowed(text: string): string {
  const blocks = text.split("\n\n");
  return blocks
    .map((block) => (/^ | {2}/m.test(block) ? block : paragraph(block.replaceAll("\n", " "))))
    .join("\n\n");
}
