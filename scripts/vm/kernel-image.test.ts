import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { unpackKernel } from "./kernel-image.ts";

/** A bzImage with one sector of set-up code, and the payload 64 bytes into what follows. */
function bzImage(packed: Uint8Array, size: number): Buffer {
  const image = Buffer.alloc(1024 + 64 + packed.length + 4 + 16);
  image[0x1f1] = 1;
  image.writeUInt32LE(0x53726448, 0x202);
  image.writeUInt32LE(64, 0x248);
  image.writeUInt32LE(packed.length + 4, 0x24c);
  image.set(packed, 1024 + 64);
  image.writeUInt32LE(size, 1024 + 64 + packed.length);
  return image;
}
const kernel = Buffer.from("\x7fELF and so on".repeat(100), "latin1");

test("the kernel comes out as it was packed", async () => {
  const unpacked = await unpackKernel(bzImage(gzipSync(kernel), kernel.length));
  expect(Buffer.from(unpacked)).toEqual(kernel);
});

test("no kernel, an unknown compression and a truncated file are reported", async () => {
  const failed = async (image: Buffer): Promise<string> =>
    await unpackKernel(image).then(
      () => "",
      (error: Error) => error.message,
    );
  expect(await failed(Buffer.alloc(2048))).toContain("found no boot header");
  expect(await failed(bzImage(kernel, 4))).toContain("found a payload that begins 7f454c46");
  const cut = gzipSync(kernel).subarray(0, -20);
  expect(await failed(bzImage(cut, kernel.length))).toContain(`expected ${kernel.length}`);
});
