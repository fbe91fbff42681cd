import { afterAll, expect, spyOn, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { descriptors, opened } from "../../test/harness/descriptors.ts";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { snapshot, writeSnapshot } from "../../test/harness/status-snapshot.ts";
import { until } from "../../test/harness/until.ts";
import { STATUS_BYTES } from "../wire/status-snapshot.ts";
import { readSnapshot, readStatus, readStatusNow, StatusError } from "./status-reader.ts";

const directory = scratchDirectory("status-reader");
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

test("an engine is well as long as its snapshot is younger than two seconds, or ten periods if those are longer", () => {
  const file = join(directory, "status");
  const isWell = (ageMs: number, periodMs: number): boolean => {
    writeSnapshot(file, snapshot({ ageMs }));
    return readStatusNow(file, periodMs) !== null;
  };
  expect([isWell(1000, 20), isWell(2100, 20)]).toEqual([true, false]);
  expect([isWell(9000, 1000), isWell(10_100, 1000)]).toEqual([true, false]);
});

test("an engine that writes during a read: no snapshot mixes two states", async () => {
  const file = join(directory, "written");
  const program = join(import.meta.dir, "../../test/children/snapshot-writer.ts");
  const writer = Bun.spawn([process.execPath, program, file], { stdio: ["ignore", null, null] });
  try {
    await until("a snapshot", () => readSnapshot(file));
    let seen = 0;
    for (let look = 0; look < 20_000 && seen < 2000; look++) {
      const snapshot = readSnapshot(file);
      if (snapshot === null) continue;
      seen++;
      expect(new Set([...snapshot.counters, ...snapshot.latenessHistogram]).size).toBe(1);
    }
    expect(seen).toBeGreaterThan(0); // the fewer, the less is proved
  } finally {
    writer.kill("SIGKILL");
    await writer.exited;
  }
});

/** The same without luck: the whole of the next one is written between two of the three reads. */
test("an engine that has written since the copy began: the copy is not believed", () => {
  const file = join(directory, "copied");
  const made = snapshot();
  made.counters.fill(1);
  writeSnapshot(file, made);
  const { readSync } = fs;
  const look = (...parts: Parameters<typeof readSync>): number => {
    const length = readSync(...parts);
    if (parts[1].byteLength === STATUS_BYTES && made.counters[0] === 1) {
      made.counters.fill(2);
      writeSnapshot(file, made);
    }
    return length;
  };
  const reading = spyOn(fs, "readSync").mockImplementation(look as typeof readSync);
  try {
    expect(readSnapshot(file)?.counters[0]).toBe(2);
  } finally {
    reading.mockRestore();
  }
});

/** `wingman manage` looks several times a second for as long as the machine is on. */
test("a look leaves no descriptor open, whatever it finds", async () => {
  const file = join(directory, "status");
  const before = descriptors();
  writeSnapshot(file);
  expect(readSnapshot(file)).not.toBeNull();
  expect(readStatusNow(file, 20)).not.toBeNull();
  await readStatus(file, 20);
  writeSnapshot(file, snapshot({ ageMs: 60_000 }));
  expect(readStatusNow(file, 20)).toBeNull();
  await expect(readStatus(file, 20)).rejects.toThrow(StatusError);
  writeSnapshot(file, snapshot(), (view) => view.setUint32(8, 3, true)); // is being written
  expect(readSnapshot(file)).toBeNull();
  expect(opened(before)).toEqual([]);
});
