/** Effects of a fault on the world, and its end. */

import { EVENT_MOVE, EVENT_PROCESS } from "../../src/boundary/event-queue.ts";
import { PHASE_DRAINING, PHASE_ISOLATED, PHASE_LISTENING } from "../../src/boundary/phase.ts";
import { CLAIMED, IDLE, UP } from "../../src/core/handover-rows.ts";
import {
  CARRY_OUT,
  RENEW_ADDRESSES,
  RENEW_LEASE,
  RENEW_LEASE_AGAIN,
  SEND_KEEP_ALIVE,
  SEND_NEWS,
} from "../../src/core/turn.ts";
import { ENETDOWN, ENOBUFS, ENOMEM, ETIMEDOUT } from "../../src/io/errno.ts";
import {
  LEASE_LATENESS_MS,
  NETWORKS_MAX,
  RENEWAL_LATENESS_MS,
  VIP_ATTEMPTS_MAX,
  WITHHELD_MAX,
} from "../../src/limits.ts";
import {
  CONTROL_DRAIN,
  CONTROL_LEAVE,
  CONTROL_PROCESS_EXITED,
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_FIT,
  CONTROL_PROCESS_TRY,
  CONTROL_RESUME,
} from "../../src/wire/control.ts";
import { UNSEALED } from "./datagrams.ts";
import { type Fault, otherOf } from "./fault-kinds.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

/** The server's state when a fault hits it: the columns of the table of what was covered. */
export const STATES = [
  "down",
  "listening",
  "idle",
  "serving",
  "moving",
  "draining",
  "isolated",
] as const;

export function stateOf(host: Host): number {
  const { engine } = host;
  if (engine === null) return 0;
  if (engine.phase === PHASE_LISTENING) return 1;
  if (engine.phase === PHASE_ISOLATED) return 6;
  if (engine.phase === PHASE_DRAINING) return 5;
  let serves = false;
  for (let index = 0; index < host.up.length; index++) {
    const state = engine.handover.state[index];
    if (state !== IDLE && state !== UP && state !== CLAIMED) return 4;
    if (state === UP) serves = true;
  }
  return serves ? 3 : 2;
}

/**
 * Begins one fault.
 * @returns an action that ends it, or null when it ends by itself
 */
