/**
 * Finds out which server answers for the VIPs, like a seat: it asks by broadcast ARP and notes
 * every reply.
 */
import { ETHER_TYPE_ALL, PacketSocket } from "../../src/io/packet-socket.ts";
import {
  ARP_BYTES,
  ARP_REPLY,
  decodeArp,
  encodeArpRequest,
  setArpSender,
} from "../../src/wire/arp.ts";
import type { Host } from "../harness/virtual-network.ts";

const hex = (bytes: Iterable<number>): string => Buffer.from([...bytes]).toString("hex");

export class Answers {
  private readonly socket: PacketSocket;
  private readonly ownMac: string;
  /** Requests that more than one host answered: `10.44.1.1: 02…, 02…`. */
  readonly twice: string[] = [];

  /** `sender`: the IPv4 address of the seat. */
  constructor(
    private readonly seat: Host,
    private readonly sender: string,
    private readonly addresses: readonly string[],
  ) {
    this.socket = seat.inside(() => new PacketSocket("eth0", ETHER_TYPE_ALL));
    this.ownMac = seat.mac;
  }

  /** Asks once for every address; gives the MACs that answered each within `waitMs`. */
  async round(waitMs = 30): Promise<Map<string, Set<string>>> {
    const heard = new Map(this.addresses.map((address) => [address, new Set<string>()] as const));
    this.drain(() => {});
    for (const address of this.addresses) this.ask(address);
    await Bun.sleep(waitMs);
    this.drain((address, mac) => heard.get(address)?.add(mac));
    for (const [address, macs] of heard)
      if (macs.size > 1) this.twice.push(`${address}: ${[...macs].join(", ")}`);
    return heard;
  }

  /**
   * Frames of a kind that came by since the last round or look, as hexadecimal text; the seat's own
   * are left out.
   */
  captured(wanted: (frame: string) => boolean): string[] {
    const frames: string[] = [];
    for (let length = this.socket.receive(); length >= 0; length = this.socket.receive()) {
      const frame = hex(this.socket.received.bytes.slice(0, length));
      if (frame.slice(12, 24) !== this.ownMac && wanted(frame)) frames.push(frame);
    }
    return frames;
  }

  private ask(address: string): void {
    const frame = this.socket.received; // what was received is read by then
    const bytes = (text: string): Uint8Array => Uint8Array.from(text.split("."), Number);
    encodeArpRequest(
      frame.bytes,
      0,
      Uint8Array.from(this.seat.hardwareAddress()),
      bytes(address),
      0,
    );
    setArpSender(frame.bytes, 0, bytes(this.sender), 0);
    const refused = this.socket.send(frame, 0, ARP_BYTES);
    if (refused !== 0) throw new Error(`send: errno ${refused}`);
  }

  private drain(take: (address: string, mac: string) => void): void {
    const { bytes } = this.socket.received;
    for (let length = this.socket.receive(); length >= 0; length = this.socket.receive()) {
      if (decodeArp(bytes, length) !== ARP_REPLY) continue;
      // An unrequested one is an announcement: the sender also answers the seat.
      if (bytes.slice(38, 42).join(".") !== this.sender) continue;
      take(bytes.slice(28, 32).join("."), hex(bytes.slice(22, 28)));
    }
  }

  close(): void {
    this.socket.close();
  }
}
