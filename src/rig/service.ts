/**
 * `wingman-rig service`: the small real process behind every function of the virtual aircraft. It
 * answers on UDP and TCP port {@link SERVICE_PORT} of the function's VIPs and names the answering
 * function, server and process.
 *
 * It binds to the VIPs themselves, so that answers come from the address that was asked. It may
 * start before its VIPs arrive: on UDP it can bind at once (IP_FREEBIND), on TCP it listens when
 * they are there.
 *
 * The machine that plays the aircraft runs dozens of these, and each answers a thousand probes a
 * second: the process blocks in ppoll for datagrams, at a third of the cost of Bun's own UDP
 * socket. Bun handles TCP and signals; its event loop runs for them now and then, and at once on a
 * signal.
 */
import { parseAddress } from "../config/address.ts";
import { nowUs } from "../io/monotonic-clock.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { Poller } from "../io/poller.ts";
import { becomeRealtime } from "../io/realtime.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import { ANSWER_BYTES, encodeAnswer, isProbe, SERVICE_PORT } from "./probe.ts";

/** Waiting time of a TCP client for the event loop, for a busy service and for an idle one. */
const BUSY_TURN_US = 20_000;
const IDLE_TURN_US = 250_000;

/** Below the seats, so that a flood of probes cannot delay the next ones. */
const REALTIME_PRIORITY = 10;

/** Datagrams answered before anything else gets its turn. */
const ANSWERS_PER_TURN_MAX = 64;

/** Two names of at most 32 characters, and a number. */
const TEXT_BYTES_MAX = 128;

/**
 * Arguments: index of the function, then the identifiers of the servers in the order of the
 * configuration, separated by commas.
 */
export async function service(args: string[]): Promise<number> {
  const {
    WINGMAN_FUNCTION: name = "",
    WINGMAN_SERVER: server = "",
    WINGMAN_VIPS: vips = "",
  } = process.env;
  const functionIndex = Number(args[0]);
  const serverIndex = (args[1] ?? "").split(",").indexOf(server);
  const addresses = vips.split(",").map(parseAddress);
  if (serverIndex < 0 || !Number.isInteger(functionIndex) || addresses.includes(null)) {
    console.error(
      "wingman-rig service: started by a head-end server only (WINGMAN_SERVER, WINGMAN_FUNCTION, WINGMAN_VIPS)",
    );
    return 2;
  }
  let isOver = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      isOver = true;
    });
  }

  // A service that waited for a processor behind other work would look like an outage. Where the
  // priority is refused, the figures are only good on a quiet machine; the seats are refused too,
  // and report it.
  becomeRealtime(REALTIME_PRIORITY);
  const identity = new Identity(functionIndex, serverIndex, `${name} ${server}`);
  // VIPs without a listener yet.
  let silent = vips.split(",");
  const poller = new Poller();
  const sockets = addresses.flatMap((vip) =>
    vip === null ? [] : [listenUdp(vip.family, vip.bytes, poller)],
  );
  let turnUs = 0;
  while (!isOver) {
    const isBusy = poller.wait(nowUs() + IDLE_TURN_US) > 0; // also false on a signal
    if (isBusy) for (const socket of sockets) identity.answerAll(socket);
    if (isBusy && nowUs() < turnUs) continue;
    silent = silent.filter((hostname) => !listensTcp(hostname, identity));
    await new Promise((resolve) => setImmediate(resolve));
    turnUs = nowUs() + BUSY_TURN_US;
  }
  return 0;
}

/** Identity in the answers. */
class Identity {
  /** Distinguishes this process from the function's next one on this server. */
  readonly #start = Date.now() >>> 0;
  readonly #answer = new NativeMemory(TEXT_BYTES_MAX);
  #counter = 0;

  constructor(
    readonly functionIndex: number,
    readonly serverIndex: number,
    readonly names: string,
  ) {}

  /** The answer for people. */
  line(): string {
    return `${this.names} ${++this.#counter}\n`;
  }

  /** Answers everything that has arrived. */
  answerAll(socket: DatagramSocket): void {
    for (let answers = 0; answers < ANSWERS_PER_TURN_MAX; answers++) {
      const length = socket.receive();
      if (length < 0) return;
      if (isProbe(socket.received.view, length)) {
        const { functionIndex, serverIndex } = this;
        const probe = socket.received.view;
        encodeAnswer(
          this.#answer.view,
          probe,
          serverIndex,
          functionIndex,
          this.#start,
          ++this.#counter,
        );
        socket.reply(this.#answer, ANSWER_BYTES);
      } else {
        const { written } = new TextEncoder().encodeInto(this.line(), this.#answer.bytes);
        socket.reply(this.#answer, written);
      }
    }
  }
}

function listenUdp(family: 4 | 6, address: Uint8Array, poller: Poller): DatagramSocket {
  const socket = new DatagramSocket(family);
  socket.bind(address, SERVICE_PORT);
  poller.add(socket.fd);
  return socket;
}

/** @returns whether it listens now; false while the address does not exist */
function listensTcp(hostname: string, identity: Identity): boolean {
  try {
    Bun.listen({
      hostname,
      port: SERVICE_PORT,
      socket: {
        data(socket) {
          socket.write(identity.line());
        },
      },
    });
    return true;
  } catch {
    return false;
  }
}
