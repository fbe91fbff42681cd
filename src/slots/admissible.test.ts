import { expect, test } from "bun:test";
import type { Manifest } from "../part/manifest.ts";
import type { VerifiedPart } from "../part/verify.ts";
import { isAtLeast, objections } from "./admissible.ts";

const machine = { system: "s", hardware: "WINGHESA", target: "linux-x64", version: "1.2.0" };
const part = {
  ...{ system: "s", hardware: ["OTHER", "WINGHESA"], target: "linux-x64" },
  ...{ version: "1.2.0", minimumVersion: "1.0.0" },
} as VerifiedPart;
const flies = (version: string) => ({ version }) as Manifest;

test("a part for this machine is taken, whatever flies that is not newer", () => {
  expect(objections(part, machine, null, false)).toEqual([]);
  expect(objections(part, machine, flies("1.2.0"), false)).toEqual([]);
  expect(objections(part, machine, flies("1.1.9"), false)).toEqual([]);
});

test("all problems are reported at once", () => {
  const wrong = { ...part, hardware: ["X"], system: "t", target: "linux-arm64" } as VerifiedPart;
  expect(
    objections({ ...wrong, minimumVersion: "2.0.0" }, machine, flies("1.10.0"), false),
  ).toEqual([
    "hardware: found X, expected WINGHESA",
    "system: found t, expected s",
    "target: found linux-arm64, expected linux-x64",
    "installer: found release 1.2.0, expected 2.0.0 or newer",
    "release: found 1.2.0, expected 1.10.0 or newer, or --older",
  ]);
});

test("an older one is taken where it is asked for", () => {
  expect(objections(part, machine, flies("1.10.0"), true)).toEqual([]);
});

test("releases are compared by their numbers", () => {
  expect(isAtLeast("1.10.0", "1.9.9")).toBe(true);
  expect(isAtLeast("1.9.9", "1.10.0")).toBe(false);
  expect(isAtLeast("2.0.0", "2.0.0")).toBe(true);
});
