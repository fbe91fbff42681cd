/**
 * The maintenance page over HTTP: fixed files, one fixed snapshot, the log. Of a request only the
 * path and the token are used; only the ground rig accepts commands.
 */
import { createHash } from "node:crypto";
import { FLIGHT_SCRIPT, FLIGHT_STYLE } from "../../book/flight-html.ts";
import { parseListen } from "../../config/address.ts";
import { situationOf } from "../../config/foresight.ts";
import { readKeyFile } from "../../config/key-file.ts";
import { validUtc } from "../../io/valid-utc.ts";
import {
  WEB_BODY_BYTES_MAX,
  WEB_DECISIONS_MAX,
  WEB_IDLE_S,
  WEB_REFUSAL_MS,
  WEB_REQUESTS_MAX,
  WEB_STATE_MS,
} from "../../limits.ts";
import { replayed } from "../log/decisions.ts";
import { decisionsHtml } from "../log/decisions-shown.ts";
import { exportLog } from "../log/log-export.ts";
import { LogImage } from "../log/log-image.ts";
import type { LogReader, Maintenance } from "../maintenance.ts";
import { LOGIN_PAGE, PAGE_FILES, type PageFile, PUBLIC_FILES } from "./page-files.ts";
import type { PageState } from "./page-state.ts";
import { PageStateReader } from "./page-state-reader.ts";
import { AccessToken, isLocalHost, isSameOrigin } from "./web-access.ts";
import { BookPages, type BookSource, hashOf } from "./web-book.ts";

/** Formats of the downloaded log, with their types. */
const LOG_TYPES = {
  txt: "text/plain; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  jsonl: "application/jsonl; charset=utf-8",
  bin: "application/octet-stream",
} as const;
type LogFormat = keyof typeof LOG_TYPES;

const EXPORTS = { txt: "text", csv: "csv", jsonl: "json" } as const;

export interface WebServerOptions {
  /** Base of a relative name of the token file: the directory of the configuration file. */
  directory: string;
  /** Called for a wrong token; `from` is the sender's address. */
  onRefused?: (from: string) => void;
}

/** Content to serve. */
export interface PageSource {
  state(): PageState;
  book: BookSource;
  /** null when there is no log here. */
  log: { read: LogReader; serverId: string } | null;
  /** null for a page that only shows. */
  command: ((verb: string, server: string) => void) | null;
}

export interface WebServer {
  /** `http://127.0.0.1:8044/` */
  readonly url: string;
  stop(): void;
}

/**
 * Serves the page of a server at `maintenance.web.listen`.
 * @throws Error in words for people: the address cannot be bound, or the token file is invalid
 */
export function startWebServer(maintenance: Maintenance, options: WebServerOptions): WebServer {
  const { listen, tokenFile } = maintenance.config.maintenance.web;
  const reader = new PageStateReader(maintenance);
  const source: PageSource = {
    state: () => reader.read(Date.now()),
    book: {
      config: maintenance.config,
      situation: () => {
        const status = maintenance.status();
        return status === null ? null : situationOf(status);
      },
    },
    log: { read: maintenance.log, serverId: maintenance.serverId },
    command: null,
  };
  const key =
    tokenFile === null
      ? null
      : readKeyFile(tokenFile, options.directory, "maintenance.web.tokenFile");
  if (key !== null && !key.ok) {
    const { path, found, expected } = key.problem;
    throw new Error(`${path}: found ${found}, expected ${expected}`);
  }
  return serve(listen, source, key?.key ?? null, options.onRefused ?? (() => undefined));
}

