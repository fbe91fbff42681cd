/**
 * Possible events at a tick beside its passing: faults, each of which is counted, and their ends,
 * which are free. A fault lasts until somebody ends it, so that every duration is tried. Each move
 * is also a line of a story (scenarios/story).
 */
import { EVENT_COMMAND, EVENT_MOVE, EVENT_PROCESS } from "../../src/boundary/event-queue.ts";
import { SERVERS_MAX } from "../../src/limits.ts";
import {
  CONTROL_DRAIN,
  CONTROL_LEAVE,
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_FIT,
  CONTROL_RESUME,
} from "../../src/wire/control.ts";
import type { Host } from "../simulation/host.ts";
import type { ExploredWorld } from "./explored-world.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** Kinds of faults, as the command line names them. */
export const KINDS = {
  lose: "one message is lost on its way to one server",
  late: "one message comes one, two or four ticks late",
  burst: "all messages of one direction are lost for a while, fewer than a failure needs",
  blackout: "the same in both directions between two servers",
  pause: "an engine is stopped",
  stall: "a machine stands still, and what arrives meanwhile is lost",
  kill: "an engine is killed; its supervisor starts it again",
  "kill-all": "all processes of a server are killed; its kernel goes on",
  power: "power is off",
  "power-all": "power of all servers is off at one instant; each comes back at a time of its own",
  restart: "an engine is started again at once",
  cut: "nothing passes between two servers, until it does in both directions at once",
  oneway: "nothing passes from one server to another",
  network: "one of two networks carries nothing between two servers",
  carrier: "a server has no carrier on the client interface",
  drain: "a server is drained",
  leave: "a server is told to leave",
  move: "a function is moved by hand",
  process: "the process of a function fails on a server",
  remove: "somebody removes the address of a function",
  table: "a server is started with another table",
} as const;
export type FaultKind = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as FaultKind[];

export interface Move {
  /** null: the end of a fault, which is free. */
  readonly kind: FaultKind | null;
  /** As a line of a story. */
  readonly line: string;
  /** Whether it makes a difference now. */
  applies(): boolean;
  apply(): void;
}

const isStopped = (host: Host): boolean => host.pausedUntilUs === NEVER;
const isStalled = (host: Host): boolean => host.busyUntilUs === NEVER;
/** It has ended, and nobody starts it again. */
const isOver = (host: Host): boolean => host.engine === null && host.restartAtUs === NEVER;
const isAsked = (host: Host, kind: number): boolean => host.laterKind.includes(kind);

export const serverName = (server: number): string => String.fromCharCode(97 + server);
export const functionName = (index: number): string => `f${index}`;

/** Messages of one direction in one tick of which each may be lost. */
const LOST_OF_TICK_MAX = 3;
const LATE_TICKS = [1, 2, 4];

// How a direction of a network was cut by choice: which end it waits for.
const OPEN = 0;
const ONE_WAY = 1;
const BOTH_WAYS = 2;

export interface MoveOptions {
  readonly kinds: readonly FaultKind[];
  /** Ticks for which a burst may last; by default, fewer messages than a failure needs. */
  readonly burstTicks?: number;
}

