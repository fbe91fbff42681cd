/**
 * Runs a command as on a kernel without eBPF, tcx, nfnetlink, or several of them: `without.ts
 * bpf,nftables PROGRAM ARGUMENT…`: `bpf` refuses eBPF to this process, `bpf-call` imitates a kernel
 * built without it. A system call filter (seccomp, x86-64) refuses the call, and every socket of
 * that protocol, like such a kernel; everything else is the real kernel.
 */
import { dlopen, FFIType } from "bun:ffi";
import { EINVAL, ENOSYS, EPERM, EPROTONOSUPPORT } from "../../src/io/errno.ts";
import { NativeMemory, nativeString } from "../../src/io/native-memory.ts";
import { NETLINK_NETFILTER } from "../../src/wire/nftables.ts";

const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const RET_ALLOW = 0x7fff0000;
const RET_ERRNO = 0x00050000;
const AUDIT_ARCH_X86_64 = 0xc000003e;
const SYSTEM_CALL_SOCKET = 41;
const SYSTEM_CALL_BPF = 321;
const BPF_PROG_ATTACH = 8;
const AF_NETLINK = 16;

// Classic BPF (linux/filter.h): load a word of struct seccomp_data, jump if equal, return.
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const FIRST_ARGUMENT_AT = 16;
const THIRD_ARGUMENT_AT = 32;

type Line = [code: number, onTrue: number, onFalse: number, operand: number];

const missing = (process.argv[2] ?? "").split(",");
const noBpf = (error: number): Line[] => [
  [LOAD, 0, 0, NUMBER_AT],
  [JUMP_IF_EQUAL, 0, 1, SYSTEM_CALL_BPF],
  [RETURN, 0, 0, RET_ERRNO | error],
];
const noTcx: Line[] = [
  [LOAD, 0, 0, NUMBER_AT],
  [JUMP_IF_EQUAL, 0, 3, SYSTEM_CALL_BPF],
  [LOAD, 0, 0, FIRST_ARGUMENT_AT],
  [JUMP_IF_EQUAL, 0, 1, BPF_PROG_ATTACH],
  [RETURN, 0, 0, RET_ERRNO | EINVAL],
];
const noNftables: Line[] = [
  [LOAD, 0, 0, NUMBER_AT],
  [JUMP_IF_EQUAL, 0, 5, SYSTEM_CALL_SOCKET],
  [LOAD, 0, 0, FIRST_ARGUMENT_AT],
  [JUMP_IF_EQUAL, 0, 3, AF_NETLINK],
  [LOAD, 0, 0, THIRD_ARGUMENT_AT],
  [JUMP_IF_EQUAL, 0, 1, NETLINK_NETFILTER],
  [RETURN, 0, 0, RET_ERRNO | EPROTONOSUPPORT],
];
const refusals = [
  ...(missing.includes("bpf") ? noBpf(EPERM) : []),
  ...(missing.includes("bpf-call") ? noBpf(ENOSYS) : []),
  ...(missing.includes("tcx") ? noTcx : []),
  ...(missing.includes("nftables") ? noNftables : []),
];
const program: Line[] = [
  [LOAD, 0, 0, ARCHITECTURE_AT],
  [JUMP_IF_EQUAL, 0, refusals.length, AUDIT_ARCH_X86_64],
  ...refusals,
  [RETURN, 0, 0, RET_ALLOW],
];

const { prctl, execv } = dlopen("libc.so.6", {
  prctl: {
    args: [FFIType.i32, FFIType.u64, FFIType.u64, FFIType.u64, FFIType.u64],
    returns: FFIType.i32,
  },
  execv: { args: [FFIType.u64, FFIType.u64], returns: FFIType.i32 },
}).symbols;

const filter = new NativeMemory(program.length * 8);
program.forEach(([code, onTrue, onFalse, operand], line) => {
  filter.view.setUint16(8 * line, code, true);
  filter.view.setUint8(8 * line + 2, onTrue);
  filter.view.setUint8(8 * line + 3, onFalse);
  filter.view.setUint32(8 * line + 4, operand, true);
});
const description = new NativeMemory(16); // struct sock_fprog
description.view.setUint16(0, program.length, true);
description.setPointer(8, 0, filter);
if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, description.address, 0, 0) !== 0)
  throw new Error("seccomp: needs root");

const words = process.argv.slice(3).map(nativeString);
const list = new NativeMemory(8 * (words.length + 1));
words.forEach((word, index) => {
  list.setPointer(8 * index, 0, word);
});
execv(words[0]?.address ?? 0, list.address);
throw new Error(`${process.argv[3]} cannot be started`);
