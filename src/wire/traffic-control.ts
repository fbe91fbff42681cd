/**
 * Messages of rtnetlink for the queueing discipline "clsact" and filters of eBPF on it
 * (linux/pkt_sched.h, linux/pkt_cls.h): how programs are attached before tcx (Linux 6.6).
 * Header and attributes as in wire/rtnetlink; the fixed structure is struct tcmsg:
 *
 * | offset | type | field                                                         |
 * |--------|------|---------------------------------------------------------------|
 * | 0      | u8   | family, 0                                                     |
 * | 4      | i32  | interface index                                               |
 * | 8      | u32  | handle: number of the filter                                  |
 * | 12     | u32  | parent: the direction                                         |
 * | 16     | u32  | filters: priority above, Ethernet type below in network order |
 */
import { findAttribute, MESSAGE_HEADER_BYTES } from "./rtnetlink.ts";

export const RTM_NEWQDISC = 36;
export const RTM_DELQDISC = 37;
export const RTM_NEWTFILTER = 44;
export const RTM_DELTFILTER = 45;
export const RTM_GETTFILTER = 46;

const HEADER_BYTES = 20;
const CLSACT = 0xffff_fff1;
const CLSACT_HANDLE = 0xffff_0000;
/** Parents of the filters for incoming and for outgoing packets. */
export const CLSACT_INGRESS = 0xffff_fff2;
export const CLSACT_EGRESS = 0xffff_fff3;

/** The first of all priorities, and our handle there. */
const PRIORITY = 1;
const HANDLE = 0x57;
const EVERY_TYPE = 0x0300;

const TCA_KIND = 1;
const TCA_OPTIONS = 2;
const TCA_BPF_FD = 6;
const TCA_BPF_NAME = 7;
const TCA_BPF_FLAGS = 8;
const TCA_BPF_ID = 11;
/** The program's result is the verdict. */
const DIRECT_ACTION = 1;

/** Longest message made here. */
export const CONTROL_MESSAGE_BYTES = 160;

class Message {
  length = MESSAGE_HEADER_BYTES + HEADER_BYTES;

  constructor(
    private readonly view: DataView,
    interfaceIndex: number,
    handle: number,
    parent: number,
    info: number,
  ) {
    for (let at = 0; at < CONTROL_MESSAGE_BYTES; at += 4) view.setUint32(at, 0, true);
    view.setInt32(MESSAGE_HEADER_BYTES + 4, interfaceIndex, true);
    view.setUint32(MESSAGE_HEADER_BYTES + 8, handle, true);
    view.setUint32(MESSAGE_HEADER_BYTES + 12, parent, true);
    view.setUint32(MESSAGE_HEADER_BYTES + 16, info, true);
  }

  /** Writes the head of an attribute; returns the offset of its value. */
  private attribute(type: number, bytes: number): number {
    const at = this.length;
    this.view.setUint16(at, 4 + bytes, true);
    this.view.setUint16(at + 2, type, true);
    this.length = at + 4 + ((bytes + 3) & ~3);
    return at + 4;
  }

  number(type: number, value: number): void {
    this.view.setUint32(this.attribute(type, 4), value, true);
  }

  text(type: number, text: string): void {
    const at = this.attribute(type, text.length + 1);
    for (let i = 0; i < text.length; i++) this.view.setUint8(at + i, text.charCodeAt(i));
  }

  nest(type: number, write: () => void): void {
    const at = this.attribute(type, 0) - 4;
    write();
    this.view.setUint16(at, this.length - at, true);
  }

  /** @returns the length of the message */
  end(type: number): number {
    this.view.setUint32(0, this.length, true);
    this.view.setUint16(4, type, true);
    return this.length;
  }
}

/** Writes RTM_NEWQDISC or RTM_DELQDISC for "clsact". Returns its length. */
export function encodeClsact(view: DataView, type: number, interfaceIndex: number): number {
  const message = new Message(view, interfaceIndex, CLSACT_HANDLE, CLSACT, 0);
  message.text(TCA_KIND, "clsact");
  return message.end(type);
}

/** Writes RTM_NEWTFILTER: our filter of this direction, replacing an existing one. */
export function encodeFilter(
  view: DataView,
  interfaceIndex: number,
  parent: number,
  fd: number,
  name: string,
): number {
  const info = PRIORITY * 0x1_0000 + EVERY_TYPE;
  const message = new Message(view, interfaceIndex, HANDLE, parent, info);
  message.text(TCA_KIND, "bpf");
  message.nest(TCA_OPTIONS, () => {
    message.number(TCA_BPF_FD, fd);
    message.text(TCA_BPF_NAME, name);
    message.number(TCA_BPF_FLAGS, DIRECT_ACTION);
  });
  return message.end(RTM_NEWTFILTER);
}

/** Writes RTM_DELTFILTER for our filter of this direction. */
export function encodeFilterRemoval(
  view: DataView,
  interfaceIndex: number,
  parent: number,
): number {
  const info = PRIORITY * 0x1_0000 + EVERY_TYPE;
  const message = new Message(view, interfaceIndex, HANDLE, parent, info);
  message.text(TCA_KIND, "bpf");
  return message.end(RTM_DELTFILTER);
}

/** Writes a request to dump the filters of one direction, in execution order. */
export function encodeFilterDump(view: DataView, interfaceIndex: number, parent: number): number {
  return new Message(view, interfaceIndex, 0, parent, 0).end(RTM_GETTFILTER);
}

/** Whether a message of a dump describes a filter rather than a group of them. */
export const isFilter = (view: DataView, at: number): boolean =>
  view.getUint32(at + MESSAGE_HEADER_BYTES + 8, true) !== 0;

/** Whether it has the place of ours. */
export const isOurFilter = (view: DataView, at: number): boolean =>
  view.getUint32(at + MESSAGE_HEADER_BYTES + 8, true) === HANDLE &&
  view.getUint32(at + MESSAGE_HEADER_BYTES + 16, true) === PRIORITY * 0x1_0000 + EVERY_TYPE;

/** Id of the filter's program; 0 for a filter of another kind. */
export function filterProgramId(view: DataView, at: number, length: number): number {
  const options = findAttribute(view, at, length, HEADER_BYTES, TCA_OPTIONS, 4);
  if (options < 0) return 0;
  const end = options - 4 + view.getUint16(options - 4, true);
  for (let part = options; part + 8 <= end; ) {
    const bytes = view.getUint16(part, true);
    if (bytes < 4) return 0;
    if (view.getUint16(part + 2, true) === TCA_BPF_ID) return view.getUint32(part + 4, true);
    part += (bytes + 3) & ~3;
  }
  return 0;
}
