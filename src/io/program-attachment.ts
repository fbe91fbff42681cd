/**
 * Two ways to attach the VIP filter's programs to an interface such that the kernel holds them
 * without a descriptor: tcx (Linux 6.6), and filters of the clsact queueing discipline. Ours run
 * first, because an earlier program that lets a packet pass lets it pass for good. Leftovers of an
 * earlier run are removed once ours run, so that the filter is never open. Makes garbage, and may
 * wait for the kernel's lock: not for the flight loop.
 */
import { ATTACH_BEFORE, TCX_EGRESS, TCX_INGRESS } from "../wire/bpf-attributes.ts";
import { NETLINK_ROUTE, NLM_F_CREATE, NLM_F_EXCL } from "../wire/rtnetlink.ts";
import {
  CLSACT_EGRESS,
  CLSACT_INGRESS,
  CONTROL_MESSAGE_BYTES,
  encodeClsact,
  encodeFilter,
  encodeFilterDump,
  encodeFilterRemoval,
  filterProgramId,
  isFilter,
  isOurFilter,
  RTM_DELQDISC,
  RTM_NEWQDISC,
} from "../wire/traffic-control.ts";
import { attach, attachedPrograms, detachAt } from "./bpf.ts";
import { EEXIST, EINVAL, ENOENT, ENOSYS, EPERM } from "./errno.ts";
import { NativeMemory } from "./native-memory.ts";
import { NetlinkSocket } from "./netlink-socket.ts";

/** A loaded program. */
export interface Program {
  readonly fd: number;
  readonly id: number;
  readonly name: string;
}

/** One program per direction. */
export interface ProgramPair {
  readonly ingress: Program;
  readonly egress: Program;
}

/** State of a pair on an interface. */
export interface Standing {
  /** Whether both are attached. */
  readonly isThere: boolean;
  /** Id of a foreign program that runs before one of them; 0: none. */
  readonly foreignId: number;
}

/** Whether the program with this id belongs to this filter, from this or an earlier run. */
export type IsOurs = (id: number) => boolean;

export interface Attachment {
  /** Attaches missing ones in the first place. @returns 0 or an errno */
  attach(interfaceIndex: number, pair: ProgramPair, isOurs: IsOurs): number;
  /** Removes all of ours. @returns 0 or an errno */
  remove(interfaceIndex: number, isOurs: IsOurs): number;
  look(interfaceIndex: number, pair: ProgramPair): Standing;
  close(): void;
}

/** More looks than an interface has programs: others change the list, too. */
const LOOKS_MAX = 128;

export class Tcx implements Attachment {
  attach(interfaceIndex: number, pair: ProgramPair, isOurs: IsOurs): number {
    for (const [type, { fd, id }] of waysOf(pair)) {
      const before = attachedPrograms(interfaceIndex, type);
      if (typeof before === "number") return before;
      if (!before.ids.includes(id)) {
        const refused = attach(interfaceIndex, type, fd, ATTACH_BEFORE);
        if (refused !== 0) return refused;
      }
      const left = this.detachAll(interfaceIndex, type, (other) => other !== id && isOurs(other));
      if (left !== 0) return left;
    }
    return 0;
  }

  remove(interfaceIndex: number, isOurs: IsOurs): number {
    for (const type of [TCX_INGRESS, TCX_EGRESS]) {
      const refused = this.detachAll(interfaceIndex, type, isOurs);
      // A kernel without tcx, without eBPF, or without them for this process, has no programs of
      // ours there.
      if (refused === EINVAL || refused === ENOSYS || refused === EPERM) return 0;
      if (refused !== 0) return refused;
    }
    return 0;
  }

  look(interfaceIndex: number, pair: ProgramPair): Standing {
    let isThere = true;
    let foreignId = 0;
    for (const [type, { id }] of waysOf(pair)) {
      const list = attachedPrograms(interfaceIndex, type);
      const place = typeof list === "number" ? -1 : list.ids.indexOf(id);
      if (place < 0) isThere = false;
      else if (place > 0 && typeof list !== "number") foreignId = list.ids[0] as number;
    }
    return { isThere, foreignId };
  }

