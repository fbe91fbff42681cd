/** Dimensions of resource, and functions that must be together or apart, in one configuration. */
import { describe, expect, test } from "bun:test";
import { type Changed, linesAbout, smallest } from "../../test/harness/smallest-aircraft.ts";

const SERVERS = [
  { id: "a", resource: { cpu: 100, streams: 10 } },
  { id: "b", resource: { streams: 40, cpu: 50 } },
];

/** Functions of 5 cpu, `f` to as many as there are, with the keys of each. */
const functions = (...keys: Changed[]) =>
  keys.map((changes, index) => ({
    id: String.fromCharCode(0x66 + index),
    ...{ required: { cpu: 5 }, priority: 5, vips: [`10.44.1.${index + 1}/16`] },
    ...changes,
  }));

/** The same of plain numbers. */
const plain = (...keys: Changed[]) => functions(...keys.map((each) => ({ required: 5, ...each })));

const about = (...keys: Changed[]): string[] =>
  linesAbout({ servers: SERVERS, functions: functions(...keys) });

const aboutPlain = (...keys: Changed[]): string[] => linesAbout({ functions: plain(...keys) });

describe("dimensions", () => {
  test("may be given in any order, and left out where a function takes none", () => {
    expect(about({ required: { streams: 40, cpu: 1 } }, {})).toEqual([]);
  });

  test("are those of the first server on every other", () => {
    expect(
      linesAbout({
        servers: [
          SERVERS[0],
          { id: "b", resource: { cpu: 50, streems: 10 } },
          { id: "c", resource: { memory: 1, cpu: 50, streams: 10 } },
          { id: "d", resource: 50 },
        ],
        functions: functions({}),
      }),
    ).toEqual([
      'x: servers[1].resource.streems: found an unknown dimension, expected "streams"',
      "x: servers[1].resource.streams: found nothing, expected a whole number, as in servers[0].resource",
      "x: servers[2].resource.memory: found an unknown dimension, expected a dimension of servers[0].resource: cpu or streams",
      "x: servers[3].resource: found 50, expected an object with cpu and streams, as in servers[0].resource",
    ]);
  });

  test("are those of the servers in every function, which takes some of the first", () => {
    expect(
      about(
        { required: 5 },
        { required: { cpu: 5, strems: 1 } },
        { required: { streams: 1 } },
        { required: { cpu: 0 } },
      ),
    ).toEqual([
      "x: functions[0].required: found 5, expected an object with cpu and streams, as in servers[0].resource",
      'x: functions[1].required.strems: found an unknown dimension, expected "streams"',
      "x: functions[2].required.cpu: found nothing, expected a whole number from 1 to 1,000,000, for it is the first dimension",
      "x: functions[3].required.cpu: found 0, expected a whole number from 1 to 1,000,000, for it is the first dimension",
    ]);
  });

  test("stand beside no plain number", () => {
    expect(
      linesAbout({
        servers: [smallest().servers[0], { id: "b", resource: { cpu: 5 } }],
        functions: functions({}),
      }),
    ).toEqual([
      "x: servers[1].resource: found an object, expected a whole number, as in servers[0].resource",
      "x: functions[0].required: found an object, expected a whole number, as in servers[0].resource",
    ]);
  });

  test("each bound the size of a function, and all of them together", () => {
    expect(
      about(
        { required: { cpu: 101, streams: 41 } },
        { required: { cpu: 51, streams: 11 } },
        { required: { cpu: 5, streams: 11 }, servers: ["a"] },
        { required: { cpu: 50, streams: 40 } },
      ),
    ).toEqual([
      "x: functions[0].required.cpu: found 101, expected at most 100, the most cpu of all servers",
      "x: functions[0].required.streams: found 41, expected at most 40, the most streams of all servers",
      "x: functions[1].required: found 51 cpu, 11 streams, expected what one of all servers has in every dimension",
      "x: functions[2].required.streams: found 11, expected at most 10, the most streams of the servers that may run it",
    ]);
  });

  test("in doubt make no function too large", () => {
    const large = functions({ required: { cpu: 500, streams: 500 } });
    expect(
      linesAbout({ servers: [...SERVERS, { id: "c", resource: { cpu: "9" } }], functions: large }),
    ).toHaveLength(1);
    expect(
      linesAbout({ servers: [...SERVERS, { id: "c", resource: 9 }], functions: large }),
    ).toHaveLength(1);
  });
});

