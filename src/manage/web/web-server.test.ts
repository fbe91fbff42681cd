/** The page over real HTTP on loopback: what is served, to whom, and with which headers. */
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { MaintenanceStandIn } from "../../../test/harness/maintenance-stand-in.ts";
import { scratchDirectory } from "../../../test/harness/run-mark.ts";
import { CATALOGUE } from "../../catalogue/catalogue.ts";
import { codeLabel } from "../../catalogue/record-text.ts";
import { WEB_REFUSAL_MS } from "../../limits.ts";
import { verifyLog } from "../log/log-verify.ts";
import type { PageState } from "./page-state.ts";
import { serve, startWebServer, type WebServer } from "./web-server.ts";

const TOKEN = "0123456789abcdef-token";
const directory = scratchDirectory("web");
const refused: string[] = [];
let server: WebServer | null = null;
let nextPort = 20_000 + (process.pid % 20_000);

afterEach(() => {
  server?.stop();
  server = null;
  refused.length = 0;
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const options = { directory, onRefused: (from: string) => void refused.push(from) };

/** Serves a stand-in at a free port; the address is that of the machine itself. */
function start(web: { tokenFile?: string } = {}): { maintenance: MaintenanceStandIn; url: string } {
  for (;;) {
    const maintenance = new MaintenanceStandIn({ listen: `127.0.0.1:${nextPort++}`, ...web });
    try {
      server = startWebServer(maintenance, options);
      return { maintenance, url: server.url };
    } catch (error) {
      if (!String(error).includes("in use")) throw error;
    }
  }
}

function startWithToken(): { url: string } {
  writeFileSync(join(directory, "page.token"), `${TOKEN}\n`, { mode: 0o600 });
  return start({ tokenFile: "page.token" });
}

const stateOf = async (url: string): Promise<PageState> =>
  (await (await fetch(`${url}state.json`)).json()) as PageState;

describe("served paths", () => {
  test("the files of the page, and nothing else, whatever the query", async () => {
    const { url } = start();
    for (const [path, type] of [
      ["", "text/html"],
      ["page.css", "text/css"],
      ["page.js", "text/javascript"],
      ["book.js", "text/javascript"],
      ["picture.js", "text/javascript"],
      ["plot.js", "text/javascript"],
      ["icon.svg", "image/svg+xml"],
      ["state.json?drain=a", "application/json"],
      ["book.html", "text/html"],
      ["book.txt", "text/plain"],
      ["book.csv", "text/csv"],
      ["book.json", "application/json"],
      ["book/b.json", "application/json"],
    ] as const) {
      const answer = await fetch(url + path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toStartWith(type);
      expect((await answer.text()).length).toBeGreaterThan(50);
    }
    for (const path of [
      "x",
      "log",
      "log.exe",
      "log.constructor",
      "constructor",
      "__proto__",
      "page/page.js",
      "book",
      "book/c.json",
      "book/__proto__.json",
      "book.exe",
      "..%2f",
      "login",
      "command",
    ]) {
      expect((await fetch(url + path)).status).toBe(404);
    }
  });

  test("the page lists every code of the log with its cause and action", async () => {
    const html = await (await fetch(start().url)).text();
    const rows = [
      ...html.matchAll(/<tr id="WNG-\d{4}"><th scope="row">(WNG-\d{4})<\/th>(.*)<\/tr>/g),
    ];
    expect(rows.map(([, label]) => label)).toEqual(
      CATALOGUE.map(({ code }) => codeLabel(code)).toSorted(),
    );
    expect(html).toContain(
      "<td>SERVER LOST</td><td>No server hears its keep-alives any longer.</td>",
    );
    expect(html).not.toContain("<!-- codes -->");
  });

  test("every answer forbids the browser all but this page itself", async () => {
    const { url } = start();
    for (const path of ["", "state.json", "log.txt", "book.json", "book.html", "nothing"]) {
      const { headers } = await fetch(url + path);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("GET and HEAD only, and HEAD without a body", async () => {
    const { url } = start();
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      for (const path of ["", "state.json", "login", "command"]) {
        const answer = await fetch(url + path, { method });
        expect(answer.status).toBe(405);
        expect(answer.headers.get("allow")).toBe("GET, HEAD");
      }
    }
    const head = await fetch(`${url}log.bin`, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(0);
    expect(await head.text()).toBe("");
  });

  test("the state is current, and shows that no engine runs", async () => {
    const { maintenance, url } = start();
    expect((await stateOf(url)).verdict).toEqual({
      level: "good",
      headline: "ALL 10 FUNCTIONS RUN",
      steps: [],
    });
    maintenance.document = null;
    await Bun.sleep(250);
    const without = await stateOf(url);
    expect(without.isKnown).toBe(false);
    expect(without.verdict.level).toBe("bad");
    expect(without.functions.every(({ owner }) => owner === null)).toBe(true);
  });

  test("the book is that of the moment, with a style that the browser allows by its hash", async () => {
    const { maintenance, url } = start();
    const csv = async (): Promise<string> => await (await fetch(`${url}book.csv`)).text();
    expect(await csv()).toContain("\r\na,,live-tv,5,30,a,b,taken over,WNG5E00010001,");
    const page = await fetch(`${url}book.html`);
    const html = await page.text();
    const [, style = ""] = /<style>(.*)<\/style>/s.exec(html) ?? [];
    const hash = createHash("sha256").update(style).digest("base64");
    expect(page.headers.get("content-security-policy")).toContain(`style-src 'sha256-${hash}'`);
    expect(html).toContain("<h2>If server b fails</h2>");
    expect(html).toMatch(/all servers alive, as of \d{4}-\d\d-\d\dT/);
    maintenance.document = maintenance.withoutB();
    expect(await csv()).toContain("\r\n,b,avod,4,40,,b,starts,WNG5E00010001,");
    expect(await (await fetch(`${url}book/b.json`)).json()).toMatchObject({
      title: "If server b comes back",
      counts: "10 of 10 functions run: 2 start.",
    });
    maintenance.document = null;
    for (const path of ["book.csv", "book/b.json"])
      expect((await fetch(url + path)).status).toBe(503);
  });

  test("no path, key file or command of the configuration is in the state", async () => {
    const { url } = startWithToken();
    const text = await (
      await fetch(`${url}state.json`, { headers: { authorization: `Bearer ${TOKEN}` } })
    ).text();
    expect(text).toContain('"system":"single-aisle-180"');
    for (const word of ["tokenFile", "keyFile", "page.token", "command", "groundInput", TOKEN])
      expect(text).not.toContain(word);
  });

  test("many askers read the log once, until it grows", async () => {
    const { maintenance, url } = start();
    for (let count = 0; count < 3; count++) {
      await Promise.all(Array.from({ length: 8 }, () => stateOf(url)));
      await Bun.sleep(250);
    }
    expect(maintenance.log.reads).toBe(1);
    maintenance.log.add("WNG-0111", "SERVER LOST", { detail: "b" });
    const { timeline } = await stateOf(url);
    expect(maintenance.log.reads).toBe(2);
    expect(timeline.map(({ text }) => text)).toEqual(["SERVER LOST", "PHASE CHANGED"]);
  });

  test("the log downloads in four forms, named after server and day, with its digest", async () => {
    const { url } = start();
    for (const format of ["txt", "csv", "jsonl", "bin"]) {
      const answer = await fetch(`${url}log.${format}`);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const day = new Date().toISOString().slice(0, 10);
      expect(answer.headers.get("content-disposition")).toBe(
        `attachment; filename="wingman-log-a-${day}.${format}"`,
      );
      const digest = createHash("sha256").update(bytes).digest("base64");
      expect(answer.headers.get("repr-digest")).toBe(`sha-256=:${digest}:`);
      expect(verifyLog("download", bytes).problems).toEqual([]);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      if (format !== "bin") expect(verifyLog("download", bytes).problems).not.toEqual([]);
    }
  });
});

describe("access", () => {
  test("on loopback, only requests to this machine by name or number", async () => {
    const { url } = start();
    for (const host of ["localhost", "LOCALHOST:9000", "127.0.0.1:1", "127.9.9.9", "[::1]:8044"]) {
      expect((await fetch(url, { headers: { host } })).status).toBe(200);
    }
    for (const host of [
      "evil.example",
      "127.0.0.1.evil.example",
      "localhost.evil.example:8044",
      "localhost@evil.example",
      "10.44.0.9",
      "[fd44::9]",
    ]) {
      expect((await fetch(`${url}state.json`, { headers: { host } })).status).toBe(421);
    }
  });

  test("with a token, a form first; then a cookie that scripts and other sites do not get", async () => {
    const { url } = startWithToken();
    const form = await fetch(url);
    expect(form.status).toBe(401);
    expect(await form.text()).toContain('<form method="post" action="/login">');
    for (const path of ["state.json", "log.bin", "page.js", "nothing"])
      expect((await fetch(url + path)).status).toBe(401);
    expect((await fetch(`${url}page.css`)).status).toBe(200);

    const answer = await fetch(`${url}login`, {
      method: "POST",
      body: new URLSearchParams({ token: TOKEN }),
      redirect: "manual",
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/");
    const cookie = answer.headers.get("set-cookie") ?? "";
    expect(cookie).toContain("HttpOnly");
    expect(cookie).toContain("SameSite=Strict");
    expect(cookie).not.toContain(TOKEN);
    const [pair = ""] = cookie.split(";");
    expect(
      (await fetch(`${url}state.json`, { headers: { cookie: `other=1; ${pair}` } })).status,
    ).toBe(200);
    expect((await fetch(`${url}state.json`, { headers: { cookie: `${pair}0` } })).status).toBe(401);
    expect(
      (await fetch(`${url}state.json`, { headers: { authorization: `Bearer ${TOKEN}` } })).status,
    ).toBe(200);
    expect(refused).toEqual([]);
  });

  test("a wrong token is answered late, and logged", async () => {
    const { url } = startWithToken();
    const startMs = performance.now();
    const answers = await Promise.all([
      fetch(`${url}login`, { method: "POST", body: new URLSearchParams({ token: `${TOKEN}x` }) }),
      fetch(`${url}login`, { method: "POST", body: "nonsense" }),
      fetch(`${url}state.json`, { headers: { authorization: "Bearer wrong" } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(WEB_REFUSAL_MS - 5);
    expect(refused).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
    expect(answers.every(({ headers }) => headers.get("set-cookie") === null)).toBe(true);
  });

  test("a token file that others may read, that is missing or too short is refused in words", () => {
    writeFileSync(join(directory, "open.token"), TOKEN);
    chmodSync(join(directory, "open.token"), 0o644);
    writeFileSync(join(directory, "short.token"), "short", { mode: 0o600 });
    expect(() => start({ tokenFile: "open.token" })).toThrow(
      "maintenance.web.tokenFile: found mode 0644 at",
    );
    expect(() => start({ tokenFile: "none.token" })).toThrow(
      "maintenance.web.tokenFile: found no such file at",
    );
    expect(() => start({ tokenFile: "short.token" })).toThrow("found a key of 5 bytes");
  });

  test("an address that is taken is reported in words", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const listen = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    expect(() => startWebServer(new MaintenanceStandIn({ listen }), options)).toThrow(
      `the page cannot listen at ${listen}`,
    );
    taken.close();
  });

  test("the page of another daemon does not share its address", () => {
    const { url } = start();
    const listen = new URL(url).host;
    expect(() => startWebServer(new MaintenanceStandIn({ listen }), options)).toThrow(
      `the page cannot listen at ${listen}`,
    );
  });
});

describe("bounds", () => {
  test("a body or a head that is too large is refused, and the page is still served", async () => {
    const { url } = startWithToken();
    expect((await fetch(`${url}login`, { method: "POST", body: "x".repeat(100_000) })).status).toBe(
      413,
    );
    expect((await fetch(url, { headers: { x: "x".repeat(100_000) } })).status).toBe(431);
    expect((await fetch(url)).status).toBe(401);
  });

  test("a hundred connections that send a byte at a time delay no other request", async () => {
    const { url } = start();
    const port = Number(new URL(url).port);
    const slow = Array.from({ length: 100 }, () =>
      connect(port, "127.0.0.1").on("error", () => undefined),
    );
    try {
      for (const socket of slow) socket.write("GET / HTTP/1.1\r\nHost: local");
      const startMs = performance.now();
      for (let count = 0; count < 10; count++)
        expect((await fetch(`${url}state.json`)).status).toBe(200);
      expect(performance.now() - startMs).toBeLessThan(5000);
    } finally {
      for (const socket of slow) socket.destroy();
    }
  });

  test("a connection without HTTP is closed, and the page is still served", async () => {
    const { url } = start();
    const port = Number(new URL(url).port);
    for (const rubbish of [
      "\0\x01\x02\r\n\r\n",
      "GET  /  HTTP/9.9\r\n\r\n",
      `${"A".repeat(70_000)}\r\n\r\n`,
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, "127.0.0.1", () => socket.write(rubbish));
        socket.on("error", () => undefined).on("close", () => resolve());
        socket.on("data", () => socket.end());
      });
    }
    expect((await fetch(`${url}state.json`)).status).toBe(200);
  });
});

describe("commands, which the ground rig alone takes", () => {
  const commands: string[] = [];
  let wait = "";
  const listen = (): string => `127.0.0.1:${nextPort++}`;

  function startRig(): string {
    commands.length = 0;
    wait = "";
    const actions = [["off", "Cut power"] as const];
    const state = (): PageState =>
      ({ actions, actionsWait: wait, servers: [{ id: "a" }] }) as unknown as PageState;
    const command = (verb: string, id: string) => void commands.push(`${verb} ${id}`);
    const book = { config: new MaintenanceStandIn().config, situation: () => null };
    server = serve(listen(), { state, book, log: null, command }, null, () => undefined);
    return server.url;
  }
  const post = (url: string, body: string, headers: Record<string, string>) =>
    fetch(`${url}command`, { method: "POST", body, headers });

  test("from the page itself, and only what it offers", async () => {
    const url = startRig();
    const origin = url.slice(0, -1);
    expect((await post(url, "off a", { origin })).status).toBe(202);
    for (const body of ["off b", "quit a", "off", "off a b", "off a\nquit", ""]) {
      expect((await post(url, body, { origin })).status).toBe(400);
    }
    expect((await post(url, "off a", {})).status).toBe(403);
    expect((await post(url, "off a", { origin: "http://evil.example" })).status).toBe(403);
    expect((await post(url, "off a", { origin, "sec-fetch-site": "cross-site" })).status).toBe(403);
    const rebound = { origin: "http://evil.example", host: "evil.example" };
    expect((await post(url, "off a", rebound)).status).toBe(421);
    wait = "not now";
    expect((await post(url, "off a", { origin })).status).toBe(409);
    expect(commands).toEqual(["off a"]);
  });

  test("a rig without a log offers none", async () => {
    expect((await fetch(`${startRig()}log.bin`)).status).toBe(404);
  });
});
