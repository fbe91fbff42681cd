/**
 * `wingman-rig service`: the small real process behind every function of the virtual aircraft. It answers on UDP and TCP
 * port {@link SERVICE_PORT} of the function's VIPs and says which function, server and process answered.
 *
 * It binds to the VIPs themselves, so that answers come from the address that was asked. A service may start before its
 * VIP arrives: the rig sets `ip_nonlocal_bind` in the servers' namespaces.
 */
import { ANSWER_BYTES, encodeAnswer, isProbe, SERVICE_PORT } from "./probe.ts";

/** Arguments: index of the function, then the identifiers of the servers in the order of the configuration, with commas. */
export async function service(args: string[]): Promise<number> {
  const functionIndex = Number(args[0]);
  const server = process.env.WINGMAN_SERVER ?? "";
  const serverIndex = (args[1] ?? "").split(",").indexOf(server);
  const name = process.env.WINGMAN_FUNCTION ?? "";
  const vips = (process.env.WINGMAN_VIPS ?? "").split(",").filter((vip) => vip !== "");
  if (serverIndex < 0 || !Number.isInteger(functionIndex) || vips.length === 0) {
    console.error(
      "wingman-rig service: started by a head-end server only (WINGMAN_SERVER, WINGMAN_FUNCTION, WINGMAN_VIPS)",
    );
    return 2;
  }

  const start = Date.now() >>> 0;
  const answer = new Uint8Array(ANSWER_BYTES);
  const answerView = new DataView(answer.buffer);
  let counter = 0;
  const line = () => `${name} ${server} ${++counter}\n`;

  for (const hostname of vips) {
    await Bun.udpSocket({
      hostname,
      port: SERVICE_PORT,
      socket: {
        data(socket, datagram, port, address) {
          const probe = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
          if (!isProbe(probe)) {
            socket.send(line(), port, address);
            return;
          }
          encodeAnswer(answerView, probe, serverIndex, functionIndex, start, ++counter);
          socket.send(answer, port, address);
        },
        // An answer that cannot be sent is a lost datagram: the seat notices.
        error() {},
      },
    });
    Bun.listen({
      hostname,
      port: SERVICE_PORT,
      socket: {
        data(socket) {
          socket.write(line());
        },
      },
    });
  }
  return await new Promise<number>((resolve) => {
    process.on("SIGTERM", () => resolve(0));
    process.on("SIGINT", () => resolve(0));
  });
}
