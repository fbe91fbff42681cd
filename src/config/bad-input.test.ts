/** Every kind of bad value and bad file, with the very words that are said about it. */
import { describe, expect, test } from "bun:test";
import {
  type Changed,
  linesAbout,
  linesAboutText,
  smallest,
  withFunction,
} from "../../test/harness/smallest-aircraft.ts";
import { loadConfig } from "./load.ts";

const IDENTIFIER =
  'an identifier of 1 to 32 characters "a" to "z", "0" to "9" and "-", not starting with "-"';
const DIMENSION =
  'a dimension: a name of 1 to 32 characters "a" to "z", "0" to "9" and "-", starting with a letter';
const VIP = 'a unicast address with its prefix length, such as "10.44.1.1/16" or "fd44::1:1/64"';
const GROUP = "an IPv4 multicast address from 224.0.1.0 to 239.255.255.255";
const SERVERS = smallest().servers;

/** What is changed, and every line that must be said about it. */
const BAD: [string, Changed, string[]][] = [
  // ---- shape
  [
    "a missing section",
    { servers: undefined },
    ["x: servers: found nothing, expected a list of 1 to 16 servers"],
  ],
  [
    "null for a section",
    { servers: null },
    ["x: servers: found null, expected a list of 1 to 16 servers"],
  ],
  [
    "a list for an object",
    { keepAlive: [] },
    ["x: keepAlive: found an empty list, expected an object"],
  ],
  [
    "an object for a list",
    { servers: {} },
    ["x: servers: found an object, expected a list of 1 to 16 servers"],
  ],
  [
    "a function that is none",
    { functions: [...smallest().functions, 7] },
    [
      "x: functions[2]: found 7, expected a function: an object with id, required, priority and vips",
    ],
  ],
  [
    "an unknown key with a near one, and the one that is then missing",
    withFunction({ required: undefined, requierd: 5 }),
    [
      'x: functions[0].requierd: found an unknown key, expected "required"',
      'x: functions[0].required: found nothing, expected a whole number from 1 to 1,000,000, or an object with 1 to 4 dimensions, such as {"cpu": 10, "streams": 40}',
    ],
  ],
  [
    "unknown keys with none near",
    { servers: [{ id: "a", resource: 9, colour: 1, weight: 2 }] },
    [
      "x: servers[0].colour: found an unknown key, expected one of the keys id or resource",
      "x: servers[0].weight: found an unknown key, expected one of the keys id or resource",
    ],
  ],
  [
    "keys that JavaScript has a meaning for",
    { maintenance: JSON.parse('{"__proto__": 1, "constructor": 2, "a.b c": 3}') },
    ["__proto__", "constructor", '["a.b c"]'].map((key) => {
      const place = key.startsWith("[") ? `maintenance${key}` : `maintenance.${key}`;
      return `x: ${place}: found an unknown key, expected one of the keys console, web, log, dataLoad, groundInput, capacityInput, holdInput or watchdog`;
    }),
  ],
  [
    "nothing right of the parts",
    { parts: { trust: ["a.pem", "", "a.pem"], hardware: "HES", slots: "slots" } },
    [
      'x: parts.trust[1]: found "", expected the path of a file',
      'x: parts.hardware: found "HES", expected 4 to 15 letters and digits',
      'x: parts.slots: found "slots", expected an absolute path',
      'x: parts.trust[2]: found "a.pem", which parts.trust[0] is already, expected each file once',
    ],
  ],
  // ---- lists
  [
    "no server",
    { servers: [] },
    ["x: servers: found an empty list, expected a list of 1 to 16 servers"],
  ],
  [
    "too many servers",
    { servers: Array.from({ length: 17 }, (_, index) => ({ id: `s${index}`, resource: 10 })) },
    ["x: servers: found a list of 17, expected a list of 1 to 16 servers"],
  ],
  [
    "too many functions",
    {
      functions: Array.from({ length: 1025 }, (_, index) => ({
        ...{ id: `f${index}`, required: 1, priority: 1 },
        vips: [`10.44.${1 + (index >> 8)}.${index & 255}/8`],
      })),
    },
    ["x: functions: found a list of 1025, expected a list of 1 to 1,024 functions"],
  ],
  [
    "a list too long and a bad element in it",
    { keepAlive: { interfaces: ["eth0", 5, "eth1"] } },
    [
      "x: keepAlive.interfaces: found a list of 3, expected a list of 1 to 2 network interfaces",
      "x: keepAlive.interfaces[1]: found 5, expected the name of a network interface, at most 15 characters",
    ],
  ],
  [
    "no VIP",
    withFunction({ vips: [] }),
    ["x: functions[0].vips: found an empty list, expected a list of 1 to 8 addresses"],
  ],
  [
    "nine VIPs",
    withFunction({ vips: Array.from({ length: 9 }, (_, index) => `10.44.3.${index + 1}/16`) }),
    ["x: functions[0].vips: found a list of 9, expected a list of 1 to 8 addresses"],
  ],
  // ---- texts
  [
    "an identifier with a capital",
    withFunction({ id: "Pa" }),
    [`x: functions[0].id: found "Pa", expected ${IDENTIFIER}`],
  ],
  [
    "an empty identifier",
    withFunction({ id: "" }),
    [`x: functions[0].id: found "", expected ${IDENTIFIER}`],
  ],
  [
    "a hyphen first",
    withFunction({ id: "-a" }),
    [`x: functions[0].id: found "-a", expected ${IDENTIFIER}`],
  ],
  [
    "33 characters",
    withFunction({ id: "f".repeat(33) }),
    [`x: functions[0].id: found "${"f".repeat(33)}", expected ${IDENTIFIER}`],
  ],
  [
    "a name that would steer the terminal",
    { system: "\u001b[31m" },
    [
      'x: system: found "\\u001b[31m", expected a name of 1 to 64 printable ASCII characters without a space at either end',
    ],
  ],
  [
    "wrong check characters",
    { partNumber: "WNG5D00010001" },
    [
      'x: partNumber: found "WNG5D00010001", check characters 5D in place of 5E, expected 13 characters: supplier code (3), check characters (2), product identifier (8, without I, O, Q and Z)',
    ],
  ],
  [
    "a part number that is none",
    { partNumber: "WNG-1" },
    [
      'x: partNumber: found "WNG-1", no part number, expected 13 characters: supplier code (3), check characters (2), product identifier (8, without I, O, Q and Z)',
    ],
  ],
  [
    "a policy that is none",
    { allocation: "plan" },
    ['x: allocation: found "plan", expected "reset", "preempt" or "planned"'],
  ],
  [
    "a start that is none",
    withFunction({ start: "never" }),
    ['x: functions[0].start: found "never", expected "on-activate" or "always"'],
  ],
  [
    "no command words",
    withFunction({ command: [] }),
    ["x: functions[0].command: found an empty list, expected a list of 1 to 64 texts"],
  ],
  [
    "a NUL in an argument",
    withFunction({ command: ["/bin/x", "a\u0000b"] }),
    ['x: functions[0].command[1]: found "a\\u0000b", expected a text of at most 4,095 characters'],
  ],
  [
    "no interface name",
    { clients: { interface: "eth0:1" } },
    [
      'x: clients.interface: found "eth0:1", expected the name of a network interface, at most 15 characters',
    ],
  ],
  [
    "maintenance settings",
    {
      maintenance: {
        console: { device: "ttyS0", baud: 1200 },
        web: { listen: "127.0.0.1" },
        log: { sizeKiB: 1, inhibitSeconds: 601 },
        dataLoad: {
          listen: "fd44::1",
          findPort: 0,
          port: 65_536,
          position: "l",
          manufacturer: "X",
        },
        groundInput: "",
        capacityInput: "capacity",
        holdInput: "hold",
        watchdog: { device: "watchdog0", timeoutSeconds: 9 },
      },
    },
    [
      'x: maintenance.console.device: found "ttyS0", expected an absolute path',
      "x: maintenance.console.baud: found 1200, expected 9600, 19200, 38400, 57600 or 115200",
      'x: maintenance.web.listen: found "127.0.0.1", no address with a port, expected an address and a port, such as "127.0.0.1:8044"',
      "x: maintenance.log.sizeKiB: found 1, expected a whole number from 64 to 1,048,576",
      "x: maintenance.log.inhibitSeconds: found 601, expected a whole number from 0 to 600",
      'x: maintenance.dataLoad.listen: found "fd44::1", no IPv4 address, expected an IPv4 address such as "10.44.0.11", or the name of a network interface',
      "x: maintenance.dataLoad.findPort: found 0, expected a whole number from 1 to 65,535",
      "x: maintenance.dataLoad.port: found 65536, expected a whole number from 1 to 65,535",
      'x: maintenance.dataLoad.position: found "l", expected at most 8 capital letters and digits',
      'x: maintenance.dataLoad.manufacturer: found "X", expected 3 capital letters and digits',
      'x: maintenance.groundInput: found "", expected an absolute path',
      'x: maintenance.capacityInput: found "capacity", expected an absolute path',
      'x: maintenance.holdInput: found "hold", expected an absolute path',
      'x: maintenance.watchdog.device: found "watchdog0", expected an absolute path',
      "x: maintenance.watchdog.timeoutSeconds: found 9, expected a whole number from 10 to 600",
    ],
  ],
  [
    "a watchdog that is no object",
    { maintenance: { watchdog: "/dev/watchdog" } },
    ['x: maintenance.watchdog: found "/dev/watchdog", expected an object'],
  ],
  [
    "a time-out of a watchdog that is no whole number in range, and a key that it has not",
    { maintenance: { watchdog: { timeoutSeconds: 601, timeout: 60 } } },
    [
      "x: maintenance.watchdog.timeout: found an unknown key, expected one of the keys device or timeoutSeconds",
      "x: maintenance.watchdog.timeoutSeconds: found 601, expected a whole number from 10 to 600",
    ],
  ],
  // ---- numbers
  ...(
    [
      ["periodMs", 4, "a whole number from 5 to 1,000"],
      ["periodMs", 1001, "a whole number from 5 to 1,000"],
      ["periodMs", 10.5, "a whole number from 5 to 1,000"],
      ["lostAfterPeriods", 1, "a whole number from 2 to 100"],
      ["lostAfterPeriods", 101, "a whole number from 2 to 100"],
      ["recoveredAfterPeriods", 0, "a whole number from 1 to 1,000"],
      ["recoveredAfterPeriods", 1001, "a whole number from 1 to 1,000"],
      ["port", 0, "a whole number from 1,024 to 65,535"],
      ["port", 65536, "a whole number from 1,024 to 65,535"],
    ] as const
  ).map(([key, value, expected]): [string, Changed, string[]] => [
    `${key} ${value}`,
    { keepAlive: { [key]: value } },
    [`x: keepAlive.${key}: found ${value}, expected ${expected}`],
  ]),
  [
    "a notice port",
    { clients: { noticePort: 80 } },
    ["x: clients.noticePort: found 80, expected a whole number from 1,024 to 65,535"],
  ],
  [
    "a text for a number",
    { keepAlive: { port: "44100" } },
    ['x: keepAlive.port: found "44100", expected a whole number from 1,024 to 65,535'],
  ],
  ...(
    [
      ["required", 0, "a whole number from 1 to 1,000,000"],
      ["required", 1_000_001, "a whole number from 1 to 1,000,000"],
      ["priority", 0, "a whole number from 1 to 10"],
      ["priority", 11, "a whole number from 1 to 10"],
      ["stopGraceMs", -1, "a whole number from 0 to 60,000"],
      ["stopGraceMs", 60_001, "a whole number from 0 to 60,000"],
    ] as const
  ).map(([key, value, expected]): [string, Changed, string[]] => [
    `${key} ${value}`,
    withFunction({ [key]: value }),
    [`x: functions[0].${key}: found ${value}, expected ${expected}`],
  ]),
  [
    "resources",
    {
      servers: [
        { id: "a", resource: -1 },
        { id: "b", resource: 1_000_001 },
      ],
    },
    [
      "x: servers[0].resource: found -1, expected a whole number from 0 to 1,000,000",
      "x: servers[1].resource: found 1000001, expected a whole number from 0 to 1,000,000",
    ],
  ],
  [
    "resources that are neither a number nor dimensions",
    {
      servers: [
        { id: "a", resource: "100" },
        { id: "b", resource: {} },
        { id: "c", resource: { a: 1, b: 2, c: 3, d: 4, e: 5 } },
      ],
    },
    [
      'x: servers[0].resource: found "100", expected a whole number from 0 to 1,000,000, or an object with 1 to 4 dimensions, such as {"cpu": 10, "streams": 40}',
      "x: servers[1].resource: found an object with 0, expected an object with 1 to 4 dimensions",
      "x: servers[2].resource: found an object with 5, expected an object with 1 to 4 dimensions",
    ],
  ],
  [
    "dimensions with a bad name and a bad amount",
    {
      servers: [
        { id: "a", resource: JSON.parse('{"CPU": 1, "constructor": 1, "__proto__": 1}') },
        { id: "b", resource: { cpu: -1, streams: 0.5, "2": 1, mem: "4" } },
      ],
    },
    [
      `x: servers[0].resource.CPU: found "CPU", expected ${DIMENSION}`,
      `x: servers[0].resource.constructor: found "constructor", expected ${DIMENSION}`,
      `x: servers[0].resource.__proto__: found "__proto__", expected ${DIMENSION}`,
      `x: servers[1].resource["2"]: found "2", expected ${DIMENSION}`,
      "x: servers[1].resource.cpu: found -1, expected a whole number from 0 to 1,000,000",
      "x: servers[1].resource.streams: found 0.5, expected a whole number from 0 to 1,000,000",
      'x: servers[1].resource.mem: found "4", expected a whole number from 0 to 1,000,000',
    ],
  ],
  [
    "partners that are no list of functions",
    withFunction({ with: "g", apartFrom: ["G", 5] }),
    [
      `x: functions[0].apartFrom[0]: found "G", expected ${IDENTIFIER}`,
      `x: functions[0].apartFrom[1]: found 5, expected ${IDENTIFIER}`,
      'x: functions[0].with: found "g", expected a list of 0 to 32 functions',
    ],
  ],
  // ---- addresses
  ...(
    [
      ["10.44.1.1", "no address with a prefix length"],
      ["10.44.1.1/33", "no address with a prefix length"],
      ["host/16", "no address with a prefix length"],
      ["239.1.1.1/16", "a multicast address"],
      ["ff02::5/64", "a multicast address"],
      ["127.0.0.1/8", "a loopback address"],
      ["::1/64", "the loopback address"],
      ["0.0.0.0/8", "an unspecified address"],
      ["::/64", "the unspecified address"],
      ["10.44.0.0/16", "the address of the network itself"],
      ["10.44.255.255/16", "the broadcast address of its network"],
    ] as const
  ).map(([vip, why]): [string, Changed, string[]] => [
    `VIP ${vip}`,
    withFunction({ vips: [vip] }),
    [`x: functions[0].vips[0]: found "${vip}", ${why}, expected ${VIP}`],
  ]),
  [
    "a VIP that is no text",
    withFunction({ vips: [5] }),
    [`x: functions[0].vips[0]: found 5, expected ${VIP}`],
  ],
  ...(
    [
      ["10.44.0.1", "no multicast address"],
      ["224.0.0.5", "a reserved group"],
      ["240.0.0.1", "no multicast address"],
      ["ff02::1", "no IPv4 address"],
      ["all", "no IPv4 address"],
    ] as const
  ).map(([group, why]): [string, Changed, string[]] => [
    `groups ${group}`,
    { keepAlive: { group }, clients: { noticeGroup: group } },
    [
      `x: keepAlive.group: found "${group}", ${why}, expected ${GROUP}`,
      `x: clients.noticeGroup: found "${group}", ${why}, expected ${GROUP}`,
    ],
  ]),
  [
    "witnesses",
    { clients: { witnesses: ["fd44::1", "224.0.1.1"] } },
    [
      'x: clients.witnesses[0]: found "fd44::1", no IPv4 address, expected a unicast IPv4 address, such as "10.44.0.1"',
      'x: clients.witnesses[1]: found "224.0.1.1", a multicast address, expected a unicast IPv4 address, such as "10.44.0.1"',
    ],
  ],
];

