/** Transfers between real sockets, one end of them written by hand where it misbehaves. */
import { afterEach, expect, test } from "bun:test";
import { TftpClient } from "./tftp-client.ts";
import { TftpError } from "./tftp-error.ts";
import {
  decodeTftp,
  encodeAck,
  encodeData,
  encodeError,
  encodeOptions,
  encodeRequest,
  type TftpPacket,
} from "./tftp-packet.ts";
import { type TftpAnswers, TftpServer } from "./tftp-server.ts";

const OWN = "127.0.0.1";
/** Long enough for a machine that is busy with other tests: what is lost costs so much. */
const TIMES = { timeoutMs: 400, retries: 1 };
const CONTENT = Uint8Array.from({ length: 5000 }, (_, index) => index * 7);

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

type Reply = (packet: Uint8Array) => void;

/** A server by hand: what it does with each packet; packets come with their number, from 0. */
async function serverByHand(
  act: (packet: TftpPacket, reply: Reply, count: number) => void,
): Promise<{ client: TftpClient; packets: TftpPacket[] }> {
  const packets: TftpPacket[] = [];
  const socket = await Bun.udpSocket({
    hostname: OWN,
    socket: {
      data: (self, bytes, port, address) => {
        const packet = decodeTftp(Uint8Array.from(bytes));
        if (packet === null) throw new Error("no packet");
        packets.push(packet);
        act(packet, (answer) => void self.send(answer, port, address), packets.length - 1);
      },
    },
  });
  open.push(socket);
  const server = { address: OWN, port: socket.port };
  return { client: new TftpClient({ own: OWN, server, times: TIMES }), packets };
}

const never = (): AbortSignal => new AbortController().signal;

/** What a client reads. */
class Memory {
  sizeBytes: number | null = null;
  begun = 0;
  blocks: Uint8Array[] = [];
  begin(sizeBytes: number | null): void {
    this.sizeBytes = sizeBytes;
    this.begun++;
    this.blocks = [];
  }
  write(content: Uint8Array): void {
    this.blocks.push(Uint8Array.from(content));
  }
  get content(): Buffer {
    return Buffer.concat(this.blocks);
  }
}

/** A server of this program with a file; what is written to it. */
async function server(parts: Partial<TftpAnswers> = {}) {
  const written: [string, Uint8Array][] = [];
  const ends: (TftpError | null)[] = [];
  const probe = await Bun.udpSocket({ hostname: OWN });
  const { port } = probe;
  probe.close();
  const made = await TftpServer.start({
    ...{ address: OWN, port, times: TIMES },
    answers: {
      read: () => ({ content: CONTENT, ended: (error) => ends.push(error) }),
      write: ({ file }) => ({ taken: (content) => written.push([file, content]) }),
      ...parts,
    },
  });
  open.push({ close: () => made.stop() });
  const client = new TftpClient({ own: OWN, server: { address: OWN, port }, times: TIMES });
  return { client, written, ends, port };
}

test("both ends: read and written unchanged, with the size", async () => {
  const { client, written, ends } = await server();
  const sink = new Memory();
  await client.get("a", sink, never());
  expect([sink.sizeBytes, sink.begun]).toEqual([5000, 1]);
  expect(sink.content.equals(CONTENT)).toBe(true);
  for (const bytes of [0, 1, 1427, 1428, 1429, 2856, 5000]) {
    await client.put(`f${bytes}`, CONTENT.subarray(0, bytes), never());
    const [file, content] = written.at(-1) ?? ["", CONTENT];
    expect([file, Buffer.from(content).equals(CONTENT.subarray(0, bytes))]).toEqual([
      `f${bytes}`,
      true,
    ]);
  }
  expect(ends).toEqual([null]);
});

test("a file longer than may be written is refused before it comes, and while it comes", async () => {
  const { client, written } = await server();
  const long = new Uint8Array((256 << 10) + 1);
  await expect(client.put("a", long, never())).rejects.toThrow("expected at most 262144");
  expect(written).toEqual([]);
});

test("every packet lost once: sent again, and the file is whole", async () => {
  const dropped = new Set<string>();
  const { client, packets } = await serverByHand((packet, reply) => {
    const key = JSON.stringify(packet.kind === "data" ? packet.block : packet.kind);
    if (!dropped.has(key)) return void dropped.add(key);
    reply(
      packet.kind === "data"
        ? encodeAck(packet.block)
        : encodeOptions(new Map([["blksize", "1428"]])),
    );
  });
  await client.put("a", CONTENT, never());
  const blocks = packets.flatMap((packet) => (packet.kind === "data" ? [packet.block] : []));
  expect(blocks).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
});

