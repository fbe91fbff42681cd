import { afterEach, expect, test } from "bun:test";
import { cleanEnvironment } from "./own-executable.ts";

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

test("children get PATH, their own variables, and nothing else of the environment", () => {
  process.env.PATH = "/opt/bin";
  process.env.NODE_OPTIONS = "--require=foreign";
  expect(cleanEnvironment()).toEqual({ PATH: "/opt/bin" });
  expect(cleanEnvironment({ WINGMAN_FUNCTION: "map" })).toEqual({
    PATH: "/opt/bin",
    WINGMAN_FUNCTION: "map",
  });
});

test("without PATH in the environment, programs are still found", () => {
  for (const none of ["", undefined]) {
    process.env.PATH = none;
    if (none === undefined) delete process.env.PATH;
    expect(cleanEnvironment().PATH?.split(":")).toContain("/usr/sbin");
  }
});
