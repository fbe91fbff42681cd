/** A seat that asks one server directly, frame by frame, whether it answers for addresses: no cache or retry of its own hides anything. */
import { ETHER_TYPE_ALL, PacketSocket } from "../../src/io/packet-socket.ts";
import { addChecksum, foldChecksum } from "../../src/wire/bytes.ts";
import type { Host } from "./virtual-network.ts";

const HARDWARE = /link\/ether (\S+)/;

export function hardwareAddress(host: Host): number[] {
  const text = HARDWARE.exec(host.ip("link", "show", "dev", "eth0"))?.[1] ?? "";
  return text.split(":").map((byte) => Number.parseInt(byte, 16));
}

export class SeatProbe {
  readonly socket: PacketSocket;
  private readonly seat: number[];
  private readonly server: number[];

  constructor(
    seat: Host,
    server: Host,
    private readonly seatIpv4: number[],
    private readonly seatIpv6: number[],
  ) {
    this.socket = seat.inside(() => new PacketSocket("eth0", ETHER_TYPE_ALL));
    this.seat = hardwareAddress(seat);
    this.server = hardwareAddress(server);
  }

  /** Asks for a hardware address (ARP or neighbour solicitation) and for an echo (ICMP). */
  ask(address: Uint8Array): void {
    const target = [...address];
    for (const frame of target.length === 4
      ? [this.arpRequest(target), this.echo4(target)]
      : [this.solicitation(target), this.echo6(target)]) {
      this.sendFrame(frame);
    }
  }

  sendFrame(frame: number[]): void {
    const memory = this.socket.received; // what was received is read by then
    memory.bytes.set(frame);
    const refused = this.socket.send(memory, 0, frame.length);
    if (refused !== 0) throw new Error(`send: errno ${refused}`);
  }

  /**
   * The answers and announcements of the server that came in since: such as `arp 0a2c0101`, `echo 0a2c0101`, `na fd44…`, `echo fd44…`.
   * What the two kernels say about their link-local addresses, when they please, is left out.
   */
  answers(): Set<string> {
    const heard = new Set<string>();
    for (let length = this.socket.receive(); length >= 0; length = this.socket.receive()) {
      const text = Buffer.from(this.socket.received.bytes.slice(0, length)).toString("hex");
      const at = (byte: number, size: number): string => text.slice(2 * byte, 2 * (byte + size));
      if (at(6, 6) !== Buffer.from(this.server).toString("hex")) continue; // sent by the seat itself, or another server
      const type = at(12, 2);
      if (type === "0806") heard.add(`arp ${at(28, 4)}`);
      if (type === "0800" && at(23, 1) === "01" && at(34, 1) === "00") heard.add(`echo ${at(26, 4)}`);
      if (type === "86dd" && at(20, 1) === "3a" && at(54, 1) === "88" && at(62, 2) !== "fe80")
        heard.add(`na ${at(62, 16)}`);
      if (type === "86dd" && at(20, 1) === "3a" && at(54, 1) === "81") heard.add(`echo ${at(22, 16)}`);
    }
    return heard;
  }

  /** An announcement of the seat for an address: ARP request from it for it (RFC 5227, section 2.3). */
  announcement(address: number[]): number[] {
    return this.arp(address, address, [255, 255, 255, 255, 255, 255]);
  }

  /** A question for `target` by somebody who has the address `sender`. */
  arpRequest(target: number[], sender = this.seatIpv4): number[] {
    return this.arp(sender, target, [255, 255, 255, 255, 255, 255]);
  }

  private arp(sender: number[], target: number[], destination: number[]): number[] {
    const fixed = [0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1];
    return [...destination, ...this.seat, ...fixed, ...this.seat, ...sender, 0, 0, 0, 0, 0, 0, ...target];
  }

  private echo4(target: number[]): number[] {
    const header = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, ...this.seatIpv4, ...target];
    seal(header, 10, header, 0);
    const echo = [8, 0, 0, 0, 0x57, 0x57, 0, 1];
    seal(echo, 2, echo, 0);
    return [...this.server, ...this.seat, 0x08, 0, ...header, ...echo];
  }

  private echo6(target: number[]): number[] {
    return this.icmp6(this.server, target, [128, 0, 0, 0, 0x57, 0x57, 0, 1]);
  }

  private solicitation(target: number[]): number[] {
    const group = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...target.slice(13)];
    const message = [135, 0, 0, 0, 0, 0, 0, 0, ...target, 1, 1, ...this.seat];
    return this.icmp6([0x33, 0x33, ...group.slice(12)], group, message);
  }

  private icmp6(destination: number[], target: number[], message: number[]): number[] {
    const addresses = [...this.seatIpv6, ...target];
    seal(message, 2, addresses, message.length + 58);
    const header = [0x60, 0, 0, 0, 0, message.length, 58, 255];
    return [...destination, ...this.seat, 0x86, 0xdd, ...header, ...addresses, ...message];
  }

  close(): void {
    this.socket.close();
  }
}

/** Sets the Internet checksum of `bytes` at `at`; `pseudo` is summed with it unless it is the same array. */
function seal(bytes: number[], at: number, pseudo: number[], extra: number): void {
  let sum = addChecksum(Uint8Array.from(bytes), 0, bytes.length, extra);
  if (pseudo !== bytes) sum = addChecksum(Uint8Array.from(pseudo), 0, pseudo.length, sum);
  const checksum = foldChecksum(sum);
  bytes[at] = checksum >> 8;
  bytes[at + 1] = checksum & 0xff;
}
