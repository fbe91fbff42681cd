/** A TCP service on port 7007 of every address, until it is killed. */
Bun.listen({
  hostname: "::",
  port: 7007,
  socket: { data: (socket, data) => void socket.write(data) },
});
