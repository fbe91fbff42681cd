import { describe, expect, test } from "bun:test";
import { Random } from "../../../test/harness/seeded-random.ts";
import { content } from "../../../test/harness/zmodem/content.ts";
import { Noise } from "../../../test/harness/zmodem/noise.ts";
import {
  crc32Slowly,
  hexHeaderText,
  Receiver,
  type ReceiverAbilities,
} from "../../../test/harness/zmodem/receiver.ts";
import { runLine } from "../../../test/harness/zmodem/virtual-line.ts";
import {
  ZMODEM_CLOSE_MS,
  ZMODEM_PROGRESS_MS,
  ZMODEM_SETTLE_MS,
  ZMODEM_SUBPACKET_BYTES_MAX,
  ZMODEM_WINDOW_SUBPACKETS,
} from "../../limits.ts";
import { ZmodemSender } from "./zmodem-sender.ts";

const MODIFIED_UTC_S = 1_700_000_000;
const CANCEL = new Array(5).fill(0x18);

function senderOf(bytes: Uint8Array): ZmodemSender {
  return new ZmodemSender("log.bin", bytes, MODIFIED_UTC_S);
}

/** Everything the sender has to say now. */
function said(sender: ZmodemSender): Buffer {
  const all: Uint8Array[] = [];
  for (let bytes = sender.take(); bytes !== null; bytes = sender.take()) {
    all.push(bytes);
    if (all.length > 1000) throw new Error("the sender talks for ever");
  }
  return Buffer.concat(all);
}

/** A sender whose receiver has asked for the content. */
function sending(bytes: Uint8Array): ZmodemSender {
  const sender = senderOf(bytes);
  said(sender);
  sender.receive(hexHeaderText(1, [0, 0, 0, 0x23]), 0);
  said(sender);
  sender.receive(hexHeaderText(9, [0, 0, 0, 0]), 0);
  return sender;
}

/** Ticks once a second, with everything taken, until the sender is over; the time. */
function patience(sender: ZmodemSender, fromMs = 0): number {
  let nowMs = fromMs;
  while (!sender.isOver) {
    nowMs += 1000;
    if (nowMs > 1_000_000) throw new Error("the sender waits for ever");
    said(sender);
    sender.tick(nowMs);
  }
  return nowMs;
}

describe("a file goes over", () => {
  const kinds: [string, ReceiverAbilities][] = [
    ["a receiver that can everything", {}],
    ["CRC-16", { crc32: false }],
    ["a receiver that cannot hear while it sends", { fullDuplex: false }],
    ["a receiver that cannot receive while it writes", { overlap: false }],
    ["a buffer of 2,000 bytes", { bufferBytes: 2000 }],
    ["a buffer smaller than a subpacket", { bufferBytes: 300, overlap: false }],
    ["the largest buffer", { bufferBytes: 65535 }],
    ["every control character escaped", { escapeControls: true }],
    ["a receiver that asks for the checksum first", { asksFor: "checksum" }],
    ["a receiver that asks for an echo first", { asksFor: "echo" }],
  ];
  for (const [name, abilities] of kinds) {
    for (const length of [0, 1, 1024, 50_000]) {
      test(`${name}: ${length} bytes`, () => {
        const bytes = content(length);
        const sender = senderOf(bytes);
        const receiver = new Receiver(abilities);
        runLine(sender, receiver);
        expect([sender.outcome, sender.reason]).toEqual(["sent", ""]);
        expect(receiver.file).toEqual(bytes);
        expect(receiver.errors).toBe(0);
        expect(receiver.information).toBe(
          `log.bin\0${length} ${MODIFIED_UTC_S.toString(8)} 100644 0 1 ${length}\0`,
        );
        if (abilities.bufferBytes)
          expect(receiver.longestFrame).toBeLessThanOrEqual(abilities.bufferBytes);
        if (abilities.overlap === false || abilities.fullDuplex === false)
          expect(receiver.longestFrame).toBeLessThanOrEqual(ZMODEM_SUBPACKET_BYTES_MAX);
        if (abilities.escapeControls) expect(receiver.bareControls).toBe(0);
        if (abilities.asksFor === "checksum")
          expect(receiver.checksum).toBe(crc32Slowly([...bytes]));
        if (abilities.asksFor === "echo") expect(receiver.echo).toBe(0x12345678);
      });
    }
  }

  test("over noise in both directions; a file that counts as sent is the file, and a line of rubbish ends", () => {
    const outcomes = { sent: 0, failed: 0, aborted: 0 };
    for (let seed = 1; seed <= 200; seed++) {
      const oneIn = [50, 200, 500, 1000, 3000][seed % 5];
      const bytes = content(seed * 100, seed);
      const sender = senderOf(bytes);
      const receiver = new Receiver({
        crc32: seed % 3 > 0,
        overlap: seed % 4 > 0,
        bufferBytes: seed % 7 === 0 ? 700 : 0,
      });
      runLine(sender, receiver, {
        toReceiver: new Noise(seed, oneIn),
        toSender: new Noise(1000 + seed, oneIn),
      });
      outcomes[sender.outcome]++;
      if (sender.outcome === "sent") expect(receiver.file).toEqual(bytes);
      else expect(oneIn).toBeLessThanOrEqual(200);
    }
    expect(outcomes.sent).toBeGreaterThanOrEqual(120);
    expect(outcomes.failed).toBeGreaterThan(0);
  });

  test("a line cut at any byte: what counts as sent is there", () => {
    const bytes = content(3000);
    let sent = 0;
    for (let cutAfterBytes = 0; cutAfterBytes < 3500; cutAfterBytes += 7) {
      const sender = senderOf(bytes);
      const receiver = new Receiver();
      const tookMs = runLine(sender, receiver, { cutAfterBytes });
      if (sender.outcome === "sent") {
        sent++;
        expect(receiver.file).toEqual(bytes);
      } else expect(tookMs).toBeLessThanOrEqual(ZMODEM_PROGRESS_MS + ZMODEM_SETTLE_MS + 2000);
    }
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(100);
  });
});

