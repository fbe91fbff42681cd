/**
 * The files of the page as they stand in page/, with the list of codes in the first one: inside the
 * executable, and nothing is fetched from elsewhere.
 */

import { CATALOGUE } from "../../catalogue/catalogue.ts";
import { codeLabel } from "../../catalogue/record-text.ts";
import icon from "./page/icon.svg" with { type: "text" };
import index from "./page/index.html" with { type: "text" };
import login from "./page/login.html" with { type: "text" };
import css from "./page/page.css" with { type: "text" };
import page from "./page/page.js" with { type: "text" };
import picture from "./page/picture.js" with { type: "text" };
import plot from "./page/plot.js" with { type: "text" };

export interface PageFile {
  type: string;
  text: string;
}

// TypeScript knows the kinds of these files otherwise; the attribute makes all of them texts.
const file = (type: string, text: unknown): PageFile => ({
  type: `${type}; charset=utf-8`,
  text: text as string,
});

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A row for every code of the log: code, class, text, cause, action. */
const codeRows = CATALOGUE.toSorted((a, b) => a.code - b.code)
  .map(({ code, class: faultClass, text, cause, action }) => {
    const cells = [faultClass === 0 ? "event" : String(faultClass), text, cause, action];
    return `<tr><th scope="row">${codeLabel(code)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`;
  })
  .join("\n");

export const PAGE_FILES: Readonly<Record<string, PageFile>> = {
  "/": file(
    "text/html",
    (index as unknown as string).replace("<!-- codes -->", () => codeRows),
  ),
  "/page.css": file("text/css", css),
  "/page.js": file("text/javascript", page),
  "/picture.js": file("text/javascript", picture),
  "/plot.js": file("text/javascript", plot),
  "/icon.svg": file("image/svg+xml", icon),
};

/** What a browser needs before it has shown the token. */
export const LOGIN_PAGE: PageFile = file("text/html", login);
export const PUBLIC_FILES: readonly string[] = ["/page.css", "/icon.svg"];
