import { afterAll, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { dependenciesOf, modulesInOrder } from "./kernel-modules.ts";

const directory = scratchDirectory("kernel-modules");
afterAll(() => rmSync(directory, { recursive: true }));

function module(name: string, depends: string): void {
  mkdirSync(join(directory, "kernel"), { recursive: true });
  const text = `\x7fELF\0license=GPL\0depends=${depends}\0name=${name}\0`;
  writeFileSync(join(directory, "kernel", `${name}.ko`), text, "latin1");
}
module("virtio-blk", "virtio,virtio_ring");
module("virtio", "virtio_ring");
module("virtio_ring", "");
writeFileSync(join(directory, "modules.builtin"), "kernel/drivers/8250/8250-pci.ko\n");

test("each module comes after those that it depends on, whatever its name is written like", () => {
  const files = modulesInOrder(directory, ["virtio_blk", "virtio"]);
  expect(files.map((file) => basename(file))).toEqual([
    "virtio_ring.ko",
    "virtio.ko",
    "virtio-blk.ko",
  ]);
});

test("a built-in module needs no file; an unknown one is reported", () => {
  expect(modulesInOrder(directory, ["8250_pci"])).toEqual([]);
  expect(() => modulesInOrder(directory, ["i6300esb"])).toThrow("found no module i6300esb in");
});

test("a module that depends on nothing, and bytes that are none", () => {
  expect(dependenciesOf(Buffer.from("\0depends=\0"))).toEqual([]);
  expect(dependenciesOf(Buffer.from("nothing"))).toEqual([]);
});
