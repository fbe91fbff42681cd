/**
 * The VIP packet filter in the kernel (wire/vip-program): filled maps and tested programs, not yet
 * attached to an interface. They are new at each start: a paused engine of an earlier run then
 * writes into maps that nothing reads.
 */
import type { Vip } from "../config/model.ts";
import { ARP_BYTES, encodeArpAnnouncement, encodeArpRequest } from "../wire/arp.ts";
import { MAP_MAPPABLE, MAP_TYPE_ARRAY, MAP_TYPE_HASH } from "../wire/bpf-attributes.ts";
import { assemble } from "../wire/bpf-instruction.ts";
import {
  EGRESS,
  encodeVipKey,
  FUNCTION_WORDS,
  INGRESS,
  LEASE_WORD,
  LEASE_WORD_BASE,
  VERDICT_DROP,
  VERDICT_PASS,
  VIP_KEY_BYTES,
  VIP_VALUE_BYTES,
  vipProgram,
  WORD_BYTES,
} from "../wire/vip-program.ts";
import { createMap, fillMap, idOf, loadProgram, mapMemory, testRun } from "./bpf.ts";
import { EPROTONOSUPPORT, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";
import { nowUs } from "./monotonic-clock.ts";
import { NativeMemory } from "./native-memory.ts";
import type { Program, ProgramPair } from "./program-attachment.ts";

/** Names in the kernel's listings; a later run finds leftovers by them. */
export const PROGRAM_NAMES = [
  "wingman_in",
  "wingman_out",
  "wingman_x_in",
  "wingman_x_out",
] as const;

/** Maximum tries of a trial: one of them finishes before a lease ends. */
const TRIES_MAX = 100;

export class VipPrograms {
  readonly clients: ProgramPair;
  /** Programs for the interfaces other than the client interface. */
  readonly others: ProgramPair;
  /** Words that the programs read: see wire/vip-program. */
  private readonly ends: Float64Array<ArrayBuffer>;
  private readonly owned: Uint32Array<ArrayBuffer>;
  private readonly fds: number[] = [];

  /**
   * `vipsOfFunction[f]`: the VIPs of function f, all of the aircraft. `leaseUs`: the longest lease;
   * 0 when ownership alone decides. Throws a SystemError when the kernel cannot load or run them
   * correctly.
   */
  constructor(vipsOfFunction: readonly (readonly Vip[])[], leaseUs: number) {
    const vips = vipsOfFunction.flat();
    const wordCount = FUNCTION_WORDS + vipsOfFunction.length;
    const maps = {
      vips: this.keep(
        createMap(
          ...([MAP_TYPE_HASH, VIP_KEY_BYTES, VIP_VALUE_BYTES, Math.max(1, vips.length)] as const),
          ...([0, "wingman_vips"] as const),
        ),
      ),
      words: this.keep(
        createMap(MAP_TYPE_ARRAY, 4, WORD_BYTES, wordCount, MAP_MAPPABLE, "wingman_words"),
      ),
    };
    fillVips(maps.vips, vipsOfFunction);
    const memory = mapMemory(maps.words, wordCount * WORD_BYTES);
    this.ends = new Float64Array(memory);
    this.owned = new Uint32Array(memory);
    const [clientsIn, clientsOut, othersIn, othersOut] = PROGRAM_NAMES.map((name, place) => {
      const direction = place % 2 === 0 ? INGRESS : EGRESS;
      const shape = { direction, isClientInterface: place < 2, leaseUs } as const;
      const fd = this.keep(loadProgram(name, assemble(vipProgram(shape, maps))));
      return { fd, id: idOf(fd), name };
    }) as [Program, Program, Program, Program];
    this.clients = { ingress: clientsIn, egress: clientsOut };
    this.others = { ingress: othersIn, egress: othersOut };
    const tried = vips.find(({ family }) => family === 4);
    if (tried !== undefined) this.try(vipsOfFunction, tried, leaseUs);
  }

  /** In the order of {@link PROGRAM_NAMES}. */
  get all(): readonly Program[] {
    const { clients, others } = this;
    return [clients.ingress, clients.egress, others.ingress, others.egress];
  }

  /**
   * Sets the end of the lease; a time in the past, or 0, means none. No garbage, no system call.
   */
  setEnd(endUs: number): void {
    this.ends[LEASE_WORD] = endUs <= 0 ? 0 : LEASE_WORD_BASE + endUs;
  }

  /** Sets whether this server owns the function. No garbage, no system call. */
  setOwned(index: number, isOwned: boolean): void {
    this.owned[(2 * (FUNCTION_WORDS + index)) | 0] = isOwned ? 1 : 0;
  }

  close(): void {
    for (const fd of this.fds.splice(0)) libc.close(fd);
  }

  private keep(fd: number): number {
    this.fds.push(fd);
    return fd;
  }

  /**
   * Tests silence, answers, and silence again in both directions: a kernel that loads a program may
   * still run it wrongly.
   */
  private try(vipsOfFunction: readonly (readonly Vip[])[], vip: Vip, leaseUs: number): void {
    const index = vipsOfFunction.findIndex((vips) => vips.includes(vip));
    const frame = new NativeMemory(ARP_BYTES);
    const hardware = new Uint8Array(6);
    encodeArpRequest(frame.bytes, 0, hardware, vip.address, 0);
    const reply = new NativeMemory(ARP_BYTES);
    encodeArpAnnouncement(reply.bytes, 0, hardware, vip.address, 0);
    const isBoth = (verdict: number): boolean =>
      testRun(this.clients.ingress.fd, frame, ARP_BYTES) === verdict &&
      testRun(this.clients.egress.fd, reply, ARP_BYTES) === verdict;
    const isSilentFirst = isBoth(VERDICT_DROP);
    this.setOwned(index, true);
    let answers = false;
    // A machine that stands still for longer than a lease is no proof of a wrong verdict.
    for (let tries = 0; tries < TRIES_MAX && !answers; tries++) {
      this.setEnd(nowUs() + leaseUs);
      answers = isBoth(VERDICT_PASS);
    }
    this.setOwned(index, false);
    if (!isSilentFirst || !answers || !isBoth(VERDICT_DROP))
      throw new SystemError("trial of eBPF", EPROTONOSUPPORT, "gives wrong verdicts");
    this.setEnd(0);
  }
}

function fillVips(fd: number, vipsOfFunction: readonly (readonly Vip[])[]): void {
  const count = vipsOfFunction.flat().length;
  const keys = new NativeMemory(Math.max(1, count) * VIP_KEY_BYTES);
  const values = new NativeMemory(Math.max(1, count) * VIP_VALUE_BYTES);
  let place = 0;
  for (const [index, vips] of vipsOfFunction.entries()) {
    for (const { address, family } of vips) {
      encodeVipKey(keys.bytes, place * VIP_KEY_BYTES, address, family);
      values.view.setUint32(place * VIP_VALUE_BYTES, FUNCTION_WORDS + index, true);
      place++;
    }
  }
  fillMap(fd, keys, values, count);
}
