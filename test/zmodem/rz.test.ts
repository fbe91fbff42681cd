/**
 * Downloads to the real `rz` of lrzsz, which technicians' terminal programs run, at the other end
 * of a pseudo-terminal.
 */
import { describe, expect, test } from "bun:test";
import { writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ZmodemSender } from "../../src/manage/zmodem/zmodem-sender.ts";
import { content } from "../harness/zmodem/content.ts";
import { Noise } from "../harness/zmodem/noise.ts";
import { Transfer, type TransferOptions } from "./transfer.ts";

const NAME = "wingman-a-log.bin";
const MODIFIED_UTC_S = 1_700_000_000;
/**
 * rz waits for one second instead of ten; the sender's time runs three times as fast, so that rz
 * still speaks first, on a busy machine, too.
 */
const IMPATIENT = { options: ["-t", "10"], haste: 3 };

function digest(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "no file" : Bun.SHA256.hash(bytes, "hex");
}

function transfer(bytes: Uint8Array, options: TransferOptions = {}): Transfer {
  return new Transfer(new ZmodemSender(NAME, bytes, MODIFIED_UTC_S), options);
}

async function expectSent(t: Transfer, bytes: Uint8Array): Promise<void> {
  expect(await t.run()).toBe(0);
  expect([t.sender.outcome, t.sender.reason]).toEqual(["sent", ""]);
  const files = t.files();
  expect(Object.keys(files)).toEqual([NAME]);
  expect(digest(files[NAME])).toBe(digest(bytes));
  // Nothing is left on the line for the console to stumble over.
  expect(t.terminal.read()).toBeNull();
  expect(t.sender.take()).toBeNull();
}

describe("byte for byte", () => {
  for (const length of [0, 1, 1024, 100 << 10, 4 << 20]) {
    test(`${length} bytes`, async () => {
      const bytes = content(length);
      using t = transfer(bytes);
      await expectSent(t, bytes);
    });
  }

  test("nothing but what must be escaped, for a receiver that wants all control characters escaped", async () => {
    const bytes = Uint8Array.from(
      { length: 20_000 },
      (_, i) => [0x18, 0x11, 0x13, 0x0d, 0x90, 0x00, 0xff, 0x40][i % 8],
    );
    using t = transfer(bytes, { options: ["-e"] });
    await expectSent(t, bytes);
  });

  test("to a receiver that finds an error in every 5,000 bytes", async () => {
    const bytes = content(100 << 10);
    using t = transfer(bytes, { ...IMPATIENT, options: ["-t", "10", "--errors", "5000"] });
    await expectSent(t, bytes);
    expect(t.sentBytes).toBeGreaterThan(bytes.length + 10_000);
  });

  test("over a slow line, and to a receiver that stops for a while", async () => {
    const bytes = content(40_000);
    let stoppedMs = 0;
    using t = transfer(bytes, {
      bytesPerSecond: 11_520,
      inTurn: (sentBytes, { receiver }) => {
        if (sentBytes > 10_000 && stoppedMs === 0) {
          stoppedMs = performance.now();
          receiver.kill("SIGSTOP");
        }
        if (stoppedMs > 0 && performance.now() - stoppedMs > 2000) receiver.kill("SIGCONT");
      },
    });
    await expectSent(t, bytes);
  });

  for (const [seed, oneIn] of [
    [1, 20_000],
    [2, 5000],
    [3, 3000],
    [4, 1500],
  ]) {
    test(`with one byte in ${oneIn} damaged in both directions`, async () => {
      const bytes = content(100 << 10, seed);
      const toReceiver = new Noise(seed, oneIn);
      const toSender = new Noise(100 + seed, Math.min(oneIn, 1000));
      using t = transfer(bytes, { ...IMPATIENT, toReceiver, toSender });
      await expectSent(t, bytes);
      expect(toReceiver.flips).toBeGreaterThan(2);
    });
  }
});