describe("step by step", () => {
  const ready = hexHeaderText(1, [0, 0, 0, 0x23]);

  test("a receiver that answers two invitations gets one offer, and one that asks later another", () => {
    const sender = senderOf(content(10));
    said(sender);
    sender.receive(ready, 1000);
    expect(said(sender).toString()).toContain("log.bin");
    sender.receive(ready, 1100);
    expect(said(sender).length).toBe(0);
    sender.receive(ready, 11_000);
    expect(said(sender).toString()).toContain("log.bin");
  });

  test("a receiver that wants to be waited for is waited for", () => {
    const sender = senderOf(content(5000));
    said(sender);
    sender.receive(hexHeaderText(1, [0, 0, 0, 0x20]), 0);
    said(sender);
    sender.receive(hexHeaderText(9, [0, 0, 0, 0]), 0);
    for (let position = 1024; position < 5000; position += 1024) {
      const bytes = said(sender);
      expect(bytes.length).toBeGreaterThan(1024);
      expect(bytes.length).toBeLessThan(1300);
      sender.receive(hexHeaderText(3, [0, (position - 1024) >> 8, 0, 0]), 0);
      expect(said(sender).length).toBe(0);
      sender.receive(hexHeaderText(3, [0, position >> 8, 0, 0]), 0);
    }
  });

  test("lost messages are repeated after a while, the content from the receiver's position", () => {
    const sender = senderOf(content(20_000));
    said(sender);
    sender.receive(ready, 0);
    expect(said(sender).toString()).toContain("log.bin");
    sender.tick(13_000);
    expect(said(sender).toString()).toContain("log.bin");
    sender.receive(hexHeaderText(9, [0, 0, 0, 0]), 13_000);
    expect(said(sender).length).toBeGreaterThan(16_000);
    sender.tick(26_000);
    const again = said(sender);
    expect([...again.subarray(0, 8)]).toEqual([0x2a, 0x18, 0x43, 10, 0, 0, 0, 0]);
    sender.receive(hexHeaderText(3, [0, 0x20, 0, 0]), 26_000);
    const rest = said(sender).toString("latin1");
    expect(rest).toContain("**\x18B0b204e0000");
    sender.tick(39_000);
    expect(said(sender).toString()).toStartWith("**\x18B0b204e0000");
  });

  test("a receiver that restarts in the middle has not got the file", () => {
    const sender = sending(content(100_000));
    said(sender);
    sender.receive(ready, 5000);
    expect(sender.outcome).toBe("failed");
    patience(sender, 5000);
    expect(sender.outcome).toBe("failed");
  });

  test("a transfer may take longer than a minute, as long as it comes further", () => {
    const sender = sending(content(100_000));
    let nowMs = 0;
    for (let position = 0; position < 100_000 && !sender.isOver; position += 4096) {
      nowMs += 10_000;
      sender.tick(nowMs);
      said(sender);
      sender.receive(hexHeaderText(3, [0, (position >> 8) & 255, position >> 16, 0]), nowMs);
    }
    expect(nowMs).toBeGreaterThan(2 * ZMODEM_PROGRESS_MS);
    expect(sender.isOver).toBe(false);
    expect(sender.outcome).toBe("failed");
    said(sender);
    sender.receive(ready, nowMs);
    expect(sender.outcome).toBe("sent");
  });
});

