/**
 * Holds the kernel's lock for changes of interfaces and addresses (RTNL), asleep, until it is
 * killed: a request to an interface reads its argument while the lock is held, and the second page
 * of the argument never comes (userfaultfd(2)). Reports this on standard output just before. Its
 * argument is the number of seconds after which it ends by itself; without one, never.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { writeSync } from "node:fs";

const { i32, i64_fast, u64_fast } = FFIType;
const libc = dlopen("libc.so.6", {
  mmap: { args: [u64_fast, u64_fast, i32, i32, i32, i64_fast], returns: i64_fast },
  memset: { args: [u64_fast, i32, u64_fast], returns: u64_fast },
  memcpy: { args: [u64_fast, FFIType.ptr, u64_fast], returns: u64_fast },
  syscall: { args: [i64_fast, i64_fast], returns: i32 },
  socket: { args: [i32, i32, i32], returns: i32 },
  alarm: { args: [i32], returns: i32 },
  ioctl: { args: [i32, u64_fast, FFIType.ptr], returns: i32 },
}).symbols;

const SYS_USERFAULTFD = process.arch === "x64" ? 323 : 282;
const UFFDIO_API = 0xc018_aa3f;
const UFFDIO_REGISTER = 0xc020_aa00;
const SIOCETHTOOL = 0x8946;
const ETHTOOL_GSTRINGS = 0x1b;
const PAGE = 4096;

const pages = Number(libc.mmap(0, 2 * PAGE, 3, 0x22, -1, 0));
const argument = pages + PAGE - 4;
libc.memset(pages, 0, PAGE);
libc.memcpy(argument, ptr(new Uint32Array([ETHTOOL_GSTRINGS])), 4);

const faults = libc.syscall(SYS_USERFAULTFD, 0);
const api = new BigUint64Array([0xaan, 0n, 0n]);
const range = new BigUint64Array([BigInt(pages + PAGE), BigInt(PAGE), 1n, 0n]);
if (libc.ioctl(faults, UFFDIO_API, ptr(api)) < 0) throw new Error("userfaultfd");
if (libc.ioctl(faults, UFFDIO_REGISTER, ptr(range)) < 0) throw new Error("UFFDIO_REGISTER");

// It is the only lock of the machine: whatever becomes of the test, others get it back.
libc.alarm(Number(process.argv[2] ?? 0));

const request = new Uint8Array(40);
request.set(Buffer.from("lo"));
new DataView(request.buffer).setBigUint64(16, BigInt(argument), true);
const socket = libc.socket(2, 2, 0);
writeSync(1, "held\n");
libc.ioctl(socket, SIOCETHTOOL, ptr(request));
