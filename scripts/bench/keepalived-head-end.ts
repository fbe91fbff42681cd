/** keepalived (VRRP) on both servers with its fastest sound settings. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../../src/command-line/errors.ts";
import { argumentsOf, parentOf } from "../../src/rig/process-table.ts";
import { signal } from "../../test/harness/signals.ts";
import { INTERFACE, isInstalled, type Machine } from "./bench-network.ts";
import { type HeadEnd, lastLines, PERIOD_MS } from "./head-end.ts";

/**
 * The backup takes over after 3 × the interval and a skew of (256 − its priority) / 256 of the
 * interval: the highest priorities are the fastest.
 */
const PRIORITIES = [254, 253] as const;

/** Real-time priority of its VRRP process; Wingman's engine uses the same by default. */
const KEEPALIVED_PRIORITY = 50;

/**
 * With a real-time priority keepalived limits its uninterrupted computing time to 10 ms, and the
 * kernel kills it beyond that. Adding some hundred addresses takes longer: both servers died and
 * restarted for ever.
 */
const REALTIME_US_MAX = 1_000_000;

/** 224.0.0.18, the group of VRRP (RFC 5798, section 5.1.1.2), as /proc/net/igmp writes it. */
const VRRP_GROUP = "120000E0";

export const VRRP_ROUTER = 44;

export const KEEPALIVED_MISSING =
  "keepalived is not installed (Debian package keepalived): its part of this benchmark is left out";

export class KeepalivedHeadEnd implements HeadEnd {
  private vips: readonly string[] = [];
  private starts = 0;
  private readonly logFiles: string[] = [];

  private constructor(
    private readonly directory: string,
    readonly name: string,
    private readonly realtime: boolean,
  ) {}

  /**
   * Null when keepalived is not installed. `realtime`: with a real-time priority, which is not its
   * default.
   */
  static async find(
    directory: string,
    name = "keepalived",
    realtime = true,
  ): Promise<KeepalivedHeadEnd | null> {
    return (await isInstalled("keepalived", "--version"))
      ? new KeepalivedHeadEnd(directory, name, realtime)
      : null;
  }

  prepare(vips: readonly string[]): void {
    this.vips = vips;
    PRIORITIES.forEach((priority, index) => {
      writeFileSync(this.configFile(index), configuration(vips, priority, this.realtime));
    });
  }

  start(machine: Machine, index: number): void {
    const own = join(this.directory, `${this.realtime ? "k" : "n"}${this.starts++}`);
    const files = ["--pid", `${own}.pid`, "--vrrp_pid", `${own}.vrrp`];
    const log = `${own}.log`;
    this.logFiles[index] = log;
    machine.start(
      [
        "keepalived",
        "--vrrp",
        "--dont-fork",
        "--log-console",
        "--use-file",
        this.configFile(index),
        ...files,
      ],
      log,
    );
  }

  async isSettled(machines: readonly Machine[]): Promise<boolean> {
    const [owner, standby] = machines;
    const owned = owner?.addresses();
    if (!this.vips.every((vip) => owned?.has(vip))) return false;
    return standby === undefined || hearsVrrp(standby);
  }

  async ownerIn(machines: readonly [Machine, Machine]): Promise<number | null> {
    const addresses = machines.map((machine) => machine.addresses());
    const owned = addresses.map((held) => this.vips.filter((vip) => held.has(vip)).length);
    const owner = owned.indexOf(this.vips.length);
    return owner !== -1 && owned[1 - owner] === 0 ? owner : null;
  }

  lastWords(index: number): string {
    return lastLines(this.logFiles[index] as string);
  }

  async depart(machine: Machine): Promise<void> {
    const parent = keepalivedProcesses(machine)[0];
    if (parent === undefined) throw new RuntimeError("keepalived is not running");
    signal(parent, "SIGTERM");
  }

  private configFile(index: number): string {
    return join(this.directory, `keepalived-${this.realtime ? "rt-" : ""}${index}.conf`);
  }
}

/** Processes of keepalived on a machine, the parent first. */
export function keepalivedProcesses(machine: Machine): number[] {
  const all = machine.processes().filter((pid) => argumentsOf(pid)[0] === "keepalived");
  return all.sort(
    (one, other) =>
      Number(all.includes(parentOf(one) ?? 0)) - Number(all.includes(parentOf(other) ?? 0)),
  );
}

function hearsVrrp(machine: Machine): boolean {
  const [pid] = keepalivedProcesses(machine);
  if (pid === undefined) return false;
  try {
    return readFileSync(`/proc/${pid}/net/igmp`, "utf8").includes(VRRP_GROUP);
  } catch {
    return false; // gone meanwhile
  }
}

function configuration(vips: readonly string[], priority: number, realtime: boolean): string {
  const [first, ...others] = vips;
  // An advertisement has room for few addresses: the others move together with the first.
  const excluded =
    others.length === 0
      ? ""
      : `\n  virtual_ipaddress_excluded {\n    ${others.join("\n    ")}\n  }`;
  const scheduling = realtime
    ? `
  vrrp_rt_priority ${KEEPALIVED_PRIORITY}
  vrrp_rlimit_rttime ${REALTIME_US_MAX}
  vrrp_no_swap`
    : "";
  return `global_defs {
  vrrp_version 3${scheduling}
}
vrrp_instance bench {
  state BACKUP
  interface ${INTERFACE}
  virtual_router_id ${VRRP_ROUTER}
  priority ${priority}
  advert_int ${PERIOD_MS / 1000}
  virtual_ipaddress {
    ${first}
  }${excluded}
}
`;
}
