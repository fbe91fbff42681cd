/**
 * What the parts of a configuration must be to each other, with the very words that are said about
 * it.
 */
import { expect, test } from "bun:test";
import {
  type Changed,
  linesAbout,
  smallest,
  withFunction,
} from "../../test/harness/smallest-aircraft.ts";

const SERVERS = smallest().servers;

/** What is changed, and every line that must be said about it. */
const BAD: [string, Changed, string[]][] = [
  [
    "a detection time that is too short",
    { keepAlive: { periodMs: 5, lostAfterPeriods: 2 } },
    [
      "x: keepAlive.lostAfterPeriods: found 2 periods of 5 ms, 10 ms in all, expected 15 to 10,000 ms in all",
    ],
  ],
  [
    "detection and recovery times that are too long, one of them by its default",
    { keepAlive: { periodMs: 1000, lostAfterPeriods: 11, recoveredAfterPeriods: 61 } },
    [
      "x: keepAlive.lostAfterPeriods: found 11 periods of 1000 ms, 11,000 ms in all, expected 15 to 10,000 ms in all",
      "x: keepAlive.recoveredAfterPeriods: found 61 periods of 1000 ms, 61,000 ms in all, expected 0 to 60,000 ms in all",
    ],
  ],
  [
    "a second key without a first",
    { keepAlive: { acceptKeyFile: "new.key" } },
    [
      'x: keepAlive.acceptKeyFile: found "new.key" without keepAlive.keyFile, expected a keepAlive.keyFile to send with',
    ],
  ],
  [
    "one key file for both purposes",
    { keepAlive: { keyFile: "a.key", acceptKeyFile: "a.key" } },
    [
      'x: keepAlive.acceptKeyFile: found "a.key", which keepAlive.keyFile is already, expected another file',
    ],
  ],
  [
    "a page that others reach, without a token",
    { maintenance: { web: { listen: "10.44.0.9:8044" } } },
    [
      'x: maintenance.web.listen: found "10.44.0.9:8044" without maintenance.web.tokenFile, expected a loopback address, such as "127.0.0.1:8044", or a tokenFile with the token that the page demands',
    ],
  ],
  [
    "a page on every address, without a token",
    { maintenance: { web: { listen: "[::]:8044" } } },
    [
      'x: maintenance.web.listen: found "[::]:8044" without maintenance.web.tokenFile, expected a loopback address, such as "127.0.0.1:8044", or a tokenFile with the token that the page demands',
    ],
  ],
  [
    "a page that others reach, with a token",
    { maintenance: { web: { listen: "10.44.0.9:1", tokenFile: "t" } } },
    [],
  ],
  [
    "a data load with ports of others, at a VIP",
    {
      keepAlive: { port: 2001 },
      clients: { noticePort: 1059 },
      functions: [{ id: "f", required: 1, priority: 1, vips: ["10.44.0.11/16"] }],
      maintenance: { dataLoad: { listen: "10.44.0.11", port: 1059, findPort: 2001 } },
    },
    [
      "x: maintenance.dataLoad.port: found 1059, the port of clients.noticePort, expected a port that nothing else has",
      "x: maintenance.dataLoad.findPort: found 2001, the port of keepAlive.port, expected a port that nothing else has",
      'x: maintenance.dataLoad.listen: found "10.44.0.11", which is functions[0].vips[0], expected an address that stays with the server',
    ],
  ],
  [
    "a data load with one port for both purposes",
    { maintenance: { dataLoad: { listen: "eth0", port: 1001 } } },
    [
      "x: maintenance.dataLoad.findPort: found 1001, the port of maintenance.dataLoad.port, expected a port that nothing else has",
    ],
  ],
  ["a data load at an interface", { maintenance: { dataLoad: { listen: "eth0" } } }, []],
  ["a page on the IPv6 loopback address", { maintenance: { web: { listen: "[::1]:8044" } } }, []],
  [
    "two ways to get ready",
    withFunction({ ready: { port: 80, notify: true } }),
    ["x: functions[0].ready: found port and notify, expected one of the two"],
  ],
  [
    "no way to get ready",
    withFunction({ ready: {} }),
    ["x: functions[0].ready: found neither port nor notify, expected one of the two"],
  ],
  [
    "a command without path",
    withFunction({ command: ["sleep", "1"] }),
    ['x: functions[0].command[0]: found "sleep", expected the absolute path of a program'],
  ],
  [
    "two servers and two functions of one name",
    {
      servers: [...SERVERS, { id: "a", resource: 1 }],
      functions: [
        ...smallest().functions,
        { id: "f", required: 1, priority: 1, vips: ["10.44.1.3/16"] },
      ],
    },
    [
      'x: servers[2].id: found "a", which servers[0].id is already, expected an identifier of no other server',
      'x: functions[2].id: found "f", which functions[0].id is already, expected an identifier of no other function',
    ],
  ],
  [
    "one VIP twice in a function, in two spellings",
    withFunction({ vips: ["fd44::1/64", "FD44:0::0001/64"] }),
    [
      'x: functions[0].vips[1]: found "FD44:0::0001/64", the address of functions[0].vips[0] of "f", expected each address once',
    ],
  ],
  [
    "a VIP in two functions, with different prefix lengths",
    withFunction({ vips: ["10.44.1.2/24"] }),
    [
      'x: functions[1].vips[0]: found "10.44.1.2/16", the address of functions[0].vips[0] of "f", expected an address that nothing else has',
    ],
  ],
  [
    "a VIP that is a witness",
    { clients: { witnesses: ["10.44.1.1"] } },
    [
      'x: functions[0].vips[0]: found "10.44.1.1/16", the address of the witness clients.witnesses[0], expected an address that nothing else has',
    ],
  ],
  [
    "a witness and an interface twice",
    {
      clients: { witnesses: ["10.44.0.1", "10.44.0.1"] },
      keepAlive: { interfaces: ["eth0", "eth0"] },
    },
    [
      'x: keepAlive.interfaces[1]: found "eth0", which keepAlive.interfaces[0] is already, expected each interface once',
      'x: clients.witnesses[1]: found "10.44.0.1", which clients.witnesses[0] is already, expected each witness once',
    ],
  ],
  [
    "a detection time that a lease does not fit",
    { clients: { lease: "required" }, keepAlive: { periodMs: 10, lostAfterPeriods: 2 } },
    [
      'x: clients.lease: found "required" with failures detected after 20 ms, expected a detection time of at least 30 ms, so that a lease fits (2 periods, 10 ms of lateness; by nftables up to 20 ms more), or "off"',
    ],
  ],
  [
    "the same, asked for in the words of the default",
    { clients: { lease: "preferred" }, keepAlive: { periodMs: 100, lostAfterPeriods: 2 } },
    [
      'x: clients.lease: found "preferred" with failures detected after 200 ms, expected a detection time of at least 210 ms, so that a lease fits (2 periods, 10 ms of lateness; by nftables up to 20 ms more), or "off"',
    ],
  ],
  [
    "as many lost keep-alives to be bridged as let a failure be detected",
    { clients: { leaseBridges: 4 }, keepAlive: { periodMs: 10, lostAfterPeriods: 5 } },
    [
      "x: clients.leaseBridges: found 4 with failures detected after 5 periods, expected at most 3, two less",
    ],
  ],
  [
    "notices where keep-alives are",
    { clients: { noticeGroup: "239.192.44.1", noticePort: 44100 } },
    [
      "x: clients.noticeGroup: found 239.192.44.1 port 44100, which the keep-alives use, expected another group or another port than in keepAlive",
    ],
  ],
  [
    "a function larger than every server",
    withFunction({ required: 101 }),
    [
      "x: functions[0].required: found 101, expected at most 100, the largest resource of all servers",
    ],
  ],
  [
    "a function larger than its servers",
    withFunction({ required: 60, servers: ["b"] }),
    [
      "x: functions[0].required: found 60, expected at most 50, the largest resource of the servers that may run it",
    ],
  ],
  [
    "unknown and repeated servers",
    {
      servers: [{ id: "server-a", resource: 9 }],
      ...withFunction({ servers: ["servr-a", "z", "server-a", "server-a"] }),
    },
    [
      'x: functions[0].servers[3]: found "server-a", which functions[0].servers[2] is already, expected each server once',
      'x: functions[0].servers[0]: found an unknown server "servr-a", expected "server-a"',
      'x: functions[0].servers[1]: found an unknown server "z", expected a server: server-a',
    ],
  ],
];

test.each(BAD)("%s", (_, changes, expected) => {
  expect(linesAbout(changes)).toEqual(expected);
});

test("a function is not called too large while the servers are in doubt", () => {
  const large = withFunction({ required: 200 });
  expect(
    linesAbout({ ...large, servers: [...SERVERS, { id: "c", resource: "300" }] }),
  ).toHaveLength(1);
  expect(linesAbout({ ...large, servers: [...SERVERS, 7] })).toHaveLength(1);
  expect(linesAbout({ ...withFunction({ required: 60, servers: ["b", "aa"] }) })).toHaveLength(1);
});

test("where no lease fits, one may be left unsaid or switched off", () => {
  const keepAlive = { periodMs: 10, lostAfterPeriods: 3 };
  expect(linesAbout({ keepAlive })).toEqual([]);
  expect(linesAbout({ keepAlive, clients: {} })).toEqual([]);
  expect(linesAbout({ keepAlive, clients: { lease: "off" } })).toEqual([]);
});