export function begin(fault: Fault, world: World): (() => void) | null {
  const host = world.hosts[fault.server] as Host;
  const { nowUs } = world;
  const { network } = world.air;
  const { serverCount, table } = world.aircraft;
  const other = otherOf(fault, serverCount);
  const index = fault.other % table.functionCount;
  switch (fault.kind) {
    case "power off":
      world.powerOff(host);
      return () => startIfDown(world, host);
    case "brown-out of all":
      for (const each of world.hosts) world.powerOff(each);
      return () => {
        for (const each of world.hosts) startIfDown(world, each);
      };
    case "engine killed":
      world.killEngine(host);
      return null;
    case "all processes killed":
      world.killAll(host);
      return () => startIfDown(world, host);
    case "paused":
      pause(world, host, fault.durationUs);
      return null;
    case "paused in the middle of a turn":
      stopInTurn(world, host, fault);
      return null;
    case "unheard, then paused":
      network.mutedUntilUs[host.index] = nowUs + fault.durationUs;
      return () => stopUnheard(world, host, fault);
    case "machine stalled":
      // Datagrams that arrive meanwhile are lost: the ring of the network card overflows.
      pause(world, host, fault.durationUs);
      return () => host.clearInboxes();
    case "late ticks":
      host.latenessMaxUs = 1 + (fault.value % 12_000);
      return () => {
        host.latenessMaxUs = world.latenessMaxUs;
      };
    case "cut":
      return cut(world, pairs(fault.server, other, true), fault.value % 3);
    case "one-way cut":
      return cut(world, pairs(fault.server, other, false), fault.value % 3);
    case "partition":
      return cut(
        world,
        partition(serverCount, 1 + (fault.value % Math.max(1, (1 << serverCount) - 2))),
        2,
      );
    case "nothing passes, and paused": {
      // For less than what counts as a divided network.
      const bridgedUs = network.bridgedPeriods * world.aircraft.timing.periodUs;
      network.silentUntilUs[host.index] = nowUs + (bridgedUs === 0 ? 0 : fault.value % bridgedUs);
      return () => {
        const detections = 1 + (fault.value % 3);
        const stopped = fault.other % 4 === 0 ? (world.hosts[other] as Host) : host;
        pause(world, stopped, detections * world.aircraft.timing.detectionUs);
      };
    }
    case "network silent":
      // Its carrier is up everywhere, and it carries nothing.
      return cut(world, everyPair(serverCount), fault.value % 2);
    case "carrier lost":
      world.setCarrier(host, false);
      return () => world.setCarrier(host, true);
    case "client network cut behind the switch":
      world.setClientCut(host, true);
      return () => world.setClientCut(host, false);
    case "loss":
      network.lossPerMille = fault.value % 200;
      return () => {
        network.lossPerMille = 0;
      };
    case "delay and reorder":
      network.delayUs = 50 + (fault.value % 2_000);
      network.jitterUs = 1 + (fault.other % 3_000);
      return () => {
        network.delayUs = 100;
        network.jitterUs = 0;
      };
    case "duplicates":
      network.duplicatePerMille = fault.value % 300;
      return () => {
        network.duplicatePerMille = 0;
      };
    case "bit flips":
      network.flipPerMille = fault.value % 100;
      return () => {
        network.flipPerMille = 0;
      };
    case "drained":
      world.command(host, CONTROL_DRAIN);
      return () => world.command(host, CONTROL_RESUME);
    case "left":
      world.command(host, CONTROL_LEAVE);
      return () => {
        if (host.isToLeave) world.powerOff(host);
        startIfDown(world, host);
      };
    case "process exits":
      if (host.engine !== null)
        world.pushLater(host, 0, EVENT_PROCESS, index, CONTROL_PROCESS_EXITED);
      return null;
    case "process fails":
      if (host.engine !== null)
        world.pushLater(host, 0, EVENT_PROCESS, index, CONTROL_PROCESS_FAILED);
      return () => {
        if (index % 2 === 0) world.command(host, CONTROL_RESUME);
        else if (host.engine !== null) {
          world.pushLater(host, 0, EVENT_PROCESS, index, CONTROL_PROCESS_TRY);
          world.pushLater(host, 0, EVENT_PROCESS, index, CONTROL_PROCESS_FIT);
        }
      };
    case "VIP removed by hand":
      world.kernels.removeByHand(host, index);
      return null;
    case "address lock kept":
      host.addressLocks++;
      host.addressLockUntilUs = Math.max(host.addressLockUntilUs, nowUs + fault.durationUs);
      return () => {
        host.addressLocks--;
        host.laterDueUs = Math.min(host.laterDueUs, world.nowUs);
      };
    case "VIP set by a stranger":
      return world.strangers.set(host, index, fault.value);
    case "VIP refused":
      host.refused[index] = 1;
      return () => {
        host.refused[index] = 0;
        world.command(host, CONTROL_RESUME);
      };
    case "replay":
    case "forgery":
      world.air.attack(fault.kind === "forgery", 1 + (fault.value % 20), nowUs);
      return null;
    case "wrong table":
      host.foreignTable = true;
      world.start(host);
      return () => {
        host.foreignTable = false;
        world.start(host);
      };
    case "witness down":
      if (fault.other % 2 === 0) world.witnesses.fill(0);
      else world.witnesses[fault.value % world.witnesses.length] = 0;
      return () => {
        world.witnesses.fill(1);
      };
    case "started again":
      world.start(host);
      return null;
    case "moved by hand":
      moveByHand(world, host, index, fault.value);
      return null;
    case "paused twice in a turn":
      stopTwice(world, host, fault);
      return null;
    case "lease call slow":
      world.pace.slowLease(
        host,
        fault.value % 3 === 0 ? RENEW_LEASE_AGAIN : RENEW_LEASE,
        fault.durationUs,
      );
      return null;
    case "lease call slow, then stopped":
      world.pace.slowLease(host, RENEW_LEASE, fault.durationUs);
      world.pace.stop(
        host,
        SEND_KEEP_ALIVE,
        false,
        (1 + (fault.value % 3)) * world.aircraft.timing.detectionUs,
      );
      return null;
    case "lease call fails":
      host.leaseErrno = fault.value % 2 === 0 ? ENOMEM : ENOBUFS;
      host.leaseDone = fault.other % 2 === 0;
      return null;
    case "address calls slow":
      // Longer than the lifetime of addresses is known to be too long: the kernel sets an address
      // again if a renewal finds it gone.
      world.pace.slowAddresses(host, 1 + (fault.value % (RENEWAL_LATENESS_MS * 1000)));
      return () => world.pace.slowAddresses(host, 0);
    case "address calls fail":
    case "address answers lost":
      host.addressFailures = 1 + (fault.value % (VIP_ATTEMPTS_MAX + 2));
      if (fault.kind === "address answers lost") host.addressErrno = ETIMEDOUT;
      else host.addressErrno = fault.other % 2 === 0 ? ENOMEM : ENOBUFS;
      return () => world.command(host, CONTROL_RESUME);
    case "network refuses":
      return refuse(fault.value % world.aircraft.networks, fault.other % 2 === 0);
    case "loss on one network":
      network.lossyNetwork = fault.value % 2;
      network.lossyPerMille = 100 + (fault.other % 900);
      return () => {
        network.lossyPerMille = 0;
      };
    case "started again on one network": {
      const end = cut(world, partition(serverCount, 1 << host.index), fault.value % 2);
      world.start(host);
      return end;
    }
    case "flood":
      beginFlood(world, host, fault);
      return null;
    case "unheard, then flooded":
      // Its next word waits behind more than one turn reads.
      network.mutedUntilUs[host.index] = nowUs + fault.durationUs;
      return () => burst(world, world.hosts[other] as Host, ALL_NETWORKS, BURST);
    case "supervisor killed":
      world.killSupervisor(host);
      return () => startIfDown(world, host);
    case "capacity":
      // From a little less to nothing at all.
      world.setInputs(host, 1 + (fault.value % WITHHELD_MAX), host.holds);
      return () => world.setInputs(host, 0, host.holds);
    case "hold":
      world.setInputs(host, host.withheld, true);
      return () => world.setInputs(host, host.withheld, false);
    case "unheard at the start, then paused":
      // Longer than this it listens: who is stopped by then is silent before it serves.
      network.deafSinceUs[host.index] = nowUs;
      network.deafUntilUs[host.index] = nowUs + fault.durationUs;
      world.start(host);
      return () => {
        const detections = 1 + (fault.value % 3);
        pause(world, world.hosts[other] as Host, detections * world.aircraft.timing.detectionUs);
      };
  }
  function refuse(number: number, isDown: boolean): () => void {
    host.sendErrno[number] = isDown ? ENETDOWN : ENOBUFS;
    host.refusals[number]++;
    const others = world.hosts.filter((each) => each !== host);
    for (const each of others) network.cut(host.index, each.index, number, nowUs);
    return () => {
      if (--host.refusals[number] === 0) host.sendErrno[number] = 0;
      for (const each of others) network.join(host.index, each.index, number, world.nowUs);
    };
  }
  function cut(
    inWorld: World,
    directions: readonly (readonly [number, number])[],
    networks: number,
  ): () => void {
    const numbers = networks === 2 ? [0, 1] : [networks];
    for (const [from, to] of directions)
      for (const number of numbers) network.cut(from, to, number, nowUs);
    return () => {
      for (const [from, to] of directions) {
        for (const number of numbers) network.join(from, to, number, inWorld.nowUs);
      }
    };
  }
}