describe("nothing half counts as done", () => {
  test("the line is cut in the middle", async () => {
    using t = transfer(content(1 << 20), {
      ...IMPATIENT,
      haste: 30,
      inTurn: (sentBytes, cut) => {
        cut.isCut ||= sentBytes > 300_000;
      },
    });
    expect(await t.run()).not.toBe(0);
    expect([t.sender.outcome, t.sender.reason]).toEqual(["failed", "the receiver does not answer"]);
  });

  test("the line is hung up in the middle", async () => {
    using t = transfer(content(1 << 20), {
      inTurn: (sentBytes, cut) => {
        if (sentBytes < 300_000) return;
        cut.isHungUp = true;
        cut.terminal.close();
      },
    });
    expect(await t.run()).not.toBe(0);
    expect(t.sender.outcome).toBe("failed");
  });

  test("rz is killed: the sender falls silent after what was on its way, and gives up", async () => {
    let killedAt = 0;
    using t = transfer(content(1 << 20), {
      haste: 30,
      inTurn: (sentBytes, { receiver }) => {
        if (sentBytes < 300_000 || killedAt > 0) return;
        killedAt = sentBytes;
        receiver.kill("SIGKILL");
      },
    });
    expect(await t.run()).toBe(137);
    expect([t.sender.outcome, t.sender.reason]).toEqual(["failed", "the receiver does not answer"]);
    expect(killedAt).toBeGreaterThan(0);
    expect(t.sentBytes - killedAt).toBeLessThan(40_000);
  });

  test("five CANs from the receiver's end: the transfer ends at once, and the line is quiet", async () => {
    let cancelledMs = 0;
    using t = transfer(content(4 << 20), {
      inTurn: (sentBytes, { receiver, terminal }) => {
        if (sentBytes < 300_000 || cancelledMs > 0) return;
        cancelledMs = performance.now();
        // Silent from now on, so that none of its own output comes between the five.
        receiver.kill("SIGSTOP");
        writeSync(terminal.otherFd, new Uint8Array(5).fill(0x18));
      },
    });
    await t.run();
    expect([t.sender.outcome, t.sender.reason]).toEqual([
      "aborted",
      "the receiver cancelled the transfer",
    ]);
    expect(t.terminal.read()).toBeNull();
  });

  test("rz is cancelled: its CANs, or its silence when it drops them as it leaves the line, end the transfer", async () => {
    let isEnded = false;
    using t = transfer(content(4 << 20), {
      haste: 30,
      inTurn: (sentBytes, { receiver }) => {
        if (sentBytes < 300_000 || isEnded) return;
        isEnded = true;
        receiver.kill("SIGINT");
      },
    });
    expect(await t.run()).toBe(130);
    expect(["the receiver cancelled the transfer", "the receiver does not answer"]).toContain(
      t.sender.reason,
    );
    expect(t.terminal.read()).toBeNull();
  });

  test("the sender cancels: rz ends with it", async () => {
    using t = transfer(content(4 << 20), {
      inTurn: (sentBytes, { sender }) => {
        if (sentBytes > 300_000) sender.abort("the server goes down");
      },
    });
    expect(await t.run()).toBeGreaterThan(0);
    expect([t.sender.outcome, t.sender.reason]).toEqual(["aborted", "the server goes down"]);
  });

  test("a file of an earlier transfer is not gone on with", async () => {
    const bytes = content(50_000, 2);
    using t = transfer(bytes, { options: ["-r"] });
    const half = content(20_000, 1);
    writeFileSync(join(t.directory, NAME), half);
    await t.run();
    expect(t.sender.outcome).toBe("failed");
    expect(t.sender.reason).toContain("wants to go on");
    // rz removes what it did not finish; other receivers may keep the half file as it was.
    expect(["no file", digest(half)]).toContain(digest(t.files()[NAME]));
  });

  test("a file that is there and protected is not wanted", async () => {
    using t = transfer(content(50_000), { options: ["-p"] });
    writeFileSync(join(t.directory, NAME), "mine");
    await t.run();
    expect([t.sender.outcome, t.sender.reason]).toEqual([
      "aborted",
      "the receiver skips the file: it may have one of this name",
    ]);
    expect(Buffer.from(t.files()[NAME]).toString()).toBe("mine");
  });
});