/** Every fault and every end that there is in this world. */
export function movesOf(world: ExploredWorld, { kinds, burstTicks }: MoveOptions): Move[] {
  const { hosts, losses, aircraft } = world;
  const { timing, table, networks } = aircraft;
  const lostInARow = Math.max(1, timing.detectionUs / timing.periodUs - 2);
  const silentTicks = burstTicks ?? 2 * lostInARow;
  const moves: Move[] = [];
  const fault = (
    kind: FaultKind,
    line: string,
    applies: () => boolean,
    apply: () => void,
  ): void => {
    if (kinds.includes(kind)) moves.push({ kind, line, applies, apply });
  };
  const end = (
    of: readonly FaultKind[],
    line: string,
    applies: () => boolean,
    apply: () => void,
  ): void => {
    if (of.some((kind) => kinds.includes(kind))) moves.push({ kind: null, line, applies, apply });
  };
  const stop = (host: Host, stalls: boolean): void => {
    host.pausedUntilUs = NEVER;
    host.turnsSincePause = 0;
    if (stalls) host.busyUntilUs = NEVER;
    world.touch(host.index);
  };
  const goOn = (host: Host): void => {
    if (!isStopped(host)) return;
    if (isStalled(host)) host.clearInboxes();
    host.pausedUntilUs = 0;
    host.busyUntilUs = 0;
    world.touch(host.index);
    losses.roughen();
  };
  const startAgain = (host: Host): void => {
    goOn(host);
    world.powerOff(host);
    world.switchOn(host);
  };

  const numbers = [...Array(networks).keys()];
  const choose = (from: Host, to: Host, number: number, cut: number): void => {
    const at = (number * SERVERS_MAX + from.index) * SERVERS_MAX + to.index;
    if (losses.cut[at] === cut) return;
    losses.cut[at] = cut;
    if (cut === OPEN) losses.roughen();
    world.cutNetwork(from.index, to.index, number, cut !== OPEN);
  };
  const chooseBoth = (one: Host, other: Host, number: number, cut: number): void => {
    choose(one, other, number, cut);
    choose(other, one, number, cut);
  };

  for (const host of hosts) {
    const name = serverName(host.index);
    const flies = (): boolean => host.engine !== null && !isStopped(host);
    // ---- ends
    end(
      ["pause", "stall"],
      `${name} goes on`,
      () => isStopped(host),
      () => goOn(host),
    );
    end(
      ["power", "power-all", "kill-all", "leave"],
      `start ${name}`,
      () => isOver(host),
      () => world.switchOn(host),
    );
    end(
      ["carrier"],
      `carrier of ${name} back`,
      () => host.carrierFaults > 0,
      () => {
        world.setCarrier(host, true);
        losses.roughen();
      },
    );
    end(
      ["drain"],
      `resume ${name}`,
      () => host.isDrained && !isAsked(host, EVENT_COMMAND),
      () => world.command(host, CONTROL_RESUME),
    );
    end(
      ["table"],
      `start ${name} with its own table`,
      () => host.foreignTable,
      () => {
        host.foreignTable = false;
        startAgain(host);
      },
    );
    // ---- faults
    fault("pause", `stop ${name}`, flies, () => stop(host, false));
    fault("stall", `stall ${name}`, flies, () => stop(host, true));
    fault(
      "kill",
      `kill ${name}`,
      () => host.engine !== null,
      () => {
        goOn(host);
        world.killEngine(host);
      },
    );
    fault(
      "kill-all",
      `kill all of ${name}`,
      () => host.engine !== null,
      () => {
        goOn(host);
        world.killAll(host);
      },
    );
    fault(
      "power",
      `crash ${name}`,
      () => host.powered,
      () => {
        goOn(host);
        world.powerOff(host);
      },
    );
    fault(
      "restart",
      `restart ${name}`,
      () => host.engine !== null,
      () => {
        goOn(host);
        startAgain(host);
      },
    );
    fault(
      "carrier",
      `carrier of ${name} lost`,
      () => host.carrierFaults === 0,
      () => world.setCarrier(host, false),
    );
    fault(
      "drain",
      `drain ${name}`,
      () => host.engine !== null && !host.isDrained && !isAsked(host, EVENT_COMMAND),
      () => world.command(host, CONTROL_DRAIN),
    );
    fault(
      "leave",
      `leave ${name}`,
      () => host.engine !== null && !host.isToLeave && !isAsked(host, EVENT_COMMAND),
      () => world.command(host, CONTROL_LEAVE),
    );
    fault(
      "table",
      `start ${name} with another table`,
      () => host.engine !== null && !host.foreignTable,
      () => {
        goOn(host);
        host.foreignTable = true;
        startAgain(host);
      },
    );
    for (let index = 0; index < table.functionCount; index++) {
      const id = functionName(index);
      end(
        ["process"],
        `process of ${id} on ${name} may run again`,
        () => host.engine?.handover.failed[index] === 1 && !isAsked(host, EVENT_PROCESS),
        () => world.pushLater(host, 0, EVENT_PROCESS, index, CONTROL_PROCESS_FIT),
      );
      fault(
        "process",
        `process of ${id} on ${name} fails`,
        () => host.engine !== null && host.up[index] === 1 && !isAsked(host, EVENT_PROCESS),
        () => world.pushLater(host, 0, EVENT_PROCESS, index, CONTROL_PROCESS_FAILED),
      );
      fault(
        "remove",
        `address of ${id} on ${name} is removed`,
        () => host.engine !== null && host.up[index] === 1,
        () => world.kernels.removeByHand(host, index),
      );
      for (const target of hosts) {
        fault(
          "move",
          `move ${id} to ${serverName(target.index)} asked at ${name}`,
          () => host.engine?.moves.refusal(index, target.index) === 0 && !isAsked(host, EVENT_MOVE),
          () => world.pushLater(host, 0, EVENT_MOVE, index, target.index),
        );
      }
    }
  }

  fault(
    "power-all",
    "crash all",
    () => hosts.some(({ powered }) => powered),
    () => {
      for (const host of hosts) {
        goOn(host);
        world.powerOff(host);
      }
    },
  );

  for (const from of hosts) {
    for (const to of hosts) {
      if (from === to) continue;
      const way = `${serverName(from.index)}>${serverName(to.index)}`;
      const pair = `${serverName(from.index)}-${serverName(to.index)}`;
      const at = from.index * SERVERS_MAX + to.index;
      const back = to.index * SERVERS_MAX + from.index;
      const isFirst = from.index < to.index;
      const flies = (): boolean => from.engine !== null && !isStopped(from) && to.engine !== null;
      const cutAt = (number: number): number => number * SERVERS_MAX * SERVERS_MAX + at;
      const cutPlaces = numbers.map(cutAt);
      const isCut = (by: number): boolean => {
        for (const place of cutPlaces) if (losses.cut[place] === by) return true;
        return false;
      };
      end(
        ["burst", "blackout"],
        `pass ${way}`,
        () => losses.silent[at] > losses.restTicks,
        () => {
          losses.silent[at] = losses.restTicks;
        },
      );
      end(
        ["oneway"],
        `join ${way}`,
        () => isCut(ONE_WAY),
        () => {
          for (const number of numbers) choose(from, to, number, OPEN);
        },
      );
      fault(
        "oneway",
        `cut ${way}`,
        () => !isCut(ONE_WAY) && !isCut(BOTH_WAYS),
        () => {
          for (const number of numbers) choose(from, to, number, ONE_WAY);
        },
      );
      if (isFirst) {
        const backAt = (number: number): number => number * SERVERS_MAX * SERVERS_MAX + back;
        const isBackCut = (): boolean =>
          numbers.some((number) => losses.cut[backAt(number)] !== OPEN);
        end(
          ["cut", "network"],
          `join ${pair}`,
          () => isCut(BOTH_WAYS),
          () => {
            for (const number of numbers) chooseBoth(from, to, number, OPEN);
          },
        );
        fault(
          "cut",
          `cut ${pair}`,
          () => !isCut(ONE_WAY) && !isCut(BOTH_WAYS) && !isBackCut(),
          () => {
            for (const number of numbers) chooseBoth(from, to, number, BOTH_WAYS);
          },
        );
        fault(
          "blackout",
          `silence ${pair}`,
          () => losses.silent[at] + losses.silent[back] === 0,
          () => {
            losses.silent[at] = silentTicks + losses.restTicks;
            losses.silent[back] = silentTicks + losses.restTicks;
          },
        );
        for (const number of networks === 2 ? numbers : []) {
          fault(
            "network",
            `cut ${pair} on network ${number}`,
            () => losses.cut[cutAt(number)] === OPEN && losses.cut[backAt(number)] === OPEN,
            () => chooseBoth(from, to, number, BOTH_WAYS),
          );
        }
      }
      fault(
        "burst",
        `silence ${way}`,
        () => losses.silent[at] === 0,
        () => {
          losses.silent[at] = silentTicks + losses.restTicks;
        },
      );
      for (let after = 0; after < LOST_OF_TICK_MAX; after++) {
        const which = after === 0 ? "" : ` after ${after}`;
        fault(
          "lose",
          `lose ${way}${which}`,
          () => flies() && isNext(losses.lost[at], after),
          () => {
            losses.lost[at] |= 1 << after;
          },
        );
        for (const ticks of LATE_TICKS) {
          const us = ticks * world.tickUs;
          fault(
            "late",
            `hold ${way}${which} for ${us / 1000} ms`,
            () => flies() && losses.late[at] === 0,
            () => {
              losses.late[at] = after + 1;
              losses.lateUs[at] = us;
            },
          );
        }
      }
    }
  }
  return moves;
}

/** It comes after those that were chosen already, so that each set is chosen in one order only. */
function isNext(chosen: number, after: number): boolean {
  return chosen >> after === 0;
}
