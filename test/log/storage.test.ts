import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "../harness/log-on-disk.ts";

const CHILD = join(import.meta.dir, "../children/log-storage.ts");

test("a storage that is full, read-only, or refuses: reported, nothing acknowledged, nothing lost, and written as soon as possible", () => {
  const directory = scratch();
  try {
    const namespace =
      process.getuid?.() === 0 ? ["unshare", "--mount"] : ["unshare", "--mount", "--map-root-user"];
    // A write beyond the limit must be an error, and not end the process.
    const script = 'trap "" XFSZ; exec "$@"';
    const command = [
      ...namespace,
      "bash",
      "-c",
      script,
      "bash",
      process.execPath,
      CHILD,
      directory,
    ];
    const child = Bun.spawnSync(command, { timeout: 120_000 });
    expect(child.stderr.toString()).toBe("");
    const seen = JSON.parse(child.stdout.toString());
    expect(seen).toEqual({
      full: {
        problem: expect.stringMatching(
          /^posix_fallocate: No space left on device \(ENOSPC\): .*maintenance\.log\.new$/,
        ),
        ...{ durable: 0, codes: [423, 301], image: 0 },
      },
      tooSoon: true,
      // The last record reports that writing works again, and is itself unwritten until the next
      // sync.
      roomAgain: {
        problem: null,
        durable: 1,
        codes: [423, 301, 400, 424, 423],
        sequences: [1, 2, 3, 4, 5],
      },
      readOnly: { problem: expect.stringContaining("EROFS"), durable: 0, readable: 6 },
      writableAgain: { problem: null, durable: 1, newest: expect.arrayContaining([424]) },
      refuses: { durable: 1, problem: expect.stringContaining("EFBIG"), waiting: [301, 301, 423] },
      refusesStill: 1,
      takes: { durable: 3, problem: null },
      newest: ["set 301", "set 301", "set 423", "event 424", "cleared 423"],
      size: 64 * 1024,
      noRoomToGrow: { durable: 4, problem: null, size: 64 * 1024, newest: [426, 301] },
      roomToGrow: { size: 2048 * 1024, newest: 425 },
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
