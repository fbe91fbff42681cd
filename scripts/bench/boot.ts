/**
 * `boot`: time from the start of the program to its first keep-alive, and to its first announcement
 * of a VIP, without a peer.
 */
import { join } from "node:path";
import { RuntimeError } from "../../src/command-line/errors.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { BenchNetwork } from "./bench-network.ts";
import type { BenchContext, Benchmark, Report } from "./benchmark.ts";
import { type HeadEnd, vipList } from "./head-end.ts";
import { headEnds } from "./side-by-side.ts";

const TRIALS = 10;
const DEADLINE_MS = 20_000;

/** Output of frame-watch, in µs of CLOCK_MONOTONIC. */
export interface FrameTimes {
  keepAliveUs: number;
  announcementUs: number;
}

export const boot: Benchmark = {
  name: "boot",
  title:
    "from exec to the first keep-alive, and to the first announcement of the VIP, alone on the network",
  measure,
};

async function measure(context: BenchContext): Promise<Report> {
  const { systems, skipped } = await headEnds(context);
  const network = BenchNetwork.create(context.cleanUp);
  const results = systems.map((system) => ({
    system,
    keepAlive: [] as number[],
    announcement: [] as number[],
  }));
  for (const system of systems) system.prepare(vipList(1));
  for (let trial = 0; trial < (context.trials ?? TRIALS); trial++) {
    for (const { system, keepAlive, announcement } of results) {
      const { keepAliveMs, announcementMs } = await bootOnce(network, system);
      keepAlive.push(keepAliveMs);
      announcement.push(announcementMs);
      context.progress(
        `${trial + 1} ${system.name}: ${keepAliveMs.toFixed(1)} ms, ${announcementMs.toFixed(1)} ms`,
      );
    }
  }
  return {
    figures: [
      {
        label: "first keep-alive",
        unit: "ms",
        series: results.map(({ system, keepAlive }) => ({
          system: system.name,
          values: keepAlive,
        })),
      },
      {
        label: "first announcement of the VIP",
        unit: "ms",
        series: results.map(({ system, announcement }) => ({
          system: system.name,
          values: announcement,
        })),
      },
    ],
    limits: [],
    notes: [
      "warm page cache; Wingman sends keep-alives while it listens, before it may own anything; keepalived sends its first advertisement when it becomes master",
    ],
    skipped,
  };
}

async function bootOnce(
  network: BenchNetwork,
  system: HeadEnd,
): Promise<{ keepAliveMs: number; announcementMs: number }> {
  await network.renew();
  const [vip] = vipList(1) as [string];
  const watch = Bun.spawn(
    [
      ...network.client.enter,
      process.execPath,
      join(import.meta.dir, "frame-watch.ts"),
      vip,
      String(DEADLINE_MS),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const output = watch.stdout.getReader();
  await output.read(); // it reports that it listens
  const beganUs = nowUs();
  system.start(network.servers[0], 0);
  const decoder = new TextDecoder();
  let text = "";
  for (let next = await output.read(); !next.done; next = await output.read())
    text += decoder.decode(next.value);
  if ((await watch.exited) !== 0)
    throw new RuntimeError(`${system.name} was not heard within ${DEADLINE_MS / 1000} s`);
  const { keepAliveUs, announcementUs } = JSON.parse(text) as FrameTimes;
  return {
    keepAliveMs: (keepAliveUs - beganUs) / 1000,
    announcementMs: (announcementUs - beganUs) / 1000,
  };
}
