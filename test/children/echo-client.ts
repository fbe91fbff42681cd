/** Exit 0 when the service at the given address answers within a second, otherwise 1. */
const [hostname = ""] = process.argv.slice(2);
setTimeout(() => process.exit(1), 1000);
try {
  const socket = await Bun.connect({
    hostname,
    port: 7007,
    socket: {
      data: () => process.exit(0),
      error: () => process.exit(1),
      close: () => process.exit(1),
    },
  });
  socket.write("hello");
} catch {
  process.exit(1);
}
