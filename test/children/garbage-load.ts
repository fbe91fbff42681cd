/**
 * Sends datagrams that are no data load, or almost one, to both ports of the target, and reads the
 * answers: ADDRESS COUNT SEED.
 */
import { encodeFindRequest } from "../../src/dataload/find-packet.ts";
import {
  encodeAck,
  encodeData,
  encodeError,
  encodeOptions,
  encodeRequest,
} from "../../src/dataload/tftp-packet.ts";
import { SeededRandom } from "../harness/seeded-random.ts";

const [address = "", count = "0", seed = "0"] = process.argv.slice(2);
const random = new SeededRandom(Number(seed));
const options = new Map([
  ["blksize", "65464"],
  ["tsize", "999999999999"],
  ["timeout", "255"],
]);
const SOUND = [
  ...["LCI", "LUI", "LNO", "LND", "LZZ"].map((ending) =>
    encodeRequest("read", `WINGHESA_L.${ending}`, options),
  ),
  ...["LUR", "LNA", "LCI"].map((ending) => encodeRequest("write", `WINGHESA_L.${ending}`, options)),
  ...[encodeAck(0), encodeData(1, new Uint8Array(1428)), encodeError(0, "ABORT:1004")],
  ...[encodeOptions(options), encodeFindRequest()],
];

function garbage(): Uint8Array {
  if (random.oneIn(3))
    return Uint8Array.from({ length: random.below(1473) }, () => random.below(256));
  const packet = Buffer.from(random.pick(SOUND));
  for (let change = random.below(3); change > 0; change--)
    packet[random.below(packet.length)] = random.below(256);
  return packet.subarray(0, random.oneIn(4) ? random.below(packet.length) : packet.length);
}

const sockets = await Promise.all(
  Array.from({ length: 20 }, () => Bun.udpSocket({ socket: { data: () => {} } })),
);
for (let sent = 0; sent < Number(count); sent++) {
  random.pick(sockets).send(garbage(), random.oneIn(4) ? 1001 : 59, address);
  if (sent % 50 === 0) await Bun.sleep(2);
}
for (const socket of sockets) socket.close();
