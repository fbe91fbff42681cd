import { describe, expect, test } from "bun:test";
import { systemId, tableDigest, tableDigestText } from "./digest.ts";
import { formatProblems, loadConfig, parseConfig } from "./load.ts";
import type { AircraftConfig } from "./model.ts";

const aircraft = (): AircraftConfig => {
  const result = loadConfig(undefined);
  if (!result.ok) throw new Error(formatProblems(result));
  return result.config;
};

/** The digest of the embedded aircraft after a change. */
const digestAfter = (change: (config: AircraftConfig) => void): string => {
  const config = aircraft();
  change(config);
  return tableDigestText(config);
};

const first = (config: AircraftConfig) => {
  const [entry] = config.functions;
  if (entry === undefined) throw new Error("no function");
  return entry;
};

const second = (config: AircraftConfig) => {
  const [, entry] = config.functions;
  if (entry === undefined) throw new Error("no second function");
  return entry;
};

const firstVip = (config: AircraftConfig) => {
  const [vip] = first(config).vips;
  if (vip === undefined) throw new Error("no VIP");
  return vip;
};

describe("tableDigest", () => {
  test("has 32 bytes and is the same every time", () => {
    expect(tableDigest(aircraft())).toHaveLength(32);
    expect(tableDigestText(aircraft())).toBe(tableDigestText(aircraft()));
    expect(tableDigestText(aircraft())).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each<[string, (config: AircraftConfig) => void]>([
    ["system", (config) => (config.system = "other")],
    ["policy", (config) => (config.allocation = "reset")],
    ["period", (config) => (config.keepAlive.periodMs = 20)],
    ["detection", (config) => (config.keepAlive.lostAfterPeriods = 6)],
    ["recovery", (config) => (config.keepAlive.recoveredAfterPeriods = 11)],
    ["number of networks", (config) => config.keepAlive.interfaces.push("eth1")],
    ["notice port", (config) => (config.clients.noticePort = 50_000)],
    ["witnesses", (config) => config.clients.witnesses.push("10.44.0.1")],
    ["order of servers", (config) => config.servers.reverse()],
    ["order of functions", (config) => config.functions.reverse()],
    ["requirement", (config) => (first(config).required = 6)],
    ["priority", (config) => (first(config).priority = 9)],
    ["dimension", (config) => (config.dimensions = ["cpu"])],
    ["partner to be apart from", (config) => (first(config).apartFrom = [second(config).id])],
    ["partner to be with", (config) => (first(config).with = [second(config).id])],
    ["eligible servers", (config) => first(config).servers.pop()],
    ["grace", (config) => (first(config).stopGraceMs = 1)],
    ["whether there is a command", (config) => (first(config).command = ["/bin/true"])],
    ["prefix length", (config) => (firstVip(config).prefixLength = 24)],
    ["address", (config) => firstVip(config).address.fill(9)],
  ])("differs with another %s", (_, change) => {
    expect(digestAfter(change)).not.toBe(tableDigestText(aircraft()));
  });

  test.each<[string, (config: AircraftConfig) => void]>([
    ["part number", (config) => (config.partNumber = "")],
    ["names of interfaces", (config) => (config.keepAlive.interfaces[0] = "ens1")],
    ["client interface", (config) => (config.clients.interface = "ens2")],
    ["key file", (config) => (config.keepAlive.keyFile = "key")],
    ["accepted key file", (config) => (config.keepAlive.acceptKeyFile = "key")],
    ["ATA chapter", (config) => (first(config).ata = null)],
    ["maintenance", (config) => (config.maintenance.log.sizeKiB = 64)],
    ["trusted key of parts", (config) => config.parts.trust.push("key.pem")],
    ["hardware id", (config) => (config.parts.hardware = "OTHERHES")],
    ["directory of slots", (config) => (config.parts.slots = "/slots")],
    ["spelling of an address", (config) => (firstVip(config).text = "same")],
  ])("is the same with another %s", (_, change) => {
    expect(digestAfter(change)).toBe(tableDigestText(aircraft()));
  });

  test("is the same with other words of a command", () => {
    const withCommand = (command: string[]) =>
      digestAfter((config) => (first(config).command = command));
    expect(withCommand(["/bin/a"])).toBe(withCommand(["/opt/b", "-x"]));
  });

  test("does not depend on what a file leaves to the defaults", () => {
    const text =
      '{"system":"s","servers":[{"id":"a","resource":9}],"functions":[{"id":"f","required":1,"priority":1,"vips":["10.0.0.1/8"]}]';
    const digestOf = (file: string) => {
      const result = parseConfig(file, "x", "/");
      return result.ok ? tableDigestText(result.config) : formatProblems(result);
    };
    expect(digestOf(`${text}}`)).toBe(
      digestOf(`${text},"allocation":"planned","keepAlive":{"periodMs":10}}`),
    );
  });
});

describe("the digest of dimensions and partners", () => {
  const digestOf = (
    resources: readonly [unknown, unknown],
    ...functions: Readonly<Record<string, unknown>>[]
  ): string => {
    const file = {
      system: "s",
      servers: resources.map((resource, index) => ({ id: "ab".charAt(index), resource })),
      functions: functions.map((keys, index) => ({
        ...{ id: "fgh".charAt(index), vips: [`10.0.0.${index + 1}/8`] },
        ...{ required: 1 + 2 * index, priority: index + 1, ...keys },
      })),
    };
    const result = parseConfig(JSON.stringify(file), "x", "/");
    return result.ok ? tableDigestText(result.config) : formatProblems(result);
  };

  test("is unchanged for a file without them", () => {
    expect(digestOf([9, 7], {}, {})).toBe(
      "f7aae4c87bd8305d1ba088724558f73c71eb7380f759a4f99e06c4315629806a",
    );
  });

  const of = (cpu: number, streams?: number) => ({
    cpu,
    ...(streams === undefined ? {} : { streams }),
  });
  const usual = digestOf([of(9, 8), of(7, 6)], { required: of(1, 2) });

  test("differs with an amount of the second dimension, a name, an order", () => {
    const different = [
      usual,
      digestOf([of(9, 8), of(7, 5)], { required: of(1, 2) }),
      digestOf([of(9, 8), of(7, 6)], { required: of(1, 3) }),
      digestOf([of(9), of(7)], { required: of(1) }),
      digestOf(
        [
          { cpu: 9, disk: 8 },
          { cpu: 7, disk: 6 },
        ],
        { required: { cpu: 1, disk: 2 } },
      ),
      digestOf([{ streams: 8, cpu: 9 }, of(7, 6)], { required: of(1, 2) }),
    ];
    expect(new Set(different).size).toBe(different.length);
    for (const text of different) expect(text).toMatch(/^[0-9a-f]{64}$/);
  });

  test("is the same for any order in further amounts, and for an omitted 0", () => {
    expect(digestOf([of(9, 8), { streams: 6, cpu: 7 }], { required: { streams: 2, cpu: 1 } })).toBe(
      usual,
    );
    expect(digestOf([of(9, 8), of(7, 6)], { required: of(1, 0) })).toBe(
      digestOf([of(9, 8), of(7, 6)], { required: of(1) }),
    );
  });

  test("is the same whichever of the functions names it", () => {
    const two: [number, number] = [9, 9];
    expect(digestOf(two, { apartFrom: ["g"] }, {})).toBe(digestOf(two, {}, { apartFrom: ["f"] }));
    expect(digestOf(two, { apartFrom: ["g"] }, {})).not.toBe(digestOf(two, { with: ["g"] }, {}));
    expect(digestOf(two, { with: ["g", "h"] }, {}, {})).toBe(
      digestOf(two, { with: ["g"] }, { with: ["h"] }, {}),
    );
  });
});

test("the system id is the start of the SHA-256 of the name", () => {
  // printf 'single-aisle-180' | sha256sum
  expect(systemId({ system: "single-aisle-180" }).toString(16)).toBe("78bee461");
  expect(systemId({ system: "abc" })).toBe(0xba7816bf);
});
