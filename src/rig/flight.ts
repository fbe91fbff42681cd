/**
 * The aircraft after the acceptance procedure: it stays up, reports changes, and obeys the user's
 * commands.
 */

import type { ServerView } from "./status-file.ts";
import {
  agreedOwners,
  changesBetween,
  formatStatistic,
  gapsOf,
  listed,
  type Owners,
  statisticOf,
} from "./verdict.ts";
import type { VirtualAircraft } from "./virtual-aircraft.ts";
import type { VirtualServer } from "./virtual-server.ts";

const POLL_MS = 100;

/** Maximum age of the begin of a takeover that is noticed now. */
const GAP_MEMORY_US = 2_000_000;

/** The user's commands with their effects. SERVER stands for the name of a server. */
export const FLIGHT_COMMANDS: readonly (readonly [string, string])[] = [
  ["off SERVER", "switch its power off"],
  ["on SERVER", "switch it on again"],
  ["stop SERVER", "orderly stop of wingman run"],
  ["start SERVER", "start wingman run"],
  ["kill SERVER", "SIGKILL to its engine"],
  ["pause SERVER", "SIGSTOP to all its processes, as a hung machine"],
  ["drain SERVER", "wingman drain"],
  ["resume SERVER", "wingman resume"],
  ["restore SERVER", "bring it back, whatever was done to it"],
  ["status", "who runs what"],
  ["quit", "end, like Ctrl-C"],
];

const ACTIONS: Record<
  string,
  (server: VirtualServer, aircraft: VirtualAircraft) => Promise<string>
> = {
  async off(server) {
    if (!server.isOn) return `server ${server.id} is off`;
    await server.powerOff();
    return `server ${server.id} is off`;
  },
  async on(server, aircraft) {
    if (server.isOn) return `server ${server.id} is on`;
    await aircraft.powerOn(server);
    server.startDaemon();
    return `server ${server.id} is on`;
  },
  async stop(server) {
    if (server.machine !== "on") return `wingman run is not running on ${server.id}`;
    return `wingman run on ${server.id} ended with exit code ${await server.stopDaemon()}`;
  },
  async start(server) {
    if (!server.isOn) return `server ${server.id} is off`;
    if (!server.isServing) server.startDaemon();
    return `wingman run is running on ${server.id}`;
  },
  async kill(server) {
    return server.killEngine()
      ? `killed the engine on ${server.id}`
      : `no engine is running on ${server.id}`;
  },
  async pause(server) {
    if (server.machine !== "on") return `server ${server.id} is ${server.machine}`;
    server.pause();
    return `server ${server.id} is paused`;
  },
  async restore(server, aircraft) {
    const before = server.machine;
    if (before === "off") await aircraft.powerOn(server);
    if (before === "off" || before === "stopped") server.startDaemon();
    if (before === "paused") server.goOn();
    return before === "on"
      ? await daemonCommand(server, "resume")
      : `server ${server.id} was ${before}, is on`;
  },
  drain: (server) => daemonCommand(server, "drain"),
  resume: (server) => daemonCommand(server, "resume"),
};

/** Carries out a line. Returns the text for the user. */
export async function obey(aircraft: VirtualAircraft, line: string): Promise<string> {
  const [verb = "", id = "", ...rest] = line.trim().split(/\s+/);
  if (verb === "status" && id === "") return describe(aircraft);
  const action = Object.hasOwn(ACTIONS, verb) ? ACTIONS[verb] : undefined;
  if (action === undefined || rest.length > 0) {
    return `found ${JSON.stringify(line)}, expected one of: ${FLIGHT_COMMANDS.map(([form]) => form).join(", ")}`;
  }
  const server = aircraft.server(id);
  if (server === undefined)
    return `found server ${JSON.stringify(id)}, expected ${listed(serverIds(aircraft))}`;
  return await action(server, aircraft);
}