/** Serves `source` at an address. @throws Error when it cannot be bound */
export function serve(
  listen: string,
  source: PageSource,
  token: Uint8Array | null,
  onRefused: (from: string) => void,
): WebServer {
  const place = parseListen(listen);
  if (place === null)
    throw new Error(`found ${listen}, expected an address and a port, such as 127.0.0.1:8044`);
  const pages = new Pages(source, token, onRefused);
  try {
    const server = Bun.serve({
      hostname: place.host,
      port: place.port,
      idleTimeout: WEB_IDLE_S,
      maxRequestBodySize: WEB_BODY_BYTES_MAX,
      development: false,
      // only in development is this the default: two programs would share the port
      reusePort: false,
      fetch: (request, self) =>
        self.pendingRequests > WEB_REQUESTS_MAX
          ? answer(503, "busy")
          : pages.answer(request, self.requestIP(request)?.address ?? ""),
      error: () => answer(500, "this request failed; the page goes on"),
    });
    return { url: `http://${listen}/`, stop: () => void server.stop(true) };
  } catch (error) {
    throw new Error(`the page cannot listen at ${listen}: ${(error as Error).message}`);
  }
}

/** From a request to its answer. */
class Pages {
  readonly #source: PageSource;
  readonly #access: AccessToken | null;
  readonly #onRefused: (from: string) => void;
  readonly #book: BookPages;
  #stateText = "";
  #stateAtMs = Number.NEGATIVE_INFINITY;
  /** The last export: a repeated request gets the same one. */
  #export: { key: string; bytes: Uint8Array } = { key: "", bytes: new Uint8Array(0) };

  constructor(source: PageSource, token: Uint8Array | null, onRefused: (from: string) => void) {
    this.#source = source;
    this.#book = new BookPages(source.book);
    this.#access = token === null ? null : new AccessToken(token);
    this.#onRefused = onRefused;
  }

