/** Sends FIND to each address of its arguments in turn; prints each answer and its sender. */
import { encodeFindRequest } from "../../src/dataload/find-packet.ts";

const PORT = 1001;

let answered: () => void = () => {};
const socket = await Bun.udpSocket({
  socket: {
    data: (_socket, bytes, port, address) => {
      process.stdout.write(`${bytes.toString("hex")} ${address} ${port}\n`);
      answered();
    },
  },
});
socket.setBroadcast(true);
for (const address of process.argv.slice(2)) {
  const answer = new Promise<void>((resolve) => {
    answered = resolve;
  });
  socket.send(encodeFindRequest(), PORT, address);
  await answer;
}
socket.close();