describe("a transfer ends", () => {
  test("when no receiver answers, after a minute, with repeated invitations", () => {
    const sender = senderOf(content(10));
    expect(said(sender).toString()).toStartWith("**\x18B00");
    for (let nowMs = 0; nowMs < 13_000; nowMs += 1000) sender.tick(nowMs);
    expect(said(sender).toString()).toStartWith("**\x18B00");
    expect(patience(sender, 13_000)).toBeLessThan(ZMODEM_PROGRESS_MS + ZMODEM_SETTLE_MS);
    expect([sender.outcome, sender.reason]).toEqual(["failed", "no ZMODEM receiver answered"]);
  });

  test("when the receiver is silent, at every stage, with a cancel to it", () => {
    for (let headers = 1; headers <= 4; headers++) {
      const sender = senderOf(content(100_000));
      said(sender);
      if (headers >= 1) sender.receive(hexHeaderText(1, [0, 0, 0, 0x23]), 0);
      said(sender);
      if (headers >= 2) sender.receive(hexHeaderText(9, [0, 0, 0, 0]), 0);
      const burst = said(sender);
      if (headers >= 2)
        expect(burst.length).toBeLessThan(
          1.3 * ZMODEM_WINDOW_SUBPACKETS * ZMODEM_SUBPACKET_BYTES_MAX,
        );
      if (headers >= 3) sender.receive(hexHeaderText(3, [0, 16, 0, 0]), 0);
      let last = said(sender);
      if (headers >= 3) expect(last.length).toBeGreaterThan(4096);
      if (headers >= 4) sender.receive(hexHeaderText(9, [0, 8, 0, 0]), 0);
      let nowMs = 0;
      while (!sender.isOver && nowMs < 200_000) {
        nowMs += 1000;
        sender.tick(nowMs);
        const bytes = said(sender);
        if (bytes.length > 0) last = bytes;
      }
      expect(nowMs).toBeLessThanOrEqual(ZMODEM_PROGRESS_MS + ZMODEM_SETTLE_MS);
      expect([sender.outcome, sender.reason]).toEqual(["failed", "the receiver does not answer"]);
      expect([...last.subarray(0, 8)]).toEqual(new Array(8).fill(0x18));
    }
  });

  test("when the line takes nothing any more", () => {
    const sender = sending(content(100_000));
    let nowMs = 0;
    for (; !sender.isOver && nowMs < 200_000; nowMs += 1000) sender.tick(nowMs);
    expect(nowMs).toBeLessThanOrEqual(ZMODEM_PROGRESS_MS + ZMODEM_SETTLE_MS + 1000);
    expect(sender.outcome).toBe("failed");
    expect(sender.take()).toBeNull();
  });

  test("when the receiver asks for the same bytes for ever", () => {
    const sender = sending(content(100_000));
    let nowMs = 0;
    for (; !sender.isOver && nowMs < 200_000; nowMs += 100) {
      said(sender);
      sender.receive(hexHeaderText(9, [0, 4, 0, 0]), nowMs);
      sender.receive(hexHeaderText(14, [1, 2, 3, 4]), nowMs);
      sender.tick(nowMs);
    }
    expect(nowMs).toBeLessThanOrEqual(ZMODEM_PROGRESS_MS + ZMODEM_SETTLE_MS + 1000);
    expect(sender.outcome).toBe("failed");
  });

  test("when the receiver has everything but does not close: the file counts as sent", () => {
    const sender = sending(content(100));
    said(sender);
    sender.receive(hexHeaderText(1, [0, 0, 0, 0x23]), 0);
    expect(patience(sender)).toBeLessThanOrEqual(ZMODEM_CLOSE_MS + ZMODEM_SETTLE_MS);
    expect(sender.outcome).toBe("sent");
  });

  test("by five CANs of the receiver, at every stage, without an answer", () => {
    for (const sender of [senderOf(content(9)), sending(content(9)), sending(content(100_000))]) {
      sender.take();
      sender.take();
      sender.receive(Uint8Array.from(CANCEL), 0);
      expect([sender.outcome, sender.reason]).toEqual([
        "aborted",
        "the receiver cancelled the transfer",
      ]);
      expect(sender.take()).toBeNull();
      expect(patience(sender)).toBeLessThanOrEqual(2000);
    }
  });

  test("by our own side, with eight CANs, and the receiver ends with it", () => {
    const sender = senderOf(content(100_000));
    const receiver = new Receiver();
    runLine(sender, receiver, {
      inStep: (nowMs) => nowMs > 1500 && sender.abort("the line is wanted"),
    });
    expect([sender.outcome, sender.reason]).toEqual(["aborted", "the line is wanted"]);
    expect([receiver.isCancelled, receiver.file]).toEqual([true, null]);
  });

  test("by Ctrl-C of somebody who has no receiver, but only before one has answered", () => {
    const sender = senderOf(content(100));
    sender.receive(Uint8Array.of(3), 0);
    expect(sender.outcome).toBe("aborted");
    const later = sending(content(100));
    later.receive(Uint8Array.of(3), 0);
    expect(said(later).length).toBeGreaterThan(100);
  });

  test("when the receiver skips the file, cannot write it, gives up, or has a line of 7 bits", () => {
    const endings: [number, string, string][] = [
      [5, "aborted", "the receiver skips the file: it may have one of this name"],
      [12, "failed", "the receiver could not write the file"],
      [7, "aborted", "the receiver ended the session"],
      [8, "aborted", "the receiver ended the session"],
    ];
    for (const [type, outcome, reason] of endings) {
      const sender = sending(content(100_000));
      sender.receive(hexHeaderText(type, [0, 0, 0, 0]), 0);
      patience(sender);
      expect([sender.outcome, sender.reason]).toEqual([outcome as never, reason]);
    }
    const sender = senderOf(content(1));
    runLine(sender, new Receiver({ sevenBits: true }));
    expect([sender.outcome, sender.reason]).toEqual([
      "failed",
      "the receiver's line has 7 bits, and a download needs 8",
    ]);
  });

  test("when the receiver wants to continue with its part of another file", () => {
    const sender = senderOf(content(100_000));
    sender.receive(hexHeaderText(1, [0, 0, 0, 0x23]), 0);
    said(sender);
    sender.receive(hexHeaderText(9, [0, 1, 0, 0]), 0);
    expect(sender.outcome).toBe("failed");
    expect(sender.reason).toContain("remove that one and download again");
    expect([...said(sender).subarray(0, 8)]).toEqual(new Array(8).fill(0x18));
  });

  test("under any rubbish, and nothing of it counts as sent", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new Random(seed);
      const sender = seed % 2 === 0 ? sending(content(3000, seed)) : senderOf(content(3000, seed));
      let nowMs = 0;
      for (; !sender.isOver && nowMs < 3_600_000; nowMs += 500) {
        for (let i = random.below(40); i > 0; i--) sender.take();
        const type = [0, 2, 3, 4, 6, 9, 9, 9, 10, 11, 13, 14, 16, 17, 19, 255][random.below(16)];
        const fields = Array.from({ length: 4 }, (_, i) =>
          random.below(i === 0 ? 256 : i === 1 ? 16 : 1),
        );
        const rubbish = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
        sender.receive(random.below(2) === 0 ? hexHeaderText(type, fields) : rubbish, nowMs);
        sender.tick(nowMs);
      }
      expect(nowMs).toBeLessThan(3_600_000);
      expect(sender.outcome).not.toBe("sent");
    }
  });
});