/**
 * Somebody asks this server for the first move that it does not refuse; when the request comes, up
 * to 66 ms later, it may.
 */
function moveByHand(world: World, host: Host, firstFunction: number, firstServer: number): void {
  const { serverCount, table } = world.aircraft;
  for (let place = 0; place < table.functionCount * serverCount; place++) {
    const index = (firstFunction + Math.floor(place / serverCount)) % table.functionCount;
    const server = (firstServer + place) % serverCount;
    if (host.engine?.moves.refusal(index, server) !== 0) continue;
    world.pushLater(host, firstServer, EVENT_MOVE, index, server);
    return;
  }
}

/** Datagrams of a flood that come in at a server at most. */
const FLOOD_MAX = 12_000;
/** As many as find room in a receive buffer beside those of the servers. */
const BURST = 1_500;
const ALL_NETWORKS = (1 << NETWORKS_MAX) - 1;

/** As fast as a link of 1 Gbit/s at most, from the start on or after a burst. */
function beginFlood(world: World, host: Host, { durationUs, value, other }: Fault): void {
  const count = [20, 60, 160][value % 3] as number;
  host.floodCount = count;
  host.floodNetworks = other % 4 === 0 ? ALL_NETWORKS : 1 << (other % world.aircraft.networks);
  host.floodUntilUs = world.nowUs + Math.min(durationUs, Math.floor((1_000 * FLOOD_MAX) / count));
  host.floodUs = world.nowUs;
  burst(world, host, host.floodNetworks, [0, 0, 300, 1_900][(value >> 4) % 4] as number);
}

