/**
 * Listens and speaks to the hosts of the client network below IP: it probes witnesses by ARP, and
 * reports any other host that answers for a VIP. core/isolation and core/strangers decide what this
 * means.
 *
 * - The socket taps the interface for every protocol. Such taps see a frame before the netfilter
 * ingress hook, so that a host that answers for our VIPs is also seen while our own lease has
 * lapsed. (A tap for one protocol comes after that hook.)
 * - The loop does not wait for it: once per period it reads a bounded number of frames. Whatever
 * the cabin sends, the loop does not wake for it.
 * - A witness is asked with this host's own address, so that its answer is an ordinary one and what
 * it learns is true. Where the interface has no address towards it, the question uses 0.0.0.0,
 * which every host answers as well (RFC 5227, section 2.1.1). The answer must be a reply to this
 * host: questions and announcements of others do not show that the witness hears us. The lease's
 * filter lets both pass: it looks for VIPs.
 */
import { assert } from "../assert.ts";
import { EVENT_STRANGER, EVENT_WITNESS, type EventQueue } from "../boundary/event-queue.ts";
import type { Vip } from "../config/model.ts";
import { NEIGHBOURS_PER_PERIOD_MAX } from "../limits.ts";
import { ASK_BROADCAST, ASK_NONE, WitnessPoll } from "../upkeep/witness-poll.ts";
import {
  ARP_BYTES,
  ARP_REPLY,
  ARP_SENDER_AT,
  ARP_SENDER_HARDWARE_AT,
  ARP_TARGET_HARDWARE_AT,
  decodeArp,
  encodeArpRequest,
  setArpDestination,
  setArpSender,
} from "../wire/arp.ts";
import { sameBytes } from "../wire/bytes.ts";
import { ADVERTISED_AT, decodeNeighbourAdvertisement } from "../wire/neighbour.ts";
import { neighbourFilter } from "../wire/neighbour-filter.ts";
import { AF_INET, AF_INET6 } from "./libc.ts";
import { nowUs } from "./monotonic-clock.ts";
import { NativeMemory } from "./native-memory.ts";
import { ETHER_TYPE_ALL, HARDWARE_ADDRESS_BYTES, PacketSocket } from "./packet-socket.ts";
import { SourceAddress } from "./source-address.ts";
import { VipTable } from "./vip-table.ts";

/** Size of a question, rounded up to a multiple of 8. */
const QUESTION_BYTES = 48;
const NOBODY = -1;

/** Senders of refused keep-alives: they are recorded as such, and are no strangers. */
export interface RefusedHosts {
  isRefused(macHigh: number, macLow: number): boolean;
}

const NONE_REFUSED: RefusedHosts = { isRefused: () => false };

assert(QUESTION_BYTES >= ARP_BYTES, "a question fits its row");

export class NeighbourWatch {
  private refused = NONE_REFUSED;
  private readonly socket: PacketSocket;
  private readonly source: SourceAddress;
  private readonly table: VipTable;
  private readonly witnessCount: number;
  /** IPv4 addresses of the witnesses, 4 bytes per row. */
  private readonly witnesses: Uint8Array<ArrayBuffer>;
  private readonly polls: readonly WitnessPoll[];
  /** Time of each witness's last answer in µs; 0: never. */
  readonly answeredUs: Float64Array;
  /** Prepared question to each witness. */
  private readonly questions: NativeMemory;

  /**
   * Start-up. `witnesses`: their IPv4 addresses, 4 bytes each. Throws a SystemError (see
   * PacketSocket).
   */
  constructor(
    interfaceName: string,
    vipsOfFunction: readonly (readonly Vip[])[],
    witnesses: readonly Uint8Array[],
  ) {
    this.table = new VipTable(vipsOfFunction);
    const ipv4 = vipsOfFunction.flat().filter(({ family }) => family === 4);
    const filter = neighbourFilter(Uint8Array.from(ipv4.flatMap(({ address }) => [...address])));
    this.socket = new PacketSocket(interfaceName, ETHER_TYPE_ALL, filter);
    this.source = new SourceAddress(interfaceName);
    this.witnessCount = witnesses.length;
    this.witnesses = new Uint8Array(new ArrayBuffer(4 * Math.max(1, witnesses.length)));
    witnesses.forEach((address, witness) => {
      assert(address.length === 4, "a witness has an IPv4 address");
      this.witnesses.set(address, 4 * witness);
    });
    this.polls = witnesses.map(() => new WitnessPoll());
    this.answeredUs = new Float64Array(witnesses.length);
    this.questions = new NativeMemory(QUESTION_BYTES * Math.max(1, witnesses.length));
  }

