/**
 * VIPs that somebody sets as addresses on the servers, by hand or in the network setup. The flying
 * class is informed in the kernel's format; whether its server names each one, and reports its end,
 * is judged from outside.
 */
import type { EventQueue } from "../../src/boundary/event-queue.ts";
import { LOG_VIP_FOREIGN, LOG_VIP_FOREIGN_GONE } from "../../src/boundary/maintenance-code.ts";
import { ForeignAddresses } from "../../src/io/foreign-addresses.ts";
import { AF_INET } from "../../src/io/libc.ts";
import { VipTable } from "../../src/io/vip-table.ts";
import { encodeAddress, RTM_DELADDR } from "../../src/wire/rtnetlink.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

/** Interface index of the client interface; the others carry no VIP of ours. */
const CLIENT_INTERFACE = 1;
const INTERFACES = 3;
/** The first is the length of our own. */
const PREFIX_LENGTHS = [32, 16, 24];
/** A running server reports foreign addresses, and their end, within this time. */
const PATIENCE_US = 500_000;
const NEVER = Number.POSITIVE_INFINITY;

interface Stranger {
  readonly index: number;
  readonly prefixLength: number;
  readonly link: number;
}

interface OfHost {
  readonly standing: Stranger[];
  /** Reports of the kernel that the engine has not read: the address, and whether it is there. */
  readonly news: (readonly [Stranger, boolean])[];
  /** Knowledge of the running engine; null: none runs. */
  foreign: ForeignAddresses | null;
  /** 1 if its last record of the function reports one. */
  readonly named: Uint8Array;
  namedCount: number;
  /** Since when that is wrong, for each function. */
  readonly wrongSinceUs: Float64Array;
}

export class StrangerAddresses {
  private readonly hosts: OfHost[] = [];
  private readonly vips: VipTable;
  private readonly bytes = new Uint8Array(new ArrayBuffer(128));
  private readonly view = new DataView(this.bytes.buffer);

  constructor(private readonly world: World) {
    const { functionCount } = world.aircraft.table;
    const vip = (index: number) => ({
      text: "",
      family: 4 as const,
      address: addressOf(index),
      prefixLength: 16,
    });
    this.vips = new VipTable(Array.from({ length: functionCount }, (_, index) => [vip(index)]));
  }

  /** An engine starts, and looks what is there. */
  begin(host: Host): void {
    const own = this.of(host);
    own.news.length = 0;
    own.named.fill(0);
    own.namedCount = 0;
    own.wrongSinceUs.fill(NEVER);
    own.foreign = own.standing.length === 0 ? null : this.dump(own.standing);
  }

  private dump(standing: readonly Stranger[]): ForeignAddresses {
    const foreign = new ForeignAddresses(this.vips);
    foreign.beginDump();
    for (const stranger of standing) foreign.take(this.view, this.bytes, 0, this.encode(stranger));
    foreign.endDump();
    return foreign;
  }

  /**
   * Somebody sets a function's VIP. @param value draws the prefix length and the interface
   * @returns what takes it away again, or null where the kernel refuses it: it is there
   */
  set(host: Host, index: number, value: number): (() => void) | null {
    const prefixLength = PREFIX_LENGTHS[value % PREFIX_LENGTHS.length] as number;
    const link = CLIENT_INTERFACE + ((value >> 2) % INTERFACES);
    const stranger = { index, prefixLength, link };
    const isThere = this.of(host).standing.some((other) => isSame(other, stranger));
    if (isThere || (host.up[index] !== 0 && isInOurPlace(stranger))) return null;
    this.of(host).standing.push(stranger);
    this.tell(host, stranger, true);
    return () => this.takeAway(host, stranger);
  }

  private takeAway(host: Host, stranger: Stranger): void {
    const { standing } = this.of(host);
    standing.splice(standing.indexOf(stranger), 1);
    this.tell(host, stranger, false);
    if (isInOurPlace(stranger)) this.world.kernels.removeByHand(host, stranger.index);
  }

  /** A foreign address is set in place of ours: the kernel refuses ours, but still answers. */
  isInPlaceOf(host: Host, index: number): boolean {
    return this.of(host).standing.some((one) => one.index === index && isInOurPlace(one));
  }

  private tell(host: Host, stranger: Stranger, isThere: boolean): void {
    if (host.engine === null) return;
    this.of(host).news.push([stranger, isThere]);
    host.laterDueUs = Math.min(host.laterDueUs, this.world.nowUs);
    this.world.touch(host.index);
  }

  /** The engine reads the kernel's reports. */
  observe(host: Host, events: EventQueue): void {
    const own = this.of(host);
    if (own.news.length > 0) {
      own.foreign ??= this.dump([]); // none stood there when the engine looked
      for (const [stranger, isThere] of own.news.splice(0)) {
        const length = this.encode(stranger);
        if (isThere) own.foreign.take(this.view, this.bytes, 0, length);
        else own.foreign.takeGone(this.view, this.bytes, 0, length);
      }
    }
    own.foreign?.report(events);
  }

  /** The engine records something. */
  onLog(host: Host, code: number, index: number): void {
    if (code !== LOG_VIP_FOREIGN && code !== LOG_VIP_FOREIGN_GONE) return;
    const own = this.of(host);
    const isThere = code === LOG_VIP_FOREIGN ? 1 : 0;
    if (own.named[index] === isThere)
      this.world.invariants.fail("stranger", `s${host.index} says twice of f${index}: ${isThere}`);
    own.named[index] = isThere;
    own.namedCount += isThere === 1 ? 1 : -1;
  }

  /** After every turn of a host whose engine flies. */
  check(host: Host): void {
    const { standing, named, namedCount, wrongSinceUs } = this.of(host);
    const { nowUs } = this.world;
    if (standing.length + namedCount === 0) {
      wrongSinceUs.fill(NEVER);
      return;
    }
    for (let index = 0; index < named.length; index++) {
      const isThere = standing.some((one) => one.index === index);
      if (isThere === (named[index] === 1) || host.turnsSincePause < 10)
        wrongSinceUs[index] = NEVER;
      else if (wrongSinceUs[index] === NEVER) wrongSinceUs[index] = nowUs;
      else if (nowUs - wrongSinceUs[index] > PATIENCE_US) {
        const what = isThere ? "does not name a stranger's" : "still names a stranger's";
        this.world.invariants.fail("stranger", `s${host.index} ${what} address of f${index}`);
      }
    }
  }

  /** The kernel's report of an address without a mark and without lifetimes. */
  private encode({ index, prefixLength, link }: Stranger): number {
    const { view, bytes } = this;
    const address = addressOf(index);
    return encodeAddress(view, bytes, 0, RTM_DELADDR, AF_INET, prefixLength, link, address, 0);
  }

  private of(host: Host): OfHost {
    const functions = host.up.length;
    this.hosts[host.index] ??= {
      standing: [],
      news: [],
      foreign: null,
      named: new Uint8Array(functions),
      namedCount: 0,
      wrongSinceUs: new Float64Array(functions).fill(NEVER),
    };
    return this.hosts[host.index] as OfHost;
  }
}

function addressOf(index: number): Uint8Array {
  return Uint8Array.of(10, 44, index >> 8, index & 255);
}

function isSame(one: Stranger, other: Stranger): boolean {
  const isThere = one.index === other.index && one.link === other.link;
  return isThere && one.prefixLength === other.prefixLength;
}

function isInOurPlace({ prefixLength, link }: Stranger): boolean {
  return prefixLength === PREFIX_LENGTHS[0] && link === CLIENT_INTERFACE;
}