function burst(world: World, host: Host, networks: number, count: number): void {
  for (let number = 0; number < world.aircraft.networks; number++)
    if ((networks & (1 << number)) !== 0)
      world.air.flood(host.index, number, count, UNSEALED, world.nowUs);
}

function startIfDown(world: World, host: Host): void {
  if (host.engine === null || !host.isSupervised) world.start(host);
}

/**
 * Before any step of a turn; more often than others right after the lease was renewed, and before
 * what was decided is carried out.
 */
function stopInTurn(world: World, host: Host, { value, durationUs }: Fault): void {
  if (value % 4 === 0) world.pace.stop(host, SEND_KEEP_ALIVE, false, durationUs);
  else if (value % 4 === 1) world.pace.stop(host, CARRY_OUT, true, durationUs);
  else {
    const step = 1 + ((value >> 3) % RENEW_ADDRESSES);
    world.pace.stop(host, step, step >= SEND_NEWS && value % 4 === 2, durationUs);
  }
}

/** Its last words unheard, it stops; or first is as late with its lease as is allowed for. */
function stopUnheard(world: World, host: Host, { other, value }: Fault): void {
  const durationUs = (1 + (value % 3)) * world.aircraft.timing.detectionUs;
  if (other % 2 === 0) {
    pause(world, host, durationUs);
    return;
  }
  world.pace.slowLease(host, RENEW_LEASE, 1 + (value % (LEASE_LATENESS_MS * 1000)));
  world.pace.stop(host, SEND_KEEP_ALIVE, false, durationUs);
}

/** Before two steps of one turn: for a while, and then for longer than the others wait. */
function stopTwice(world: World, host: Host, { value, other, durationUs }: Fault): void {
  const first = value % 2 === 0 ? RENEW_LEASE : 1 + ((value >> 3) % (RENEW_ADDRESSES - 1));
  const second = first + 1 + ((value >> 7) % 2 === 0 ? 0 : other % (RENEW_ADDRESSES - first));
  world.pace.stop(host, first, false, durationUs);
  world.pace.thenStop(host, second, (1 + (other % 3)) * world.aircraft.timing.detectionUs);
}

function pause(world: World, host: Host, durationUs: number): void {
  if (host.engine !== null) world.pause(host, durationUs);
}

function pairs(one: number, other: number, both: boolean): [number, number][] {
  return both
    ? [
        [one, other],
        [other, one],
      ]
    : [[one, other]];
}

function everyPair(serverCount: number): [number, number][] {
  const servers = [...Array(serverCount).keys()];
  return servers.flatMap((one) =>
    servers.filter((other) => other !== one).map((other): [number, number] => [one, other]),
  );
}

function partition(serverCount: number, part: number): [number, number][] {
  const directions: [number, number][] = [];
  for (let one = 0; one < serverCount; one++) {
    for (let other = 0; other < serverCount; other++) {
      if (((part >> one) & 1) !== ((part >> other) & 1)) directions.push([one, other]);
    }
  }
  return directions;
}
