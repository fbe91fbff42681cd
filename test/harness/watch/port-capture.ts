/**
 * One port of the switch: captures the server's frames with their times, and sends questions only
 * to this server.
 */
import { EAGAIN, EINTR, errno, SystemError } from "../../../src/io/errno.ts";
import { libc, MSG_DONTWAIT, SO_RCVBUFFORCE, SOL_SOCKET } from "../../../src/io/libc.ts";
import { NativeMemory } from "../../../src/io/native-memory.ts";
import { ETHER_TYPE_ALL, PacketSocket } from "../../../src/io/packet-socket.ts";

const SO_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;
const PACKET_IGNORE_OUTGOING = 23;
/** Some seconds of a flood. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;

// One block: struct msghdr, the iovec, struct cmsghdr with a struct timespec, the option, the
// frame.
const VECTOR_AT = 56;
const ANCILLARY_AT = 72;
const ANCILLARY_BYTES = 32;
const STAMP_AT = ANCILLARY_AT + 16;
const OPTION_AT = 104;
const LENGTH_AT = 112;
const FRAME_AT = 120;
const FRAME_BYTES = 128; // headers are enough
const ANSWERS_AT_ONCE_MAX = 10_000;

export class PortCapture {
  readonly frame: Uint8Array<ArrayBuffer>;
  /**
   * Of the last frame: when the kernel took it from the server's end of the cable, µs of
   * CLOCK_REALTIME.
   */
  stampUs = 0;
  private readonly socket: PacketSocket;
  private readonly memory = new NativeMemory(FRAME_AT + FRAME_BYTES);
  private readonly questions: NativeMemory[] = [];

  constructor(port: string) {
    this.socket = new PacketSocket(port, ETHER_TYPE_ALL);
    this.frame = new Uint8Array(this.memory.buffer, FRAME_AT, FRAME_BYTES);
    this.setOption(SOL_SOCKET, SO_TIMESTAMPNS, 1);
    this.setOption(SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES);
    this.setOption(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    this.memory.setPointer(16, VECTOR_AT);
    this.memory.view.setUint32(24, 1, true); // one element
    this.memory.setPointer(32, ANCILLARY_AT);
    this.memory.setPointer(VECTOR_AT, FRAME_AT);
    this.memory.view.setUint32(VECTOR_AT + 8, FRAME_BYTES, true);
  }

  get fd(): number {
    return this.socket.fd;
  }

  private setOption(level: number, option: number, value: number): void {
    this.memory.view.setInt32(OPTION_AT, value, true);
    const refused = libc.setsockopt(this.fd, level, option, this.memory.address + OPTION_AT, 4);
    if (refused < 0) throw new SystemError("setsockopt", errno(), `packet option ${option}`);
  }

  /** Start-up: keeps a frame to be sent; gives its number. */
  addQuestion(frame: readonly number[]): number {
    const question = new NativeMemory(frame.length);
    question.bytes.set(frame);
    return this.questions.push(question) - 1;
  }

  /** A question that cannot be sent, because the cable is out, is one that is not answered. */
  ask(question: number): void {
    const { address, bytes } = this.questions[question] as NativeMemory;
    libc.send(this.fd, address, bytes.length, MSG_DONTWAIT);
  }

  /** Gives the length of the next frame that is there, as far as it was kept, or −1. */
  receive(): number {
    const { view, address } = this.memory;
    for (let tries = 0; tries < ANSWERS_AT_ONCE_MAX; tries++) {
      view.setUint32(40, ANCILLARY_BYTES, true);
      const length = libc.recvmsg(this.fd, address, MSG_DONTWAIT);
      if (length >= 0) {
        this.stampUs =
          view.getUint32(STAMP_AT, true) * 1_000_000 +
          Math.floor(view.getUint32(STAMP_AT + 8, true) / 1000);
        return length;
      }
      const reason = errno();
      if (reason === EAGAIN) return -1;
      if (reason !== EINTR) return -1; // ENETDOWN, once when the cable goes
    }
    return -1;
  }

  /** Frames that were lost for want of room since the last call. */
  takeLost(): number {
    const { view, address } = this.memory;
    view.setUint32(LENGTH_AT, 8, true);
    const refused = libc.getsockopt(
      this.fd,
      SOL_PACKET,
      PACKET_STATISTICS,
      address + OPTION_AT,
      address + LENGTH_AT,
    );
    if (refused < 0) throw new SystemError("getsockopt", errno(), "PACKET_STATISTICS");
    return view.getUint32(OPTION_AT + 4, true); // struct tpacket_stats: u32 packets, u32 drops
  }
}
