/**
 * The holder of the lease is stopped or killed: questions after the end of the lease are not
 * answered, to the microsecond. No delay can affect the result: a question is identified by its
 * send time.
 */
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { MappedFile } from "../../src/io/mapped-file.ts";
import { ETHER_TYPE_ALL, PacketSocket } from "../../src/io/packet-socket.ts";
import { AnsweredQuestions } from "../harness/last-answer.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { signal } from "../harness/signals.ts";
import { CHILDREN, closing, seat, server, useLeaseBench } from "./lease-bench.ts";

useLeaseBench();

const LEASE_MS = 20;
const PERIOD_MS = 5;
const TRIALS = 10;

/** A fresh holder whose VIP answers. */
async function holder(end: string): Promise<number> {
  const command = [
    ...[process.execPath, join(CHILDREN, "watched-lease-holder.ts"), "tcx", "eth0"],
    ...[String(LEASE_MS), String(PERIOD_MS), end, "10.44.1.1/16"],
  ];
  const child = Bun.spawn([...server.enter, ...command], { stdio: ["ignore", "pipe", "inherit"] });
  closing.push(() => child.kill("SIGKILL"));
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("up\n");
  return child.pid;
}

for (const name of ["SIGSTOP", "SIGKILL"] as const) {
  test(`${name}: nothing that is asked after the lease is answered`, async () => {
    const directory = scratchDirectory("lease-end");
    closing.push(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, "end");
    const end = new Float64Array(new MappedFile(file, 8).buffer);
    const socket = seat.inside(() => new PacketSocket("eth0", ETHER_TYPE_ALL));
    const hardware = server.hardwareAddress();
    const questions = new AnsweredQuestions(socket, hardware, [10, 44, 0, 9], [10, 44, 1, 1]);
    closing.push(() => questions.close());
    let answered = 0;
    let latestUs = Number.NEGATIVE_INFINITY;
    for (let trial = 0; trial < TRIALS; trial++) {
      const pid = await holder(file);
      const last = questions.askOn(
        () => end[0] as number,
        () => signal(pid, name),
      );
      expect(last.beyond).toBeGreaterThan(0);
      expect(last.lastUs).toBeLessThan(0);
      answered += last.answered;
      if (last.answered > 0) latestUs = Math.max(latestUs, last.lastUs);
      if (name === "SIGSTOP") signal(pid, "SIGKILL");
    }
    expect(answered).toBeGreaterThan(0); // while it ran, it answered
    console.log(`${name}: ${answered} answers, the last asked ${-latestUs} µs before the end`);
  }, 60_000);
}
