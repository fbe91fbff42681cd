/**
 * MulticastSocket between network namespaces: A and B are joined by two networks. Needs root and
 * `ip`.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ENODEV } from "../../src/io/errno.ts";
import { until } from "../harness/until.ts";
import { type Host, VirtualNetwork } from "../harness/virtual-network.ts";

const CHILD = join(import.meta.dir, "../children/multicast-child.ts");
const GROUP = "239.192.44.61";
const OTHER_GROUP = "239.192.44.62";
const PORT = 44161;

const hosts = new VirtualNetwork();
const A = hosts.addHost();
const B = hosts.addHost();
afterAll(() => hosts.close());

/** Joins A and B by network 0 or 1. The interface has the same name, net0 or net1, in both. */
function connect(network: number): void {
  A.cable(`net${network}`, `10.61.${network}.1/24`, B, `10.61.${network}.2/24`);
}
connect(0);
connect(1);

/** A child with a socket; what it prints is kept in `lines`. */
class Station {
  readonly lines: string[] = [];
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;

  constructor(host: Host, interfaceName: string, group = GROUP) {
    this.#child = Bun.spawn(
      [...host.enter, process.execPath, CHILD, interfaceName, group, String(PORT)],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    this.#read();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of this.#child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      this.lines.push(...lines);
    }
  }

  /** Waits until it has printed `line`. */
  async printed(line: string): Promise<void> {
    await until(
      () => `"${line}" is not among: ${this.lines.join("; ")}`,
      () => this.lines.includes(line),
    );
  }

  /** Sends a command and waits for its answer; returns the number in it. */
  async command(line: string): Promise<number> {
    const answers = () => this.lines.filter((printed) => /^(sent|rejoined) /.test(printed));
    const before = answers().length;
    this.#child.stdin.write(`${line}\n`);
    await this.#child.stdin.flush();
    const answer = await until(`an answer to "${line}"`, () => answers()[before]);
    return Number(answer.split(" ")[1]);
  }

  /** Received datagrams, in order. */
  get received(): string[] {
    return this.lines
      .filter((line) => line.startsWith("received "))
      .map((line) => line.slice("received ".length));
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#child.exited;
  }
}

async function stations(...made: Station[]): Promise<Station[]> {
  for (const station of made) await station.printed("ready");
  return made;
}

describe("MulticastSocket between two machines", () => {
  test("carries datagrams both ways; too long ones show by their length; the sender does not hear itself", async () => {
    const [a, b] = await stations(new Station(A, "net0"), new Station(B, "net0"));
    for (const length of [4, 16, 1400, 2048, 2049, 4000])
      expect(await a.command(`send ${length} ${length}`)).toBe(0);
    await b.printed("received 4000 4000");
    expect(b.received).toEqual([
      "4 4",
      "16 16",
      "1400 1400",
      "2048 2048",
      "2049 2049",
      "4000 4000",
    ]);
    expect(await b.command("send 8 77")).toBe(0);
    await a.printed("received 8 77");
    expect(a.received).toEqual(["8 77"]);
    await Promise.all([a.end(), b.end()]);
  }, 60_000);

  test("hears its own network and group only, and nothing sent to the machine alone", async () => {
    const made = await stations(
      new Station(A, "net0"),
      new Station(A, "net1"),
      new Station(A, "net0", OTHER_GROUP),
      new Station(B, "net0"),
      new Station(B, "net1"),
      new Station(B, "net0", OTHER_GROUP),
    );
    const unicast = `await (await Bun.udpSocket({})).send("12345678", ${PORT}, "10.61.0.2"); process.exit(0)`;
    A.run(process.execPath, "-e", unicast);
    // Each sends a first and a last datagram; what does not belong would arrive between them.
    for (const word of [10, 20]) {
      for (const station of [0, 1, 2])
        expect(await made[station].command(`send 8 ${word + station}`)).toBe(0);
    }
    for (const station of [0, 1, 2]) {
      await made[station + 3].printed(`received 8 ${20 + station}`);
      expect(made[station + 3].received).toEqual([`8 ${10 + station}`, `8 ${20 + station}`]);
    }
    await Promise.all(made.map((station) => station.end()));
  }, 60_000);

  test("reports that its interface is gone, and uses the one that comes back in its place", async () => {
    const [a, b] = await stations(new Station(A, "net0"), new Station(B, "net0"));
    A.ip("link", "del", "net0");
    expect(await a.command("rejoin")).toBe(ENODEV);
    expect(await a.command("send 8 1")).not.toBe(0);
    connect(0);
    expect(await a.command("rejoin")).toBe(0);
    expect(await b.command("rejoin")).toBe(0);
    expect(await a.command("rejoin")).toBe(0); // once more than needed does no harm
    expect(await a.command("send 8 2")).toBe(0);
    await b.printed("received 8 2");
    expect(await b.command("send 8 3")).toBe(0);
    await a.printed("received 8 3");
    expect([a.received, b.received]).toEqual([["8 3"], ["8 2"]]);
    await Promise.all([a.end(), b.end()]);
  }, 60_000);
});
