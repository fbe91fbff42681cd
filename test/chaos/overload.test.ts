import { expect, test } from "bun:test";
import { overloads } from "./overload.ts";

const tenure = (server: number, vip: number, fromUs: number, toUs: number) => ({
  server,
  vip,
  fromUs,
  toUs,
  frames: 2,
});

test("a server is overloaded from the moment at which it answers for too much, not by one function after the other", () => {
  const functionOfVip = [0, 0, 1, 2];
  const required = [40, 50, 30];
  const fits = [
    tenure(0, 0, 0, 50),
    tenure(0, 1, 0, 50),
    tenure(0, 2, 10, 90),
    tenure(0, 3, 51, 90),
    tenure(1, 3, 0, 50),
  ];
  expect(overloads(fits, functionOfVip, required, 100)).toEqual([]);
  const tooMuch = [...fits, tenure(0, 3, 50, 50)];
  expect(overloads(tooMuch, functionOfVip, required, 100)).toEqual([
    { server: 0, atUs: 50, load: 120 },
  ]);
});
