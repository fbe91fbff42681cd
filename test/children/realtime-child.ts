/**
 * Makes itself real-time in every way of src/io/realtime, and prints the system's view of it as
 * JSON.
 */
import { readdirSync, readFileSync } from "node:fs";
import {
  becomeRealtime,
  becomeRealtimeWithThreads,
  dieWithParent,
  keepCpuAwake,
  lockMemory,
  setTimerSlack,
} from "../../src/io/realtime.ts";

const parent = dieWithParent(process.ppid);
const stranger = dieWithParent(process.pid);
setTimerSlack(1);
const slackNs = Number(readFileSync("/proc/self/timerslack_ns", "utf8"));
const memory = lockMemory();
const awake = keepCpuAwake();
const realtime = becomeRealtime(7);

/** Fields 40 and 41 of stat: real-time priority and scheduling policy. */
function scheduling(stat: string): number[] {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return [Number(fields[37]), Number(fields[38])];
}
const own = scheduling(readFileSync("/proc/self/stat", "utf8"));
const child = scheduling(Bun.spawnSync(["/bin/cat", "/proc/self/stat"]).stdout.toString());
const withThreads = becomeRealtimeWithThreads(7);
/** Of this thread, then of each other one. */
const threads = readdirSync("/proc/self/task")
  .sort((one, other) => Number(one) - Number(other))
  .map((thread) => scheduling(readFileSync(`/proc/self/task/${thread}/stat`, "utf8")));
const heir = scheduling(Bun.spawnSync(["/bin/cat", "/proc/self/stat"]).stdout.toString());
const kilobytes = (name: string) =>
  Number(
    new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync("/proc/self/status", "utf8"))?.[1],
  );

console.log(
  JSON.stringify({
    parent,
    stranger,
    slackNs,
    memory,
    awake,
    realtime,
    own,
    child,
    withThreads,
    threads,
    heir,
    lockedKiB: kilobytes("VmLck"),
    residentKiB: kilobytes("VmRSS"),
  }),
);