  async answer(request: Request, from: string): Promise<Response> {
    const { method, headers } = request;
    // Without a token the address is a loopback one, and only the Host header tells who was meant.
    if (this.#access === null && !isLocalHost(headers.get("host")))
      return answer(421, "this page has another address");
    const url = URL.parse(request.url);
    if (url === null) return answer(400, "the Host header is invalid"); // the address is made with it
    const path = url.pathname;
    if (method === "POST" && path === "/login" && this.#access !== null)
      return this.#login(request, from);
    if (method === "POST" && path === "/command" && this.#source.command !== null)
      return this.#command(request);
    if (method !== "GET" && method !== "HEAD")
      return answer(405, "GET and HEAD only", { allow: "GET, HEAD" });
    const isAllowed =
      this.#access === null || PUBLIC_FILES.includes(path) || this.#access.judge(headers);
    if (isAllowed === false) return this.#refuse(from);
    if (isAllowed === null) return withoutBody(method, page(LOGIN_PAGE, 401));
    return withoutBody(method, this.#content(path));
  }

  #content(path: string): Response {
    if (path === "/state.json")
      return answer(200, this.#state(), { "content-type": "application/json" });
    const book = this.#bookAnswer(path);
    if (book !== null) return book;
    if (path === "/decisions.html" && this.#source.log !== null) return this.#decisions();
    const [, format = ""] = /^\/log\.([a-z]+)$/.exec(path) ?? [];
    if (Object.hasOwn(LOG_TYPES, format) && this.#source.log !== null)
      return this.#download(format as LogFormat);
    const file = Object.hasOwn(PAGE_FILES, path) ? PAGE_FILES[path] : undefined;
    return file === undefined ? answer(404, "not found") : page(file, 200);
  }

  #state(): string {
    const nowMs = performance.now();
    if (nowMs - this.#stateAtMs >= WEB_STATE_MS) {
      this.#stateText = JSON.stringify(this.#source.state());
      this.#stateAtMs = nowMs;
    }
    return this.#stateText;
  }

  /** null for any other path. */
  #bookAnswer(path: string): Response | null {
    const found = this.#book.answer(path, validUtc(Date.now()));
    if (found === null) return null;
    if (found === "nothing known")
      return answer(503, "no engine is running: the running functions are not known");
    const { type, text, style } = found;
    const headers = { "content-type": type };
    if (style === "") return answer(200, text, headers);
    return answer(200, text, { ...headers, "content-security-policy": withHashes(style) });
  }

  /** The newest decisions in the log, recomputed. */
  #decisions(): Response {
    const image = this.#source.log?.read.image() ?? new Uint8Array(0);
    if (image.length === 0) return answer(503, "the log cannot be read now");
    const { config } = this.#source.book;
    const newest = new LogImage("the log", image).decisions().whole.slice(-WEB_DECISIONS_MAX);
    if (newest.length === 0) return answer(404, "the log has no decision yet");
    const text = decisionsHtml(config, replayed(config, newest), "/icon.svg");
    return answer(200, text, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": withHashes(DECISIONS_STYLE, DECISIONS_SCRIPT),
    });
  }

  #download(format: LogFormat): Response {
    const log = this.#source.log;
    if (log === null) return answer(404, "there is no log here");
    const { newestSequence, powerOn } = log.read.storage();
    const key = `${format} ${newestSequence} ${powerOn}`;
    if (this.#export.key !== key) {
      const image = log.read.image();
      if (image.length === 0) return answer(503, "the log cannot be read now");
      const bytes =
        format === "bin"
          ? image
          : Buffer.from(exportLog(new LogImage("the log", image), EXPORTS[format]), "utf8");
      this.#export = { key, bytes };
    }
    const { bytes } = this.#export;
    const utcMs = validUtc(Date.now());
    const when =
      utcMs === null ? `power-on-${powerOn}` : new Date(utcMs).toISOString().slice(0, 10);
    return answer(200, bytes, {
      "content-type": LOG_TYPES[format],
      "content-disposition": `attachment; filename="wingman-log-${log.serverId}-${when}.${format}"`,
      "repr-digest": `sha-256=:${createHash("sha256").update(bytes).digest("base64")}:`, // RFC 9530
    });
  }

  async #login(request: Request, from: string): Promise<Response> {
    const typed = new URLSearchParams(await request.text()).get("token") ?? "";
    if (this.#access === null || !this.#access.accepts(typed)) return this.#refuse(from);
    return answer(303, "", { location: "/", "set-cookie": this.#access.setCookie });
  }

  async #refuse(from: string): Promise<Response> {
    this.#onRefused(from);
    await Bun.sleep(WEB_REFUSAL_MS);
    return page(LOGIN_PAGE, 403);
  }

  async #command(request: Request): Promise<Response> {
    if (!isSameOrigin(request.headers))
      return answer(403, "commands are only accepted from the page itself");
    const [verb = "", server = "", ...rest] = (await request.text()).split(" ");
    const { actions, actionsWait, servers } = this.#source.state();
    const isKnown =
      actions.some(([name]) => name === verb) && servers.some(({ id }) => id === server);
    if (!isKnown || rest.length > 0)
      return answer(400, "expected a verb and a server of this page");
    if (actionsWait !== "") return answer(409, actionsWait);
    this.#source.command?.(verb, server);
    return answer(202, "");
  }
}

const page = ({ type, text }: PageFile, status: number): Response =>
  answer(status, text, { "content-type": type });

/** HEAD: everything but the body. */
function withoutBody(method: string, response: Response): Response {
  return method === "HEAD" ? new Response(null, response) : response;
}

/** What a browser may do with an answer: only show it, with the files of this page. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** The same for an answer with its own style, and perhaps a script. */
function withHashes(style: string, script = "'self'"): string {
  return HEADERS["content-security-policy"]
    .replace("style-src 'self'", `style-src ${style}`)
    .replace("script-src 'self'", `script-src ${script}`);
}

const DECISIONS_STYLE = hashOf(FLIGHT_STYLE);
const DECISIONS_SCRIPT = hashOf(FLIGHT_SCRIPT);

function answer(
  status: number,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  const plain = { "content-type": "text/plain; charset=utf-8", "content-length": String(length) };
  return new Response(body as string | Uint8Array<ArrayBuffer>, {
    status,
    headers: { ...HEADERS, ...plain, ...headers },
  });
}
