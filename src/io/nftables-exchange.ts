/** Sends batches to nf_tables and reads the kernel's errors. */
import type { Vip } from "../config/model.ts";
import { NETLINK_NETFILTER, NftablesBatch } from "../wire/nftables.ts";
import {
  messageErrno,
  messageLength,
  messageSequence,
  messageType,
  NLMSG_ERROR,
  nextMessage,
} from "../wire/rtnetlink.ts";
import { EAGAIN, ENOBUFS, EPROTONOSUPPORT, SystemError } from "./errno.ts";
import { NativeMemory } from "./native-memory.ts";
import { NetlinkSocket } from "./netlink-socket.ts";

/** The kernel answers a failed batch with one error per message, in total less than this. */
const RECEIVE_BUFFER_BYTES = 256 * 1024;

/**
 * Datagrams searched for the first error of a batch: it is the cause, the others follow from it.
 * Messages of other processes may precede it.
 */
const ANSWERS_MAX = 1024;

/** A prebuilt batch in memory for the kernel. */
export class Batch {
  readonly memory: NativeMemory;
  readonly content: NftablesBatch;
  /** Offsets of the expirations of the elements that it adds. */
  readonly expirationsAt: number[] = [];

  constructor(
    byteLength: number,
    readonly firstSequence: number,
  ) {
    this.memory = new NativeMemory(byteLength);
    this.content = new NftablesBatch(this.memory.view, this.memory.bytes, firstSequence);
  }
}

/** After the constructor no call makes garbage or waits for an answer. */
export class NftablesExchange {
  /** Place of the first failed message of the last batch. */
  failedPlace = 0;

  constructor(private readonly netlink: NetlinkSocket) {}

  /**
   * Sends a batch and reads the errors. Returns 0 or the errno of the first message that failed.
   */
  carryOut(batch: Batch): number {
    this.failedPlace = 0;
    const refused = this.netlink.send(batch.memory, 0, batch.content.length);
    return refused === 0 ? this.readErrors(batch.firstSequence) : refused;
  }

  private readErrors(firstSequence: number): number {
    const { view } = this.netlink.received;
    for (let answers = 0; answers < ANSWERS_MAX; answers++) {
      const end = this.netlink.receive(false);
      if (end === -EAGAIN) return 0;
      if (end < 0) {
        this.netlink.discard();
        return -end;
      }
      for (let at = 0; ; ) {
        const length = messageLength(view, at, end);
        if (length === 0) break;
        const errno = messageType(view, at) === NLMSG_ERROR ? messageErrno(view, at, length) : 0;
        if (errno !== 0) {
          this.failedPlace = messageSequence(view, at) - firstSequence;
          this.netlink.discard();
          return errno;
        }
        at = nextMessage(at, length);
      }
    }
    // An error may follow after all this.
    this.netlink.discard();
    return ENOBUFS;
  }
}

/** Throws a SystemError about `subject`. */
export function netfilterSocket(subject: string): NetlinkSocket {
  try {
    return new NetlinkSocket(NETLINK_NETFILTER, 0, RECEIVE_BUFFER_BYTES);
  } catch (error) {
    if (!(error instanceof SystemError) || error.errno !== EPROTONOSUPPORT) throw error;
    throw new SystemError(
      subject,
      error.errno,
      "this kernel has no nfnetlink (CONFIG_NETFILTER_NETLINK)",
    );
  }
}

/** The addresses of one family, concatenated. */
export function addressesOf(
  vipsOfFunction: readonly (readonly Vip[])[],
  family: 4 | 6,
): Uint8Array<ArrayBuffer> {
  const vips = vipsOfFunction.flat().filter((vip) => vip.family === family);
  const size = family === 4 ? 4 : 16;
  const addresses = new Uint8Array(new ArrayBuffer(vips.length * size));
  vips.forEach((vip, index) => {
    addresses.set(vip.address, index * size);
  });
  return addresses;
}
