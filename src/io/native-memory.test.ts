import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { libc } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";

const STALE_POINTER = join(import.meta.dir, "../../test/children/stale-pointer.ts");

async function staleRounds(memory: "native" | "naive"): Promise<number> {
  const child = Bun.spawn([process.execPath, STALE_POINTER, memory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return Number(output);
}

describe("NativeMemory", () => {
  test("is zeroed, aligned, and one memory under all its views", () => {
    for (const length of [1, 4, 12, 16, 100, 4096]) {
      const memory = new NativeMemory(length);
      expect(memory.address % 8).toBe(0);
      expect(memory.bytes.length).toBe(length);
      expect(memory.view.byteLength).toBe(length);
      expect(memory.bytes.every((byte) => byte === 0)).toBe(true);
      memory.bytes[length - 1] = 7;
      expect(memory.view.getUint8(length - 1)).toBe(7);
    }
  });

  test("refuses a length that is none", () => {
    for (const length of [0, -8, 1.5, Number.NaN])
      expect(() => new NativeMemory(length)).toThrow("length");
  });

  test("is what libc reads and writes", () => {
    const pipe = new NativeMemory(8);
    const text = nativeString("cabin");
    expect(libc.socketpair(1, 1, 0, pipe.address)).toBe(0);
    const [one, two] = [pipe.view.getInt32(0, true), pipe.view.getInt32(4, true)];
    const target = new NativeMemory(16);
    expect(libc.write(one, text.address, text.bytes.length)).toBe(6);
    expect(libc.read(two, target.address + 4, 12)).toBe(6);
    expect([...target.bytes.slice(4, 10)]).toEqual(
      [..."cabin\0"].map((letter) => letter.charCodeAt(0)),
    );
    libc.close(one);
    libc.close(two);
  });

  test("writes 64-bit pointers, to itself and to other memory", () => {
    const memory = new NativeMemory(32);
    const other = new NativeMemory(8);
    memory.setPointer(8, 24);
    memory.setPointer(16, 4, other);
    expect(memory.view.getBigUint64(8, true)).toBe(BigInt(memory.address) + 24n);
    expect(memory.view.getBigUint64(16, true)).toBe(BigInt(other.address) + 4n);
  });

  test("a string that C would see cut short is refused", () => {
    expect(() => nativeString("eth0\0x")).toThrow("zero character");
    expect([...nativeString("é").bytes]).toEqual([0xc3, 0xa9, 0]);
  });

  test("stays in place in hot code", async () => {
    expect(await staleRounds("native")).toBe(0);
  }, 30_000);

  // If this fails with a later runtime, the trap is gone there; then the test above proves nothing
  // any more.
  test("canary: a typed array of its own does not", async () => {
    expect(await staleRounds("naive")).toBeGreaterThan(1000);
  }, 30_000);
});