describe("the line afterwards", () => {
  test("belongs to the console when it is quiet: the end of the good-bye is eaten", () => {
    const sender = sending(content(10));
    said(sender);
    sender.receive(hexHeaderText(1, [0, 0, 0, 0x23]), 0);
    expect(said(sender).toString()).toStartWith("**\x18B08");
    const goodBye = hexHeaderText(8, [0, 0, 0, 0]);
    sender.receive(goodBye.subarray(0, 18), 100);
    expect(said(sender).toString()).toBe("OO");
    sender.tick(300);
    expect(sender.isOver).toBe(false);
    sender.receive(goodBye.subarray(18), 400);
    sender.tick(800);
    expect(sender.isOver).toBe(false);
    sender.tick(900);
    expect(sender.isOver).toBe(true);
    expect(sender.outcome).toBe("sent");
  });

  test("also when it is never quiet", () => {
    const sender = sending(content(10));
    sender.receive(Uint8Array.from(CANCEL), 0);
    let nowMs = 0;
    for (; !sender.isOver && nowMs < 100_000; nowMs += 100) {
      sender.receive(Uint8Array.of(0x55), nowMs);
      sender.tick(nowMs);
    }
    expect(nowMs).toBeLessThanOrEqual(ZMODEM_SETTLE_MS + 200);
  });
});

test("a name that a receiver could take for a path is a mistake of the caller", () => {
  for (const name of ["", "a/b", "../a", "a\0b", "a b", "a".repeat(65)])
    expect(() => new ZmodemSender(name, new Uint8Array(1), 0)).toThrow("plain");
});
