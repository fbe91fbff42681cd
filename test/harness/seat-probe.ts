/**
 * A seat that asks one server directly, frame by frame, whether it answers for addresses, without
 * any cache or retry of its own.
 */

import { ETHER_TYPE_ALL, PacketSocket } from "../../src/io/packet-socket.ts";
import type { Host } from "./virtual-network.ts";
import { type Asker, arpRequest, questionsFor } from "./watch/question-frames.ts";

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
    this.seat = seat.hardwareAddress();
    this.server = server.hardwareAddress();
  }

  /** Asks for a hardware address (ARP or neighbour solicitation) and for an echo (ICMP). */
  ask(address: Uint8Array): void {
    for (const frame of questionsFor(this.asker, this.server, [...address])) this.sendFrame(frame);
  }

  sendFrame(frame: number[]): void {
    const memory = this.socket.received; // what was received is read by then
    memory.bytes.set(frame);
    const refused = this.socket.send(memory, 0, frame.length);
    if (refused !== 0) throw new Error(`send: errno ${refused}`);
  }

  /**
   * The answers and announcements of the server that came in since: such as `arp 0a2c0101`, `echo
   * 0a2c0101`, `na fd44…`, `echo fd44…`. What the two kernels say about their link-local addresses,
   * when they please, is left out.
   */
  answers(): Set<string> {
    const heard = new Set<string>();
    for (let length = this.socket.receive(); length >= 0; length = this.socket.receive()) {
      const text = Buffer.from(this.socket.received.bytes.slice(0, length)).toString("hex");
      const at = (byte: number, size: number): string => text.slice(2 * byte, 2 * (byte + size));
      // sent by the seat itself, or another server
      if (at(6, 6) !== Buffer.from(this.server).toString("hex")) continue;
      const type = at(12, 2);
      if (type === "0806") heard.add(`arp ${at(28, 4)}`);
      if (type === "0800" && at(23, 1) === "01" && at(34, 1) === "00")
        heard.add(`echo ${at(26, 4)}`);
      if (type === "86dd" && at(20, 1) === "3a" && at(54, 1) === "88" && at(62, 2) !== "fe80")
        heard.add(`na ${at(62, 16)}`);
      if (type === "86dd" && at(20, 1) === "3a" && at(54, 1) === "81")
        heard.add(`echo ${at(22, 16)}`);
    }
    return heard;
  }

  /**
   * An announcement of the seat for an address: ARP request from it for it (RFC 5227, section 2.3).
   */
  announcement(address: number[]): number[] {
    return this.arpRequest(address, address);
  }

  /** A question for `target` by somebody who has the address `sender`. */
  arpRequest(target: number[], sender = this.seatIpv4): number[] {
    return arpRequest(this.asker, target, sender);
  }

  private get asker(): Asker {
    return { hardware: this.seat, ipv4: this.seatIpv4, ipv6: this.seatIpv6 };
  }

  close(): void {
    this.socket.close();
  }
}