  private detachAll(interfaceIndex: number, type: number, isGoing: IsOurs): number {
    let refused = 0;
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      const list = attachedPrograms(interfaceIndex, type);
      if (typeof list === "number") return list;
      const place = list.ids.findIndex(isGoing);
      if (place < 0) return 0;
      refused = detachAt(interfaceIndex, type, list, place);
    }
    return refused;
  }

  close(): void {}
}

const waysOf = ({ ingress, egress }: ProgramPair) =>
  [
    [TCX_INGRESS, ingress],
    [TCX_EGRESS, egress],
  ] as const;

export class Clsact implements Attachment {
  private readonly netlink = new NetlinkSocket(NETLINK_ROUTE, 0, 65_536);
  private readonly message = new NativeMemory(CONTROL_MESSAGE_BYTES);

  /** Ours has its own place: a filter there is replaced in one step. */
  attach(interfaceIndex: number, pair: ProgramPair): number {
    const { view } = this.message;
    const made = this.netlink.ask(
      this.message,
      encodeClsact(view, RTM_NEWQDISC, interfaceIndex),
      NLM_F_CREATE | NLM_F_EXCL,
    );
    if (made !== 0 && made !== EEXIST) return made;
    for (const [parent, { fd, name }] of [
      [CLSACT_INGRESS, pair.ingress],
      [CLSACT_EGRESS, pair.egress],
    ] as const) {
      const length = encodeFilter(view, interfaceIndex, parent, fd, name);
      const refused = this.netlink.ask(this.message, length, NLM_F_CREATE);
      if (refused !== 0) return refused;
    }
    return 0;
  }

  remove(interfaceIndex: number): number {
    const { view } = this.message;
    let others = 0;
    let ours = 0;
    for (const parent of [CLSACT_INGRESS, CLSACT_EGRESS]) {
      const filters = this.filters(interfaceIndex, parent);
      if (filters === null) return 0; // no such discipline
      others += filters.filter(({ isOurs }) => !isOurs).length;
      if (!filters.some(({ isOurs }) => isOurs)) continue;
      ours++;
      const length = encodeFilterRemoval(view, interfaceIndex, parent);
      const refused = this.netlink.ask(this.message, length, 0);
      if (refused !== 0 && refused !== ENOENT) return refused;
    }
    if (others > 0 || ours === 0) return 0;
    return this.netlink.ask(this.message, encodeClsact(view, RTM_DELQDISC, interfaceIndex), 0);
  }

  look(interfaceIndex: number, pair: ProgramPair): Standing {
    let isThere = true;
    let foreignId = 0;
    for (const [parent, { id }] of [
      [CLSACT_INGRESS, pair.ingress],
      [CLSACT_EGRESS, pair.egress],
    ] as const) {
      const filters = this.filters(interfaceIndex, parent) ?? [];
      const place = filters.findIndex((filter) => filter.isOurs && filter.id === id);
      if (place < 0) isThere = false;
      else if (place > 0) foreignId = filters[0]?.id ?? 0;
    }
    return { isThere, foreignId };
  }

  /** Filters in their order; null when the kernel has none there. */
  private filters(
    interfaceIndex: number,
    parent: number,
  ): { readonly id: number; readonly isOurs: boolean }[] | null {
    const found: { id: number; isOurs: boolean }[] = [];
    const length = encodeFilterDump(this.message.view, interfaceIndex, parent);
    const refused = this.netlink.dump(this.message, length, {
      begin: () => found.splice(0),
      message: (view, _bytes, at, bytes) => {
        if (!isFilter(view, at)) return;
        found.push({ id: filterProgramId(view, at, bytes), isOurs: isOurFilter(view, at) });
      },
    });
    return refused === 0 ? found : null;
  }

  close(): void {
    this.netlink.close();
  }
}

/** The attachment by its name: `tcx`, otherwise `clsact`. */
export const attachmentNamed = (kind: string): Attachment =>
  kind === "tcx" ? new Tcx() : new Clsact();