  /** First two bytes of the interface's Ethernet address, as of the last {@link refresh}. */
  get macHigh(): number {
    return macHighAt(this.socket.hardwareAddress, 0);
  }

  /** The last four bytes of that address. */
  get macLow(): number {
    return macLowAt(this.socket.hardwareAddress, 0);
  }

  /**
   * Follows the interface, which may have been replaced or given another address. Returns 1 for a
   * change, 0, or −errno. No garbage.
   */
  refresh(): number {
    return this.socket.refresh();
  }

  /**
   * Asks a witness if a question is due. Returns 0 or errno: a question that could not be sent
   * counts as unanswered. No garbage.
   */
  ask(witness: number): number {
    const how = (this.polls[witness] as WitnessPoll).ask(nowUs());
    if (how === ASK_NONE) return 0;
    if (how === ASK_BROADCAST) this.writeQuestion(witness);
    return this.socket.send(this.questions, witness * QUESTION_BYTES, ARP_BYTES);
  }

  /** The addresses of this host are looked up each time: a change would be a reason for silence. */
  private writeQuestion(witness: number): void {
    const { questions, socket, source, witnesses } = this;
    const at = witness * QUESTION_BYTES;
    socket.refresh();
    source.towards(witnesses, 4 * witness);
    encodeArpRequest(questions.bytes, at, socket.hardwareAddress, witnesses, 4 * witness);
    setArpSender(questions.bytes, at, source.bytes, 0);
  }

  /** Once per period: takes a bounded number of frames and reports them. No garbage. */
  receive(events: EventQueue, refused: RefusedHosts = NONE_REFUSED): void {
    const { received } = this.socket;
    this.refused = refused;
    for (let frame = 0; frame < NEIGHBOURS_PER_PERIOD_MAX; frame++) {
      const length = this.socket.receive();
      if (length < 0) return;
      const operation = decodeArp(received.bytes, length);
      if (operation !== 0) this.takeArp(operation, received.bytes, events);
      else this.takeAdvertisement(length, received.bytes, events);
    }
  }

  private takeArp(operation: number, frame: Uint8Array, events: EventQueue): void {
    if (operation === ARP_REPLY) this.takeReply(frame, events);
    this.report(
      this.table.find(frame, ARP_SENDER_AT, AF_INET),
      frame,
      ARP_SENDER_HARDWARE_AT,
      events,
    );
  }

  private takeReply(frame: Uint8Array, events: EventQueue): void {
    const own = this.socket.hardwareAddress;
    if (!sameBytes(frame, ARP_TARGET_HARDWARE_AT, own, 0, HARDWARE_ADDRESS_BYTES)) return;
    for (let witness = 0; witness < this.witnessCount; witness++) {
      if (!sameBytes(frame, ARP_SENDER_AT, this.witnesses, 4 * witness, 4)) continue;
      setArpDestination(
        this.questions.bytes,
        witness * QUESTION_BYTES,
        frame,
        ARP_SENDER_HARDWARE_AT,
      );
      this.answeredUs[witness] = nowUs();
      (this.polls[witness] as WitnessPoll).onAnswer(this.answeredUs[witness] as number);
      events.push(EVENT_WITNESS, witness, 0);
    }
  }

  private takeAdvertisement(length: number, frame: Uint8Array, events: EventQueue): void {
    const hardwareAt = decodeNeighbourAdvertisement(frame, length);
    if (hardwareAt >= 0)
      this.report(this.table.find(frame, ADVERTISED_AT, AF_INET6), frame, hardwareAt, events);
  }

  /** Reports a host that answers for a VIP; the core knows which ones are servers. */
  private report(vip: number, frame: Uint8Array, hardwareAt: number, events: EventQueue): void {
    if (vip === NOBODY) return;
    if (sameBytes(frame, hardwareAt, this.socket.hardwareAddress, 0, HARDWARE_ADDRESS_BYTES))
      return; // our own frame came back
    const index = this.table.functionOf[vip] as number;
    const high = macHighAt(frame, hardwareAt);
    const low = macLowAt(frame, hardwareAt);
    if (!this.refused.isRefused(high, low)) events.push(EVENT_STRANGER, index, high, low);
  }

  close(): void {
    this.socket.close();
    this.source.close();
  }
}

/** First two bytes of the Ethernet address at `bytes[at]`. */
function macHighAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** Last four bytes of it, unsigned. */
function macLowAt(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  return ((high << 16) | ((bytes[at + 4] as number) << 8) | (bytes[at + 5] as number)) >>> 0;
}