test("an acknowledgement twice brings no block twice", async () => {
  const { client, packets } = await serverByHand((packet, reply) => {
    const answer = packet.kind === "data" ? encodeAck(packet.block) : encodeAck(0);
    reply(answer);
    reply(answer);
  });
  await client.put("a", CONTENT.subarray(0, 1500), never());
  expect(packets.map(({ kind }) => kind)).toEqual(["write", "data", "data", "data"]);
});

test("a block twice is acknowledged, and written once; block 0 follows block 65,535", async () => {
  const { client, packets } = await serverByHand((packet, reply) => {
    if (packet.kind === "read") return reply(encodeOptions(new Map([["blksize", "8"]])));
    if (packet.kind !== "ack") throw new Error(packet.kind);
    const done = packets.length - 1; // blocks that it has
    const block = new Uint8Array(done > 65_540 ? 1 : 8).fill(done);
    const data = encodeData((done & 0xffff) === 0 ? 0 : done & 0xffff, block);
    if (done % 1000 === 7) reply(encodeData((done - 1) & 0xffff, new Uint8Array(8)));
    reply(data);
  });
  const sink = new Memory();
  await client.get("a", sink, never());
  expect(sink.blocks).toHaveLength(65_541);
  expect(sink.blocks.every((block, index) => block[0] === ((index + 1) & 0xff))).toBe(true);
});

test("silence: two attempts, then an error", async () => {
  const { client, packets } = await serverByHand(() => {});
  const error = await client.get("a", new Memory(), never()).catch((reason) => reason);
  expect([error.failure, error.message]).toEqual(["silent", "no answer for 0.8 s"]);
  expect(packets.map(({ kind }) => kind)).toEqual(["read", "read"]);
});

test("an end from outside ends the wait at once", async () => {
  const end = new AbortController();
  const { client } = await serverByHand(() => end.abort());
  const error = await client.get("a", new Memory(), end.signal).catch((reason) => reason);
  expect(error.failure).toBe("stopped");
});

test("a server without options is asked again without them; one that answers WAIT, later", async () => {
  const { client, packets } = await serverByHand((packet, reply, count) => {
    if (packet.kind === "read" && packet.options.size > 0) reply(encodeError(8, "no options"));
    else if (count === 1) reply(encodeError(0, "WAIT:0"));
    else if (packet.kind === "read") reply(encodeData(1, Uint8Array.of(7)));
  });
  const sink = new Memory();
  await client.get("a", sink, never());
  expect([...sink.content]).toEqual([7]);
  expect(packets.map(({ kind }) => kind)).toEqual(["read", "read", "read"]);
});

test("options that were not requested: the server gets an error, and nothing is accepted", async () => {
  const { client } = await serverByHand((packet, reply) => {
    if (packet.kind === "read") reply(encodeOptions(new Map([["blksize", "9000"]])));
  });
  const error = await client.get("a", new Memory(), never()).catch((reason) => reason);
  expect([error.failure, error.message]).toEqual([
    ...["protocol", "option blksize: found 9000, expected 8 to 1428"],
  ]);
});

test("requests that do not fit are refused with their code", async () => {
  const { client } = await server();
  const sink = {
    begin: () => {},
    write: () => {
      throw new TftpError("local", "full", 3);
    },
  };
  const error = await client.get("a", sink, never()).catch((reason) => reason);
  expect([error.failure, error.message, error.code]).toEqual(["local", "full", 3]);
});

test("a repeated request from one port begins one transfer; another port in it gets an error", async () => {
  let reads = 0;
  const { port } = await server({
    read: () => {
      reads++;
      return { content: CONTENT };
    },
  });
  const heard: TftpPacket[] = [];
  const places: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const asking = await Bun.udpSocket({
    hostname: OWN,
    socket: {
      data: (_socket, bytes, from) => {
        heard.push(decodeTftp(Uint8Array.from(bytes)) as TftpPacket);
        places.push(from);
        resolve();
      },
    },
  });
  open.push(asking);
  asking.send(encodeRequest("read", "a", new Map()), port, OWN);
  asking.send(encodeRequest("read", "a", new Map()), port, OWN);
  await promise;
  const told = Promise.withResolvers<TftpPacket | null>();
  const stranger = await Bun.udpSocket({
    hostname: OWN,
    socket: { data: (_socket, bytes) => told.resolve(decodeTftp(bytes)) },
  });
  open.push(stranger);
  stranger.send(encodeAck(1), places[0] ?? 0, OWN);
  expect(await told.promise).toEqual({ kind: "error", code: 5, message: "unknown transfer" });
  expect(reads).toBe(1);
  expect(new Set(places).size).toBe(1);
});
