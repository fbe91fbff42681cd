/**
 * Asks for a VIP in its own network namespace, from just before the lease's holder gets a signal
 * until after the lease: `lease-questions.ts INTERFACE SEAT VIP SERVER_MAC FILE PID SIGNAL`. FILE
 * belongs to the holder (test/children/watched-lease-holder). Prints a LastAnswer as JSON.
 */
import { MappedFile } from "../../src/io/mapped-file.ts";
import { ETHER_TYPE_ALL, PacketSocket } from "../../src/io/packet-socket.ts";
import { AnsweredQuestions } from "../../test/harness/last-answer.ts";
import { signal } from "../../test/harness/signals.ts";

const [interfaceName = "", seat = "", vip = "", mac = "", file = "", pid, name] =
  process.argv.slice(2);
const ipv4 = (text: string): number[] => text.split(".").map(Number);
const socket = new PacketSocket(interfaceName, ETHER_TYPE_ALL);
const questions = new AnsweredQuestions(
  ...([socket, [...Buffer.from(mac, "hex")], ipv4(seat), ipv4(vip)] as const),
);
const end = new Float64Array(new MappedFile(file, 8).buffer);
const last = questions.askOn(
  () => end[0] as number,
  () => signal(Number(pid), name as NodeJS.Signals),
);
console.log(JSON.stringify(last));
