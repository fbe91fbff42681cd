import { expect, test } from "bun:test";
import {
  ANSWER_BYTES,
  answerCounter,
  answerFunction,
  answerProcess,
  answerSequence,
  answerServer,
  answerTarget,
  encodeAnswer,
  encodeProbe,
  isAnswer,
  isAnswerLine,
  isProbe,
  PROBE_BYTES,
} from "./probe.ts";

const SEAT = 3;
const probe = new DataView(new ArrayBuffer(PROBE_BYTES));
const answer = new DataView(new ArrayBuffer(ANSWER_BYTES));

test("an answer repeats the probe and names the server", () => {
  encodeProbe(probe, SEAT, 500, 0xfffffff0);
  expect(isProbe(probe, PROBE_BYTES)).toBe(true);
  encodeAnswer(answer, probe, 15, 1023, 0xdeadbeef, 42);
  expect(isAnswer(answer, ANSWER_BYTES, SEAT)).toBe(true);
  expect([answerTarget(answer), answerSequence(answer)]).toEqual([500, 0xfffffff0]);
  expect([answerServer(answer), answerFunction(answer)]).toEqual([15, 1023]);
  expect([answerProcess(answer), answerCounter(answer)]).toEqual([0xdeadbeef, 42]);
});

test("other lengths, other magic numbers and other seats are none", () => {
  encodeProbe(probe, SEAT, 1, 1);
  encodeAnswer(answer, probe, 0, 0, 0, 1);
  expect(isProbe(probe, PROBE_BYTES - 1)).toBe(false);
  expect(isProbe(answer, PROBE_BYTES)).toBe(false);
  expect(isAnswer(answer, ANSWER_BYTES - 1, SEAT)).toBe(false);
  expect(isAnswer(answer, ANSWER_BYTES, SEAT + 1)).toBe(false);
  answer.setUint32(0, 0);
  expect(isAnswer(answer, ANSWER_BYTES, SEAT)).toBe(false);
});

test("a line of text is an answer with function, server and counter only", () => {
  expect(["map a 1", "wifi-portal left-1 4294967296"].map(isAnswerLine)).toEqual([true, true]);
  const others = ["", "map a", "map a x", "map a 1 2", "HTTP/1.1 400 Bad Request", "map a 1\nb"];
  expect(others.filter(isAnswerLine)).toEqual([]);
});
