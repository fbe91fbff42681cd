import { describe, expect, test } from "bun:test";
import {
  type Changed,
  linesAbout,
  smallest,
  withFunction,
} from "../../test/harness/smallest-aircraft.ts";
import { EMBEDDED_SOURCE, formatProblems, loadConfig, parseConfig } from "./load.ts";
import { serializeConfig } from "./serialize.ts";

/** Keys in another order in each. */
const DIMENSIONS: Changed = {
  servers: [
    { id: "a", resource: { streams: 40, cpu: 100, memory: 7 } },
    { id: "b", resource: { memory: 0, cpu: 50, streams: 20 } },
  ],
  functions: [
    { ...smallest().functions[0], required: { streams: 4 } },
    { ...smallest().functions[1], required: { cpu: 5, memory: 1, streams: 2 } },
  ],
};

describe("a sound configuration", () => {
  test("gets every default", () => {
    const result = parseConfig(JSON.stringify(smallest()), "small.json", "/etc/wingman");
    expect(result).toEqual({
      ok: true,
      source: "small.json",
      directory: "/etc/wingman",
      config: {
        partNumber: "",
        system: "test",
        allocation: "planned",
        keepAlive: {
          group: "239.192.44.1",
          port: 44100,
          periodMs: 10,
          lostAfterPeriods: 5,
          recoveredAfterPeriods: 10,
          interfaces: ["eth0"],
          keyFile: null,
          acceptKeyFile: null,
        },
        clients: {
          interface: "eth0",
          lease: "preferred",
          leaseBridges: 1,
          noticeGroup: "239.192.44.2",
          noticePort: 44101,
          witnesses: [],
          seats: 0,
        },
        dimensions: [],
        servers: [
          { id: "a", resource: 100, furtherResources: [] },
          { id: "b", resource: 50, furtherResources: [] },
        ],
        functions: [
          {
            id: "f",
            required: 5,
            furtherRequired: [],
            priority: 10,
            vips: [
              {
                text: "10.44.1.1/16",
                family: 4,
                address: Uint8Array.of(10, 44, 1, 1),
                prefixLength: 16,
              },
            ],
            command: null,
            start: "on-activate",
            stopGraceMs: 500,
            servers: ["a", "b"],
            ...{ apartFrom: [], with: [] },
            ...{
              user: null,
              capabilities: null,
              limits: { nofile: 1024, rtprio: 0 },
              workingDirectory: "/",
            },
            ...{ environment: [], nice: 0, oomScoreAdjust: 0, umask: "022" },
            ...{ ready: null, ata: null },
          },
          expect.objectContaining({
            id: "g",
            vips: [expect.anything(), expect.objectContaining({ family: 6 })],
          }),
        ],
        maintenance: {
          console: { device: "/dev/ttyS0", baud: 115200 },
          web: { listen: "127.0.0.1:8044", tokenFile: null },
          log: { sizeKiB: 4096, inhibitSeconds: 60 },
        },
        parts: { trust: [], hardware: "WINGHESA", slots: "/var/lib/wingman/slots", trialS: 120 },
      },
    });
  });

  test("faults may be wanted from the first second after power-up", () => {
    const file = { ...smallest(), maintenance: { log: { inhibitSeconds: 0 } } };
    const result = parseConfig(JSON.stringify(file), "x", "/");
    expect(result.ok && result.config.maintenance.log).toEqual({
      sizeKiB: 4096,
      inhibitSeconds: 0,
    });
  });

  test("the client interface is the first keep-alive interface unless given", () => {
    const interfaceOf = (changes: Changed): string | null => {
      const result = parseConfig(JSON.stringify({ ...smallest(), ...changes }), "x", "/");
      return result.ok ? result.config.clients.interface : null;
    };
    expect(interfaceOf({ keepAlive: { interfaces: ["ka0", "ka1"] } })).toBe("ka0");
    expect(
      interfaceOf({ keepAlive: { interfaces: ["ka0"] }, clients: { interface: "cab.100" } }),
    ).toBe("cab.100");
  });

  test("eligible servers stand in the order of the servers", () => {
    const result = parseConfig(
      JSON.stringify({ ...smallest(), ...withFunction({ servers: ["b", "a"] }) }),
      "x",
      "/",
    );
    expect(result.ok && result.config.functions[0]?.servers).toEqual(["a", "b"]);
  });

  test("dimensions are numbered in the order of the first server's", () => {
    const result = parseConfig(JSON.stringify({ ...smallest(), ...DIMENSIONS }), "x", "/");
    if (!result.ok) throw new Error(formatProblems(result));
    const { dimensions, servers, functions } = result.config;
    expect(dimensions).toEqual(["streams", "cpu", "memory"]);
    expect(servers.map((each) => [each.resource, ...each.furtherResources])).toEqual([
      [40, 100, 7],
      [20, 50, 0],
    ]);
    expect(functions.map((each) => [each.required, ...each.furtherRequired])).toEqual([
      [4, 0, 0],
      [2, 5, 1],
    ]);
  });

  test("written out it means the same again", () => {
    for (const changes of [
      {},
      DIMENSIONS,
      withFunction({ apartFrom: ["g"] }),
      withFunction({ with: ["g"] }),
      { partNumber: "WNG5E00010001" },
      // the default lease does not fit, and saying it would be an error
      { keepAlive: { lostAfterPeriods: 3 } },
      { clients: { lease: "required" } },
      { parts: { trust: ["a.pem", "/keys/b.pem"], hardware: "HES2", slots: "/data/slots" } },
      withFunction({ command: ["/bin/x", "-y"], ata: "23-31" }),
    ]) {
      const result = parseConfig(JSON.stringify({ ...smallest(), ...changes }), "x", "/");
      if (!result.ok) throw new Error(formatProblems(result));
      expect(parseConfig(serializeConfig(result.config), "x", "/")).toEqual(result);
    }
  });

  test("every limit can be reached", () => {
    const servers = Array.from({ length: 16 }, (_, index) => ({
      id: `s${index}`,
      resource: 1_000_000,
    }));
    const functions = Array.from({ length: 1024 }, (_, index) => ({
      id: `${"f".repeat(28)}${index}`,
      required: 1_000_000,
      priority: 1 + (index % 10),
      vips: Array.from({ length: 8 }, (_, vip) => `10.${44 + vip}.${index >> 8}.${index & 255}/8`),
      servers: servers.map(({ id }) => id),
    }));
    expect(linesAbout({ servers, functions })).toEqual([]);
  });
});

describe("the embedded aircraft", () => {
  test("passes through the same parser", () => {
    const result = loadConfig(undefined);
    expect(result.ok && result.config.system).toBe("single-aisle-180");
    expect(result.source).toBe(EMBEDDED_SOURCE);
  });
});