/** Calls `note` with every change of servers and functions, for ever. */
export function watch(aircraft: VirtualAircraft, note: (text: string) => void): void {
  let before = look(aircraft);
  setInterval(() => {
    const now = look(aircraft);
    const parts = now.states.flatMap((state, index) =>
      state === before.states[index]
        ? []
        : [`server ${aircraft.servers[index]?.id}: ${stateText(state, before.states[index])}`],
    );
    // While the servers disagree, a function's owner is changing: this is reported when they agree.
    if (now.isAgreed) {
      const { moved, stopped, started } = changesBetween(before.owners, now.owners);
      for (const [word, ids] of [
        ["moved", moved],
        ["stopped", stopped],
        ["started", started],
      ] as const) {
        const shown = ids.map((id) => (now.owners[id] === null ? id : `${id} → ${now.owners[id]}`));
        if (shown.length > 0) parts.push(`${word}: ${shown.join(", ")}`);
      }
    }
    if (parts.length > 0) note(parts.join("; "));
    if (now.isAgreed && changesBetween(before.owners, now.owners).moved.length > 0) {
      void noteGaps(aircraft, before.owners, now.owners, note);
    }
    before = now.isAgreed ? now : { ...now, owners: before.owners };
  }, POLL_MS);
}

/** A server that comes back is isolated, too, for a moment: this is no failure. */
function stateText(state: string, before = ""): string {
  if (state !== "isolated") return state;
  return before === "active" || before === "draining"
    ? "isolated: cut off from its clients"
    : "isolated: serves nobody yet";
}

/** Reports how long the seats were without the functions that moved. */
async function noteGaps(
  aircraft: VirtualAircraft,
  before: Owners,
  after: Owners,
  note: (text: string) => void,
): Promise<void> {
  const { moved } = changesBetween(before, after);
  const indexes = new Set(
    moved.map((id) => aircraft.config.functions.findIndex((entry) => entry.id === id)),
  );
  const seen = await aircraft.observe(aircraft.nowUs - GAP_MEMORY_US);
  const parts = seen.map(({ seat, report }) => {
    const statistic = statisticOf(
      gapsOf(report, aircraft.targets, indexes).map(({ gapMs }) => gapMs),
    );
    return `${seat.name} ${formatStatistic(statistic)}`;
  });
  note(`gaps of what moved: ${parts.join("; ")}`);
}

interface Look {
  states: string[];
  owners: Owners;
  isAgreed: boolean;
}

function look(aircraft: VirtualAircraft): Look {
  const views = aircraft.servers.map((server) => server.view());
  const states = aircraft.servers.map(({ machine }, index) =>
    machine === "on" ? (views[index]?.phase ?? "starting") : machine,
  );
  // A paused server's view is out of date.
  const present = views.filter(
    (view, index): view is ServerView => view !== null && states[index] !== "paused",
  );
  const names = {
    servers: serverIds(aircraft),
    functions: aircraft.config.functions.map(({ id }) => id),
  };
  const { owners, disagreed } = agreedOwners(present, names);
  return { states, owners, isAgreed: present.length > 0 && disagreed.length === 0 };
}

function describe(aircraft: VirtualAircraft): string {
  const { states, owners } = look(aircraft);
  const running = (id: string | null) =>
    listed(Object.keys(owners).filter((name) => owners[name] === id));
  return [
    ...aircraft.servers.map(({ id }, index) => `server ${id} (${states[index]}): ${running(id)}`),
    `nowhere: ${running(null)}`,
  ].join("\n");
}

async function daemonCommand(server: VirtualServer, name: string): Promise<string> {
  if (server.machine !== "on") return `wingman run is not running on ${server.id}`;
  const { exitCode, stdout, stderr } = await server.command(name, "--confirm");
  return `wingman ${name} on ${server.id}: exit code ${exitCode} ${`${stdout}${stderr}`.trim()}`.trimEnd();
}

const serverIds = (aircraft: VirtualAircraft): string[] => aircraft.servers.map(({ id }) => id);