describe("bad input", () => {
  test.each(BAD)("%s", (_, changes, expected) => {
    expect(linesAbout(changes)).toEqual(expected);
  });

  test("problems of all kinds are found at once", () => {
    const lines = linesAbout({
      servers: [...SERVERS, { id: "a", resource: -1 }, "c"],
      functions: [
        ...smallest().functions,
        7,
        { id: "f", required: 0, priority: 1, vips: ["10.44.1.2/16", "nowhere"] },
      ],
      keepAlive: { periodMs: 5, lostAfterPeriods: 2, port: 1 },
      sytem: "x",
    });
    expect(lines.map((line) => line.slice(3, line.indexOf(": found")))).toEqual([
      "sytem",
      "keepAlive.port",
      "servers[2].resource",
      "servers[3]",
      "functions[2]",
      "functions[3].required",
      "functions[3].vips[1]",
      "keepAlive.lostAfterPeriods",
      "servers[2].id",
      "functions[3].id",
      "functions[3].vips[0]",
    ]);
  });

  test.each([
    ["", "x: line 1, column 1: found an empty file, expected a JSON object"],
    ["null", "x: found null, expected a JSON object with system, servers and functions"],
    ["[]", "x: found an empty list, expected a JSON object with system, servers and functions"],
    ['{"system": }', 'x: line 1, column 12: found "}", expected a value'],
  ])("the text %j", (text, expected) => {
    expect(linesAboutText(text)[0]).toBe(expected);
  });

  test("a key given twice is a problem even where both values are sound", () => {
    const text = JSON.stringify(smallest()).replace(
      '"system":"test"',
      '"system":"test","system":"test"',
    );
    expect(linesAboutText(text)).toEqual([
      'x: system: found a second "system" in line 1, column 18, expected each key once',
    ]);
  });

  test("an unreadable file", () => {
    expect(loadConfig("/nonexistent/w.json")).toEqual({
      ok: false,
      source: "/nonexistent/w.json",
      problems: [{ path: "", found: "no such file", expected: "a readable file" }],
    });
  });

  test("no value makes the judgement fail", () => {
    const values = [
      null,
      true,
      -1,
      1e308,
      "",
      "x".repeat(1000),
      [],
      [[]],
      {},
      { a: [] },
      [null],
      [{}],
    ];
    const paths = Object.keys(smallest());
    for (const value of values) {
      for (const key of [...paths, "keepAlive", "clients", "maintenance"])
        expect(() => linesAbout({ [key]: value })).not.toThrow();
      for (const key of ["id", "required", "vips", "servers", "command", "with", "apartFrom"])
        expect(() => linesAbout(withFunction({ [key]: value }))).not.toThrow();
      const servers = [{ id: "a", resource: value }, ...SERVERS.slice(1)];
      expect(() => linesAbout({ servers })).not.toThrow();
    }
  });
});
