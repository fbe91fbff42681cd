import { expect, test } from "bun:test";
import { nearestName } from "./nearest.ts";

const KEYS = ["id", "resource", "required", "priority", "vips", "command"];

test.each([
  ["resorce", "resource"],
  ["ressource", "resource"],
  ["piroity", "priority"],
  ["Priority", "priority"],
  ["vip", "vips"],
  ["comand", "command"],
])("%s is meant to be %s", (name, expected) => {
  expect(nearestName(name, KEYS)).toBe(expected);
});

test.each(["colour", "x", "", "prio", "z".repeat(100_000)])("nothing is near %p", (name) => {
  expect(nearestName(name, KEYS)).toBeNull();
});

test("among equally near names the first is taken", () => {
  expect(nearestName("server-c", ["server-a", "server-b"])).toBe("server-a");
});
