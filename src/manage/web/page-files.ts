/** The files of the page as they stand in src/manage/page: inside the executable, and nothing is fetched from elsewhere. */
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
const file = (type: string, text: unknown): PageFile => ({ type: `${type}; charset=utf-8`, text: text as string });

export const PAGE_FILES: Readonly<Record<string, PageFile>> = {
  "/": file("text/html", index),
  "/page.css": file("text/css", css),
  "/page.js": file("text/javascript", page),
  "/picture.js": file("text/javascript", picture),
  "/plot.js": file("text/javascript", plot),
  "/icon.svg": file("image/svg+xml", icon),
};

/** What a browser needs before it has shown the token. */
export const LOGIN_PAGE: PageFile = file("text/html", login);
export const PUBLIC_FILES: readonly string[] = ["/page.css", "/icon.svg"];
