/**
 * The rig's end of one seat: a process in its own network namespace, controlled over its standard
 * input.
 */
import { RuntimeError } from "../command-line/errors.ts";
import { cleanEnvironment } from "../supervisor/own-executable.ts";
import type { InterfaceAddresses } from "./address-plan.ts";
import { type CommandResult, runCommand, tryCommand } from "./command-run.ts";
import { waitFor } from "./condition.ts";
import { rigCommand } from "./executables.ts";
import { enterNetwork, type GroundNetwork } from "./ground-network.ts";
import { linesOf } from "./line-stream.ts";
import { namespaceOf } from "./process-table.ts";
import type { SeatGaps, SeatOrder, SeatReady, SeatReport, SeatRequest } from "./seat-order.ts";

const START_DEADLINE_MS = 10_000;

/** Hardware addresses of seats start here, those of servers at 0. */
const MACHINE_NUMBER_FIRST = 100;

/**
 * Packets that wait for an unknown neighbour, as an ip-ntable(8) queue. They count against the
 * single socket that a seat sends from. With the kernel's default, the VIPs of a function that is
 * down for seconds would fill it and block the probes of all others.
 */
const WAITING_PACKETS_MAX = 3;

export class VirtualSeat {
  readonly name: string;
  /** Why its figures are less exact than possible, or null. */
  readonly notRealtime: string | null;
  readonly #process: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncGenerator<string>;

  private constructor(
    number: number,
    child: Bun.Subprocess<"pipe", "pipe", "inherit">,
    lines: AsyncGenerator<string>,
    ready: SeatReady,
  ) {
    this.name = `seat-${number + 1}`;
    this.notRealtime = ready.notRealtime;
    this.#process = child;
    this.#lines = lines;
  }

  /** Starts a seat, which begins to probe. */
  static async start(
    network: GroundNetwork,
    address: InterfaceAddresses,
    routes: readonly string[],
    order: SeatOrder,
  ): Promise<VirtualSeat> {
    const child = Bun.spawn(["unshare", "--net", ...rigCommand(), "seat"], {
      stdio: ["pipe", "pipe", "inherit"],
      env: cleanEnvironment(),
    });
    const own = namespaceOf("self", "net");
    const isReady = await waitFor(START_DEADLINE_MS, () => {
      const namespace = namespaceOf(child.pid, "net");
      return namespace !== null && namespace !== own;
    });
    if (!isReady)
      throw new RuntimeError(`seat ${order.seat + 1}: its network namespace could not be made`);
    await network.connect({
      label: `c${order.seat}`,
      pid: child.pid,
      interfaces: [address],
      number: MACHINE_NUMBER_FIRST + order.seat,
      routes,
    });
    const changes = ["arp_cache", "ndisc_cache"].map(
      (table) => `ntable change name ${table} dev ${address.name} queue ${WAITING_PACKETS_MAX}\n`,
    );
    await runCommand([...enterNetwork(child.pid), "ip", "-batch", "-"], changes.join(""));
    const lines = linesOf(child.stdout);
    send(child, order);
    return new VirtualSeat(
      order.seat,
      child,
      lines,
      JSON.parse(await nextLine(lines)) as SeatReady,
    );
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Everything that ended, changed or arrived after `sinceUs`. */
  async report(sinceUs: number): Promise<SeatReport> {
    send(this.#process, { sinceUs });
    return JSON.parse(await nextLine(this.#lines)) as SeatReport;
  }

  /** Its gaps at this moment, and those that ended after `gapsSinceUs`. */
  async gaps(gapsSinceUs: number): Promise<SeatGaps> {
    send(this.#process, { gapsSinceUs });
    return JSON.parse(await nextLine(this.#lines)) as SeatGaps;
  }

  /** From now on one probe to each target at these distances. */
  setIntervals(intervalsMs: number[]): void {
    send(this.#process, { intervalsMs });
  }

  /** Calls addresses over TCP from the seat, see call.ts. */
  async call(addresses: readonly string[]): Promise<CommandResult> {
    return await tryCommand([...enterNetwork(this.pid), ...rigCommand(), "call", ...addresses]);
  }
}

function send(
  child: Bun.Subprocess<"pipe", "pipe", "inherit">,
  document: SeatOrder | SeatRequest,
): void {
  child.stdin.write(`${JSON.stringify(document)}\n`);
  child.stdin.flush();
}

async function nextLine(lines: AsyncGenerator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done === true) throw new RuntimeError("a seat has ended");
  return value;
}
