/**
 * The files of the page from page/, with the list of codes in the first one: all inside the
 * executable, nothing is fetched from elsewhere.
 */

import { CATALOGUE } from "../../catalogue/catalogue.ts";
import { codeLabel } from "../../catalogue/record-text.ts";
import book from "./page/book.js" with { type: "text" };
import faults from "./page/faults.js" with { type: "text" };
import gaps from "./page/gaps.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import index from "./page/index.html" with { type: "text" };
import keepAlives from "./page/keep-alives.js" with { type: "text" };
import login from "./page/login.html" with { type: "text" };
import css from "./page/page.css" with { type: "text" };
import page from "./page/page.js" with { type: "text" };
import parts from "./page/parts.css" with { type: "text" };
import picture from "./page/picture.js" with { type: "text" };
import plot from "./page/plot.js" with { type: "text" };
import words from "./page/words.js" with { type: "text" };

export interface PageFile {
  type: string;
  text: string;
}

// TypeScript assigns other types to these files; the attribute makes them texts.
const file = (type: string, text: unknown): PageFile => ({
  type: `${type}; charset=utf-8`,
  text: text as string,
});

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** One row per code of the log: code, class, text, cause, action. */
const codeRows = CATALOGUE.toSorted((a, b) => a.code - b.code)
  .map(({ code, class: faultClass, text, cause, action }) => {
    const cells = [faultClass === 0 ? "event" : String(faultClass), text, cause, action];
    return `<tr id="${codeLabel(code)}"><th scope="row">${codeLabel(code)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`;
  })
  .join("\n");

export const PAGE_FILES: Readonly<Record<string, PageFile>> = {
  "/": file(
    "text/html",
    (index as unknown as string).replace("<!-- codes -->", () => codeRows),
  ),
  "/page.css": file("text/css", css),
  "/parts.css": file("text/css", parts),
  "/page.js": file("text/javascript", page),
  "/book.js": file("text/javascript", book),
  "/faults.js": file("text/javascript", faults),
  "/gaps.js": file("text/javascript", gaps),
  "/keep-alives.js": file("text/javascript", keepAlives),
  "/picture.js": file("text/javascript", picture),
  "/plot.js": file("text/javascript", plot),
  "/words.js": file("text/javascript", words),
  "/icon.svg": file("image/svg+xml", icon),
};

/** Files that a browser needs before it has presented the token. */
export const LOGIN_PAGE: PageFile = file("text/html", login);
export const PUBLIC_FILES: readonly string[] = ["/page.css", "/icon.svg"];
