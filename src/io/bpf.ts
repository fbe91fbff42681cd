/**
 * bpf(2): maps and programs of the kernel. Start-up only: makes garbage. The requests are encoded
 * by wire/bpf-attributes.
 */
import { toArrayBuffer } from "bun:ffi";
import { assert } from "../assert.ts";
import {
  ATTACH_AFTER,
  ATTACH_BEFORE,
  ATTACH_BY_ID,
  BPF_ATTRIBUTES_BYTES,
  BPF_MAP_CREATE,
  BPF_MAP_UPDATE_BATCH,
  BPF_OBJ_GET_INFO_BY_FD,
  BPF_PROG_ATTACH,
  BPF_PROG_DETACH,
  BPF_PROG_GET_FD_BY_ID,
  BPF_PROG_LOAD,
  BPF_PROG_QUERY,
  BPF_PROG_TEST_RUN,
  encodeAttach,
  encodeMapCreate,
  encodeMapUpdateBatch,
  encodeProgramById,
  encodeProgramInfo,
  encodeProgramLoad,
  encodeQuery,
  encodeTestRun,
  PROGRAM_INFO_BYTES,
  programId,
  programName,
  queryCount,
  queryRevision,
  testRunVerdict,
} from "../wire/bpf-attributes.ts";
import { BPF_INSTRUCTION_BYTES } from "../wire/bpf-instruction.ts";
import { EAGAIN, errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";

/** Number of the bpf system call per processor architecture. */
const SYS_BPF = { x64: 321, arm64: 280 }[process.arch as "x64" | "arm64"];

/** The verifier aborts when signals are pending. */
const LOAD_TRIES = 5;
const LOG_BYTES = 64 * 1024;
/** BPF_MPROG_MAX: the maximum of programs per direction of an interface. */
const PROGRAMS_MAX = 64;

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;

const attributes = new NativeMemory(BPF_ATTRIBUTES_BYTES);
const { view } = attributes;
const ids = new NativeMemory(4 * PROGRAMS_MAX);
const info = new NativeMemory(PROGRAM_INFO_BYTES);
const licence = nativeString("none");

/** A descriptor, 0, or a negative errno. */
function bpf(command: number): number {
  assert(SYS_BPF !== undefined, "this processor has bpf(2)");
  const result = libc.syscall(SYS_BPF, command, attributes.address, BPF_ATTRIBUTES_BYTES, 0, 0);
  return result < 0 ? -errno() : result;
}

function required(what: string, result: number, detail?: string): number {
  if (result < 0) throw new SystemError(`bpf(${what})`, -result, detail);
  return result;
}

/** Creates a map, close-on-exec. Throws a SystemError. */
export function createMap(
  type: number,
  keyBytes: number,
  valueBytes: number,
  entries: number,
  flags: number,
  name: string,
): number {
  encodeMapCreate(view, type, keyBytes, valueBytes, entries, flags, name);
  return required("MAP_CREATE", bpf(BPF_MAP_CREATE), name);
}

/** Sets `count` entries whose keys and values are contiguous. Throws a SystemError. */
export function fillMap(fd: number, keys: NativeMemory, values: NativeMemory, count: number): void {
  if (count === 0) return;
  encodeMapUpdateBatch(view, fd, keys.address, values.address, count);
  required("MAP_UPDATE_BATCH", bpf(BPF_MAP_UPDATE_BATCH));
}

/** Maps the values of an array map into memory, until the process ends. Throws a SystemError. */
export function mapMemory(fd: number, byteLength: number): ArrayBuffer {
  const address = Number(libc.mmap(0, byteLength, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  if (address === -1) throw new SystemError("mmap", errno(), "map of bpf(2)");
  return toArrayBuffer(address as Parameters<typeof toArrayBuffer>[0], 0, byteLength);
}

/**
 * Loads a program.
 * @returns its descriptor. Throws a SystemError with the verifier's last message when it refused.
 */
export function loadProgram(name: string, code: Uint8Array): number {
  const program = new NativeMemory(code.length);
  program.bytes.set(code);
  const count = code.length / BPF_INSTRUCTION_BYTES;
  const load = (log: NativeMemory | null): number => {
    const [logAddress, logBytes] = log === null ? [0, 0] : [log.address, LOG_BYTES];
    const { address } = program;
    encodeProgramLoad(view, name, address, count, licence.address, logAddress, logBytes);
    let result = bpf(BPF_PROG_LOAD);
    for (let tries = 1; result === -EAGAIN && tries < LOAD_TRIES; tries++)
      result = bpf(BPF_PROG_LOAD);
    return result;
  };
  const result = load(null);
  if (result >= 0) return result;
  const log = new NativeMemory(LOG_BYTES);
  load(log);
  const text = new TextDecoder().decode(log.bytes.subarray(0, log.bytes.indexOf(0)));
  throw new SystemError("bpf(PROG_LOAD)", -result, text.trimEnd().split("\n").at(-2) ?? name);
}

/** Runs a program once. @returns its return value. Throws a SystemError. */
export function testRun(fd: number, frame: NativeMemory, frameBytes: number): number {
  encodeTestRun(view, fd, frame.address, frameBytes);
  required("PROG_TEST_RUN", bpf(BPF_PROG_TEST_RUN));
  return testRunVerdict(view);
}

/** @returns 0 or an errno */
export function attach(
  interfaceIndex: number,
  attachType: number,
  fd: number,
  flags: number,
): number {
  encodeAttach(view, interfaceIndex, attachType, fd, flags, 0, 0);
  return 0 - bpf(BPF_PROG_ATTACH);
}

/** Programs of one direction of an interface. */
export interface Attached {
  /** Ids, in execution order. */
  readonly ids: readonly number[];
  /** Revision counter of the list. */
  readonly revision: number;
}

/** @returns an errno where the kernel does not tell */
export function attachedPrograms(interfaceIndex: number, attachType: number): Attached | number {
  encodeQuery(view, interfaceIndex, attachType, ids.address, PROGRAMS_MAX);
  const result = bpf(BPF_PROG_QUERY);
  if (result < 0) return -result;
  const list = Array.from({ length: queryCount(view) }, (_, place) =>
    ids.view.getUint32(4 * place, true),
  );
  return { ids: list, revision: queryRevision(view) };
}

/**
 * Detaches the program at this place of the list: for a foreign program we have no descriptor, nor
 * the right to one. Refused when the list has changed since.
 * @returns 0 or an errno
 */
export function detachAt(
  interfaceIndex: number,
  attachType: number,
  { ids: list, revision }: Attached,
  place: number,
): number {
  const before = place === 0 ? 0 : (list[place - 1] as number);
  const flags = place === 0 ? ATTACH_BEFORE : ATTACH_AFTER | ATTACH_BY_ID;
  encodeAttach(view, interfaceIndex, attachType, 0, flags, before, revision);
  return 0 - bpf(BPF_PROG_DETACH);
}

/** Id of one of our own programs. Throws a SystemError. */
export function idOf(fd: number): number {
  required("OBJ_GET_INFO_BY_FD", readInfo(fd));
  return programId(info.view);
}

/** @returns 0 or a negative errno */
function readInfo(fd: number): number {
  info.bytes.fill(0); // a non-zero rest would be read as room for lists
  encodeProgramInfo(view, fd, info.address);
  return bpf(BPF_OBJ_GET_INFO_BY_FD);
}

/** Name of any program; null when it is gone or not readable (CAP_SYS_ADMIN). */
export function nameOf(id: number): string | null {
  encodeProgramById(view, id);
  const fd = bpf(BPF_PROG_GET_FD_BY_ID);
  if (fd < 0) return null;
  const result = readInfo(fd);
  libc.close(fd);
  return result < 0 ? null : programName(info.view);
}
