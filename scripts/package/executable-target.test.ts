import { expect, test } from "bun:test";
import { standIn } from "../../test/harness/part.ts";
import { executableTarget } from "./executable-target.ts";

const executable = (machine: number, linker: string): Uint8Array => {
  const content = standIn(4000);
  content.set([machine & 0xff, machine >> 8], 18);
  content.set(Buffer.from(linker), 800);
  return content;
};

test.each([
  [62, "/lib64/ld-linux-x86-64.so.2", "linux-x64"],
  [62, "/lib/ld-musl-x86_64.so.1", "linux-x64-musl"],
  [183, "/lib/ld-linux-aarch64.so.1", "linux-arm64"],
  [183, "/lib/ld-musl-aarch64.so.1", "linux-arm64-musl"],
  [3, "/lib/ld-linux.so.2", null],
])("machine %i with %s is %s", (machine, linker, expected) => {
  expect(executableTarget(executable(machine, linker))).toBe(expected as never);
});

test("a file that is not ELF is for no machine", () => {
  expect(executableTarget(new Uint8Array(63))).toBeNull();
  expect(executableTarget(Buffer.alloc(100, "#!/bin/sh\n"))).toBeNull();
});
