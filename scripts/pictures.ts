/**
 * `npm run pictures`: flies the single-aisle example on two real servers in network namespaces,
 * switches one off, and draws README's two pictures from that run: the survivor's maintenance page
 * (scripts/pictures/page.png), and the answers to a seat (scripts/pictures/seat.svg). Needs root and
 * Chromium. Nothing is left behind.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromiumPath, launchBrowser, openPage } from "../test/harness/browser.ts";
import { Flight, ownersOf, type Server } from "../test/harness/real-servers.ts";
import { beginRun, scratchDirectory } from "../test/harness/run-mark.ts";
import { signalAll } from "../test/harness/signals.ts";
import { until } from "../test/harness/until.ts";
import type { Host } from "../test/harness/virtual-network.ts";
import { ProbeRecord } from "./bench/probe-record.ts";
import { type SeatRow, seatPicture } from "./pictures/seat-picture.ts";

const PICTURES = join(import.meta.dir, "pictures");
const BENCH = join(import.meta.dir, "bench");
const AIRCRAFT = join(import.meta.dir, "../firmware-config/single-aisle-180.json");

/** The functions that the seat calls: some that move, and one that stops to make room. */
const ASKED = ["pa-relay", "safety-video", "live-tv", "avod"];
/** Per prober. */
const TARGETS_EACH = 2;
const STEADY_ROUNDS = 300;
/** After the take-over, so that the picture shows that it lasts, and the page is redrawn. */
const AFTER_MS = 3000;
const PAGE = { width: 1024, height: 600 };
const MARGIN = 12;

beginRun();
const aircraft = JSON.parse(readFileSync(AIRCRAFT, "utf8")) as {
  functions: { id: string; vips: string[] }[];
};
const addresses = ASKED.map((id) => {
  const { vips } = aircraft.functions.find((entry) => entry.id === id) ?? { vips: [] };
  return { id, address: vips[0]?.split("/")[0] ?? "" };
});
const scratch = scratchDirectory("pictures");
const flight = new Flight();
const children: Bun.Subprocess[] = [];

function startOn(host: Host, program: string, ...args: string[]): Bun.Subprocess {
  const child = Bun.spawn(
    [...host.enter, process.execPath, join(BENCH, `${program}.ts`), ...args],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  children.push(child);
  return child;
}

/** One record for every two functions; the seat calls each of them once a millisecond. */
function startSeat(): { id: string; address: string; record: ProbeRecord; target: number }[] {
  const rows = [];
  for (let first = 0; first < addresses.length; first += TARGETS_EACH) {
    const own = addresses.slice(first, first + TARGETS_EACH);
    const file = join(scratch, `record-${first}`);
    const record = new ProbeRecord(file, own.length);
    startOn(flight.seat, "prober", file, ...own.map(({ address }) => address));
    rows.push(...own.map((entry, target) => ({ ...entry, record, target })));
  }
  return rows;
}

/** Power off: the link is down first, and no process lives to say anything. */
async function powerOff(server: Server): Promise<void> {
  const processes = server.host.processes();
  server.host.plug(false);
  signalAll(processes, "SIGKILL");
  await until("the server's end", () => server.host.processes().length === 0);
}

/** The page as a laptop on that server would show it: it listens at 127.0.0.1 there. */
async function takePage(server: Server, lost: string): Promise<void> {
  const wrapper = join(scratch, "chromium");
  const command = [...server.host.enter, chromiumPath()].join(" ");
  writeFileSync(wrapper, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  const browser = await launchBrowser(wrapper);
  try {
    const { page, complaints } = await openPage(browser, "http://127.0.0.1:8044/", PAGE);
    await page.getByRole("region", { name: `Server ${lost}: LOST` }).waitFor();
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
    // Down to the buttons below the servers.
    const box = await page.locator("#columns").boundingBox();
    const height = Math.ceil((box?.y ?? PAGE.height) + (box?.height ?? 0)) + MARGIN;
    const clip = { x: 0, y: 0, width: PAGE.width, height };
    await page.screenshot({ path: join(PICTURES, "page.png"), fullPage: true, clip });
  } finally {
    await browser.close();
  }
}

async function fly(): Promise<void> {
  const servers = [flight.a, flight.b];
  const config = { ...aircraft, maintenance: { log: { inhibitSeconds: 0 } } };
  for (const [index, server] of servers.entries()) {
    server.land();
    startOn(server.host, "responder", String(index + 1));
    server.start(config);
  }
  const [state] = await flight.settled();
  const owners = ownersOf(state);
  const victim = owners[ASKED[0] ?? ""] === "a" ? flight.a : flight.b;
  const survivor = victim === flight.a ? flight.b : flight.a;
  const seat = startSeat();
  await until("every function is answered for", () =>
    seat.every(({ record }) => {
      const own = seat.filter((row) => row.record === record);
      return record.isSteadyOf(
        own.map(({ id }) => numberOf(owners[id])),
        STEADY_ROUNDS,
      );
    }),
  );
  await powerOff(victim);
  await until("server is lost", () =>
    survivor.state()?.servers.some(({ id, state: said }) => id === victim.id && said === "lost"),
  );
  await Bun.sleep(AFTER_MS);
  for (const { record } of seat) record.stop();
  const heard = seat.map(({ record, target }) => record.answersOf(target));
  const isVictims = ({ by }: { by: number }): boolean => servers[by - 1] === victim;
  const lastUs = Math.max(...heard.flat().flatMap((one) => (isVictims(one) ? one.sentUs : [])));
  const rows: SeatRow[] = seat.map(({ id, address }, index) => ({
    ...{ id, address },
    answers: (heard[index] ?? []).map(({ sentUs, by }) => ({
      ms: (sentUs - lastUs) / 1000,
      server: servers[by - 1]?.id ?? null,
    })),
  }));
  writeFileSync(join(PICTURES, "seat.svg"), seatPicture(rows, victim.id));
  await takePage(survivor, victim.id);
  const twice = [...new Set(seat.map(({ record }) => record))].map(
    (record) => record.answeredTwice,
  );
  console.log(`calls that two servers answered: ${twice.reduce((sum, count) => sum + count, 0)}`);
}

/** Like the responders' answers. */
function numberOf(server: string | null | undefined): number {
  return server === "a" ? 1 : 2;
}

try {
  await fly();
  console.log(`drawn: ${join(PICTURES, "page.png")} and seat.svg`);
} finally {
  for (const child of children) child.kill("SIGKILL");
  await flight.close();
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(0);
