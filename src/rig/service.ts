/**
 * `wingman-rig service`: the small real process behind every function of the virtual aircraft. It answers on UDP and TCP
 * port {@link SERVICE_PORT} of the function's VIPs and says which function, server and process answered.
 *
 * It binds to the VIPs themselves, so that answers come from the address that was asked. A service may start before its
 * VIP arrives: the rig sets `ip_nonlocal_bind` in the servers' namespaces.
 *
 * The machine that plays the aircraft runs dozens of these, and each answers a thousand probes a second: the process blocks in
 * ppoll for datagrams, at a third of the cost of Bun's own UDP socket. TCP and signals are Bun's; its event loop is turned for
 * them now and then, and at once when a signal comes.
 */
import { parseAddress } from "../config/address.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { nowUs } from "../io/monotonic-clock.ts";
import { Poller } from "../io/poller.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import { ANSWER_BYTES, encodeAnswer, isProbe, PROBE_BYTES, SERVICE_PORT } from "./probe.ts";

/** How long a TCP client of a busy service may wait for the event loop, and of an idle one. */
const BUSY_TURN_US = 20_000;
const IDLE_TURN_US = 250_000;

/** Datagrams answered before anything else gets its turn. */
const ANSWERS_PER_TURN_MAX = 64;

/** Arguments: index of the function, then the identifiers of the servers in the order of the configuration, with commas. */
export async function service(args: string[]): Promise<number> {
  const functionIndex = Number(args[0]);
  const server = process.env.WINGMAN_SERVER ?? "";
  const serverIndex = (args[1] ?? "").split(",").indexOf(server);
  const name = process.env.WINGMAN_FUNCTION ?? "";
  const vips = (process.env.WINGMAN_VIPS ?? "").split(",").map(parseAddress);
  if (serverIndex < 0 || !Number.isInteger(functionIndex) || vips.includes(null)) {
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
  const start = Date.now() >>> 0;
  let counter = 0;
  const line = () => `${name} ${server} ${++counter}\n`;
  for (const hostname of (process.env.WINGMAN_VIPS ?? "").split(",")) listenTcp(hostname, line);

  const poller = new Poller();
  const sockets = vips.flatMap((vip) => (vip === null ? [] : [openVip(vip, poller)]));
  const answer = new NativeMemory(ANSWER_BYTES);
  let turnUs = 0;
  while (!isOver) {
    const isBusy = poller.wait(nowUs() + IDLE_TURN_US) > 0;
    for (const socket of sockets) {
      for (let answers = 0; isBusy && answers < ANSWERS_PER_TURN_MAX; answers++) {
        const length = socket.receive();
        if (length < 0) break;
        if (isProbe(socket.received.view, length)) {
          encodeAnswer(answer.view, socket.received.view, serverIndex, functionIndex, start, ++counter);
          socket.reply(answer, ANSWER_BYTES);
        } else {
          const text = new NativeText(line());
          socket.reply(text.memory, text.length);
        }
      }
    }
    if (isBusy && nowUs() < turnUs) continue;
    await new Promise((resolve) => setImmediate(resolve));
    turnUs = nowUs() + BUSY_TURN_US;
  }
  return 0;
}
