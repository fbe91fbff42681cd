/**
 * The proof that a piece of code makes no garbage: a child process runs it many times while the
 * engine logs every collection. Differences of heap sizes would show nothing, and a collector with
 * the usual limits would not run for megabytes.
 *
 * The child is a script that calls {@link measureGarbage}; the test calls {@link collectionsOf}
 * with it and expects 0. It is always accompanied by a canary, a script or argument that does make
 * garbage, with a result other than 0.
 */
import { libc } from "../../src/io/libc.ts";
import { nativeString } from "../../src/io/native-memory.ts";
import { REALTIME_COMPILERS } from "../../src/supervisor/own-executable.ts";
import { runEnvironment } from "./run-mark.ts";

/**
 * Bytes that are allocated between two collections: 200,000 rounds of the smallest object (16
 * bytes) make 48 of them.
 */
const COLLECT_EVERY_BYTES = 65_536;

const MARK = "garbage measurement\n";
const STDERR = 2;

/**
 * Environments under which a proof must hold: with the compilers of the flight, and with the first
 * of them only, which keeps more in memory.
 */
export const COMPILERS: readonly Readonly<Record<string, string>>[] = [
  REALTIME_COMPILERS,
  { BUN_JSC_useDFGJIT: "0" },
];

/**
 * In the child: runs `round` `rounds` times to warm up (compilation makes garbage of its own), then
 * as often again, between marks in the log.
 */
export function measureGarbage(rounds: number, round: (number: number) => void): void {
  // written by libc: `console` and `fs` would make garbage inside the marks
  const mark = nativeString(MARK);
  for (let number = 0; number < rounds; number++) round(number);
  Bun.gc(true); // what warming up left behind is no garbage of the rounds that are measured
  libc.write(STDERR, mark.address, MARK.length);
  for (let number = rounds; number < 2 * rounds; number++) round(number);
  libc.write(STDERR, mark.address, MARK.length);
}

/**
 * In the test: how often the collector ran in the child between its marks. Throws when the child
 * failed or measured nothing.
 */
export async function collectionsOf(
  scriptPath: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  const child = Bun.spawn([process.execPath, scriptPath, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env.PATH,
      BUN_JSC_logGC: "1",
      BUN_JSC_gcMaxHeapSize: String(COLLECT_EVERY_BYTES),
      // A collection discards code by its age in seconds; compiled again, it would count as garbage.
      BUN_JSC_forceCodeBlockLiveness: "1",
      ...runEnvironment(),
      ...environment,
    },
  });
  const log = await new Response(child.stderr).text();
  const status = await child.exited;
  const parts = log.split(MARK);
  if (status !== 0 || parts.length !== 3) {
    throw new Error(
      `${scriptPath} ${args.join(" ")}: status ${status}, ${parts.length - 1} marks\n${log.slice(-4000)}`,
    );
  }
  return parts[1].split(/\[GC<[^>]*>: START /).length - 1;
}