describe("functions apart or together", () => {
  test("may say so one of two, or both", () => {
    expect(
      aboutPlain({ with: ["g"], apartFrom: ["h"] }, { with: ["f"] }, { apartFrom: ["f", "g"] }),
    ).toEqual([]);
  });

  test("are others that exist, once", () => {
    expect(
      aboutPlain(
        { id: "pa-relay", with: ["pa-realy", "pa-relay"], apartFrom: ["zz", "g", "g"] },
        {},
      ),
    ).toEqual([
      'x: functions[0].apartFrom[2]: found "g", which functions[0].apartFrom[1] is already, expected each function once',
      'x: functions[0].apartFrom[0]: found an unknown function "zz", expected a function: pa-relay or g',
      'x: functions[0].with[0]: found an unknown function "pa-realy", expected "pa-relay"',
      'x: functions[0].with[1]: found "pa-relay", the function itself, expected another one',
    ]);
  });

  test("are not both", () => {
    expect(aboutPlain({ with: ["g"] }, { apartFrom: ["f"] })).toEqual([
      'x: functions[1].apartFrom[0]: found "f", which has to be with "g", expected a function that may be on another server',
    ]);
  });

  test("are not both by way of others", () => {
    expect(
      aboutPlain({ with: ["g"], apartFrom: ["i"] }, { with: ["h"] }, {}, { with: ["h"] }),
    ).toEqual([
      'x: functions[0].apartFrom[0]: found "i", which has to be with "f" by way of "g" and "h", expected a function that may be on another server',
    ]);
  });

  test("together have a server that may run them all", () => {
    expect(aboutPlain({ servers: ["a"] }, { servers: ["b"], with: ["f"] })).toEqual([
      'x: functions[1].with: found "f" and "g", which no server may run together, expected a server that may run all of them',
    ]);
  });

  test("together fit one server", () => {
    expect(
      aboutPlain({ required: 60, with: ["g", "h"] }, { required: 30 }, { required: 11 }),
    ).toEqual([
      'x: functions[0].with: found "f", "g" and "h", which take 101 together, expected at most 100, the largest resource of the servers that may run all of them',
    ]);
    expect(aboutPlain({ required: 60, with: ["g"] }, { servers: ["b"] })).toEqual([
      'x: functions[0].with: found "f" and "g", which take 65 together, expected at most 50, the largest resource of the servers that may run all of them',
    ]);
    const streams = (count: number) => ({ required: { cpu: 30, streams: count } });
    expect(about({ ...streams(6), with: ["g"] }, streams(6))).toEqual([
      'x: functions[0].with: found "f" and "g", which take 60 cpu, 12 streams together, expected what one of the servers that may run all of them has in every dimension',
    ]);
    expect(about({ ...streams(6), with: ["g"] }, streams(4))).toEqual([]);
  });

  test("are reported once when one of them fits nowhere by itself", () => {
    expect(aboutPlain({ required: 101, with: ["g"] }, {})).toHaveLength(1);
  });

  test("are at most 32 for each function, counting both directions", () => {
    const apart = Array.from({ length: 33 }, () => ({ apartFrom: ["f"], required: 1 }));
    expect(aboutPlain({ id: "f", required: 1 }, ...apart.map(named))).toEqual([
      "x: functions[0]: found 33 functions that it must be with or apart from, counting the settings of all of them, expected at most 32",
    ]);
    const chain = Array.from({ length: 34 }, (_, index) => ({
      ...{ id: `n${index}`, required: 1, with: index === 0 ? [] : [`n${index - 1}`] },
    }));
    expect(aboutPlain(...chain)).toEqual([
      "x: functions[0]: found 33 functions that it must be with or apart from, counting the settings of all of them, expected at most 32",
    ]);
    expect(aboutPlain(...chain.slice(0, 33))).toEqual([]);
  });
});

const named = (keys: Changed, index: number): Changed => ({ ...keys, id: `n${index}` });
