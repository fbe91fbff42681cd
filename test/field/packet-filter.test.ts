/**
 * A packet filter or a full table of connections on one server. Keep-alives travel as whole frames
 * that bypass IP: a rule for their port drops none. A rule that drops the frames themselves is
 * noticed on both sides.
 */
import { afterEach, test } from "bun:test";
import type { Server } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { faultBegins, faultEnds } from "./active-faults.ts";
import { Field } from "./field.ts";

const TIMEOUT_MS = 60_000;
const PORT = 44_100;

let field: Field;
afterEach(() => field.close());

function filter(server: Server, rules: string): void {
  server.host.run("sh", "-c", `nft -f - <<'END'\n${rules}\nEND`);
}

const table = (family: string, hook: string, rule: string): string =>
  `table ${family} other { chain c { type filter hook ${hook} priority 0; policy accept; ${rule};\n}\n}`;

test.each([
  ["input", `udp dport ${PORT} drop`],
  ["output", `udp dport ${PORT} drop`],
])(
  "a rule of %s that drops the port of keep-alives, before the start and in flight",
  async (hook, rule) => {
    field = new Field();
    const { a, b } = field;
    filter(a, table("inet", hook, rule));
    field.start();
    await field.settled();
    filter(b, table("inet", hook, rule));
    const heard = (server: Server) => server.state()?.keepAlive.accepted ?? 0;
    const before = [heard(a), heard(b)];
    await until("both go on hearing", () => {
      return heard(a) > (before[0] ?? 0) + 50 && heard(b) > (before[1] ?? 0) + 50;
    });
    for (const server of [a, b]) await field.noFault(server);
  },
  TIMEOUT_MS,
);

test.each(["ingress", "egress"])(
  "a filter of frames, %s, in flight and at the start: a server that hears no other one reports it, until it ends",
  async (hook) => {
    field = new Field();
    const { a, b } = field;
    // One server sends or hears nothing any more: the other one, or itself, misses a peer.
    const [missing, missed] = hook === "ingress" ? [a, b] : [b, a];
    const drop = table("netdev", `${hook} device eth0`, `udp dport ${PORT} drop`);
    const endFilter = () => a.host.run("nft", "delete", "table", "netdev", "other");
    field.start();
    await field.settled();
    filter(a, drop);
    await faultBegins(missing, "WNG-0111", missed.id);
    endFilter();
    await field.settled();
    await faultEnds(missing, "WNG-0111");
    for (const server of [a, b]) await server.stop();

    filter(a, drop);
    field.start();
    await field.fault(missing, "WNG-0129");
    endFilter();
    await field.settled();
    for (const server of [a, b]) await faultEnds(server, "WNG-0129");
  },
  TIMEOUT_MS,
);

test(
  "a rule that tracks connections, and lets no new one in: keep-alives and VIPs go on",
  async () => {
    field = new Field();
    const { a, b } = field;
    const rules = "ct state new,invalid drop";
    for (const server of [a, b]) {
      filter(server, table("inet", "input", rules));
      server.host.run(
        "sh",
        "-c",
        `nft 'add chain inet other o { type filter hook output priority 0; ${rules}; }'`,
      );
    }
    field.start();
    await field.settled();
    for (const server of [a, b]) await field.noFault(server);
    const owner = field.ownerOf("announcements");
    const mac = field.server(owner ?? "").host.mac;
    await until("it answers", async () => {
      const answering = (await field.answers("10.44.1.1")).get("10.44.1.1");
      return answering?.size === 1 && answering.has(mac);
    });
  },
  TIMEOUT_MS,
);
