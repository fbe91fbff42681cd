import { beforeEach, expect, test } from "bun:test";
import { smallest } from "../../test/harness/smallest-aircraft.ts";
import {
  LOG_INTERFACE_MISSING,
  LOG_INTERFACE_PRESENT,
  LOG_NETWORKS_MISSING,
  LOG_NETWORKS_PRESENT,
} from "../catalogue/supervisor-code.ts";
import { parseConfig } from "../config/load.ts";
import type { AircraftConfig } from "../config/model.ts";
import { InterfaceWait } from "./interface-wait.ts";
import type { MaintenanceLink } from "./maintenance-link.ts";
import type { ServiceNotification } from "./service-notification.ts";

const MISSING = "wm-missing";

let records: number[];
let fed: number;
beforeEach(() => {
  records = [];
  fed = 0;
});

/** A server whose interfaces have these names. */
function waitFor(client: string, networks: string[]): [AircraftConfig, InterfaceWait] {
  const result = parseConfig(JSON.stringify(smallest()), "x", "/");
  if (!result.ok) throw new Error("the smallest configuration is wrong");
  const { clients, keepAlive } = result.config;
  const config = {
    ...result.config,
    clients: { ...clients, interface: client },
    keepAlive: { ...keepAlive, interfaces: networks },
  };
  const maintenance = { record: (code: number) => records.push(code), begin() {} };
  const notification = {
    waiting() {
      fed++;
    },
  };
  return [
    config,
    new InterfaceWait(
      config,
      maintenance as unknown as MaintenanceLink,
      notification as unknown as ServiceNotification,
    ),
  ];
}

test.each([
  ["the client interface", MISSING, ["lo"], LOG_INTERFACE_MISSING],
  ["every keep-alive network", "lo", [MISSING, `${MISSING}2`], LOG_NETWORKS_MISSING],
])("a run that ends while %s is missing: its return is not reported", async (...row) => {
  const [, client, networks, missing] = row;
  const [, wait] = waitFor(client, networks);
  let pauses = 0;
  await wait.wait(
    () => pauses === 3,
    async () => {
      pauses++;
    },
  );
  expect(fed).toBe(3);
  expect(records).toEqual([missing]);
  expect(wait.isMissing).toBe(true);
});

test.each([
  ["the first", [MISSING, "lo"]],
  ["the second", ["lo", MISSING]],
])(
  "of two keep-alive networks %s is missing: the other one carries, nothing is waited for",
  async (...row) => {
    const [, networks] = row;
    const [, wait] = waitFor("lo", networks);
    expect(wait.isMissing).toBe(false);
    await wait.wait(
      () => fed > 0,
      async () => {},
    );
    expect([fed, records]).toEqual([0, []]);
  },
);

test("each missing one is reported, and its return, one after the other", async () => {
  const [config, wait] = waitFor(MISSING, [MISSING]);
  await wait.wait(
    () => false,
    async () => {
      if (fed === 2) config.clients.interface = "lo";
      if (fed === 4) config.keepAlive.interfaces[0] = "lo";
    },
  );
  expect(records).toEqual([
    ...[LOG_INTERFACE_MISSING, LOG_INTERFACE_PRESENT],
    ...[LOG_NETWORKS_MISSING, LOG_NETWORKS_PRESENT],
  ]);
});
