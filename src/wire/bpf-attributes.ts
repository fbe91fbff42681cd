/**
 * Requests of bpf(2): a union of structures, one per command (linux/bpf.h, union bpf_attr). Native
 * byte order, little-endian on every target; addresses are u64. The kernel accepts zeros after the
 * end of a structure.
 */

/** Longer than any structure here. */
export const BPF_ATTRIBUTES_BYTES = 128;

// enum bpf_cmd
export const BPF_MAP_CREATE = 0;
export const BPF_PROG_LOAD = 5;
export const BPF_PROG_ATTACH = 8;
export const BPF_PROG_DETACH = 9;
export const BPF_PROG_TEST_RUN = 10;
export const BPF_PROG_GET_FD_BY_ID = 13;
export const BPF_OBJ_GET_INFO_BY_FD = 15;
export const BPF_PROG_QUERY = 16;
export const BPF_MAP_UPDATE_BATCH = 26;

// enum bpf_map_type, and flags of a map.
export const MAP_TYPE_HASH = 1;
export const MAP_TYPE_ARRAY = 2;
export const MAP_MAPPABLE = 1 << 10;

/** BPF_PROG_TYPE_SCHED_CLS */
const PROGRAM_TYPE = 3;

// enum bpf_attach_type: tcx, Linux 6.6.
export const TCX_INGRESS = 46;
export const TCX_EGRESS = 47;

// Flags of attaching and detaching.
/** Before the named program; before all when none is named. */
export const ATTACH_BEFORE = 1 << 3;
export const ATTACH_AFTER = 1 << 4;
/** The program is named by its id. */
export const ATTACH_BY_ID = 1 << 5;

/** BPF_OBJ_NAME_LEN, with the terminating zero. */
export const BPF_NAME_BYTES = 16;

/** struct bpf_prog_info, as far as it is read. */
export const PROGRAM_INFO_BYTES = 80;
const INFO_ID_AT = 4;
const INFO_NAME_AT = 64;

function begin(view: DataView): void {
  for (let at = 0; at < BPF_ATTRIBUTES_BYTES; at += 4) view.setUint32(at, 0, true);
}

function putAddress(view: DataView, at: number, address: number): void {
  view.setUint32(at, address % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(address / 0x1_0000_0000), true);
}

function putName(view: DataView, at: number, name: string): void {
  for (let i = 0; i < name.length && i < BPF_NAME_BYTES - 1; i++)
    view.setUint8(at + i, name.charCodeAt(i));
}

export function encodeMapCreate(
  view: DataView,
  type: number,
  keyBytes: number,
  valueBytes: number,
  entries: number,
  flags: number,
  name: string,
): void {
  begin(view);
  view.setUint32(0, type, true);
  view.setUint32(4, keyBytes, true);
  view.setUint32(8, valueBytes, true);
  view.setUint32(12, entries, true);
  view.setUint32(16, flags, true);
  putName(view, 28, name);
}

/** Writes `count` entries whose keys and values are contiguous. */
export function encodeMapUpdateBatch(
  view: DataView,
  fd: number,
  keysAddress: number,
  valuesAddress: number,
  count: number,
): void {
  begin(view);
  putAddress(view, 16, keysAddress);
  putAddress(view, 24, valuesAddress);
  view.setUint32(32, count, true);
  view.setUint32(36, fd, true);
}

/** `logAddress`, `logBytes`: buffer for the verifier's messages; 0 for none. */
export function encodeProgramLoad(
  view: DataView,
  name: string,
  instructionsAddress: number,
  instructionCount: number,
  licenceAddress: number,
  logAddress: number,
  logBytes: number,
): void {
  begin(view);
  view.setUint32(0, PROGRAM_TYPE, true);
  view.setUint32(4, instructionCount, true);
  putAddress(view, 8, instructionsAddress);
  putAddress(view, 16, licenceAddress);
  view.setUint32(24, logBytes === 0 ? 0 : 1, true);
  view.setUint32(28, logBytes, true);
  putAddress(view, 32, logAddress);
  putName(view, 48, name);
}

/** Runs the program once on a frame. */
export function encodeTestRun(
  view: DataView,
  fd: number,
  frameAddress: number,
  frameBytes: number,
): void {
  begin(view);
  view.setUint32(0, fd, true);
  view.setUint32(8, frameBytes, true);
  putAddress(view, 16, frameAddress);
  view.setUint32(32, 1, true);
}

/** Return value of the program in the last run. */
export const testRunVerdict = (view: DataView): number => view.getUint32(4, true);

/**
 * Attaches with `attachType` to an interface. `relative`: a program's id with ATTACH_BY_ID,
 * otherwise 0. `revision`: that of {@link queryRevision} when nothing may have changed since,
 * otherwise 0.
 */
export function encodeAttach(
  view: DataView,
  interfaceIndex: number,
  attachType: number,
  fd: number,
  flags: number,
  relative: number,
  revision: number,
): void {
  begin(view);
  view.setUint32(0, interfaceIndex, true);
  view.setUint32(4, fd, true);
  view.setUint32(8, attachType, true);
  view.setUint32(12, flags, true);
  view.setUint32(20, relative, true);
  view.setUint32(24, revision, true);
}

/** Requests the ids of the programs, in execution order. */
export function encodeQuery(
  view: DataView,
  interfaceIndex: number,
  attachType: number,
  idsAddress: number,
  idsMax: number,
): void {
  begin(view);
  view.setUint32(0, interfaceIndex, true);
  view.setUint32(4, attachType, true);
  putAddress(view, 16, idsAddress);
  view.setUint32(24, idsMax, true);
}

/** Number of programs, after a query. */
export const queryCount = (view: DataView): number => view.getUint32(24, true);

/** Revision counter of the list, after a query; in practice below 2^32. */
export const queryRevision = (view: DataView): number => view.getUint32(56, true);

export function encodeProgramById(view: DataView, id: number): void {
  begin(view);
  view.setUint32(0, id, true);
}

/** Requests {@link PROGRAM_INFO_BYTES} of a program. */
export function encodeProgramInfo(view: DataView, fd: number, infoAddress: number): void {
  begin(view);
  view.setUint32(0, fd, true);
  view.setUint32(4, PROGRAM_INFO_BYTES, true);
  putAddress(view, 8, infoAddress);
}

export const programId = (info: DataView): number => info.getUint32(INFO_ID_AT, true);

/** Makes garbage. */
export function programName(info: DataView): string {
  let name = "";
  for (let i = 0; i < BPF_NAME_BYTES; i++) {
    const character = info.getUint8(INFO_NAME_AT + i);
    if (character === 0) break;
    name += String.fromCharCode(character);
  }
  return name;
}
