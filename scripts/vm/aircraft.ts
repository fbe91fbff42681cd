/**
 * The aircraft of the checks: two head-end servers, and their addresses on the virtual networks.
 */

/**
 * An emulated processor on a shared one is late by tens of milliseconds, and now and then stands
 * still for half a second.
 */
export const PERIOD_MS = 100;
export const LOST_AFTER_PERIODS = 10;
export const KEEP_ALIVE_PORT = 44_100;

/** A function with a process, and one that is only its VIP. */
export const SERVICE_VIP = "10.44.1.1";
export const SERVICE_PORT = 8080;
export const PLAIN_VIP = "10.44.1.2";

/** The smallest log: a mechanic's download goes over a serial line. */
const LOG_KIB = 64;
export const WATCHDOG_S = 10;
export const BAUD = 115_200;

/** Paths in the guest. */
export const ROOT_CONFIGURATION = "/etc/wingman/aircraft.json";
export const SLOTS = "/var/lib/wingman/slots";
/** Public key of the trusted signers, beside the configuration. */
export const PART_KEY = "part-key.pub.pem";
/** Position and kind of a server, shown to loaders. */
export const HARDWARE = "WINGHESA";
export const positionOf = (server: ServerId): string => server.toUpperCase();

/** The seat's address on the client network, with its prefix length. */
export const SEAT_ADDRESS = "10.44.0.1/16";
/** Interface at which loaders find a server. */
const CLIENTS = "eth0";

export type ServerId = "a" | "b";
const SERVER_IDS: readonly ServerId[] = ["a", "b"];

/** Addresses with prefix length on both networks. */
export const addressesOf = (server: ServerId): readonly [string, string] => {
  const host = 11 + SERVER_IDS.indexOf(server);
  return [`10.44.0.${host}/16`, `10.45.0.${host}/16`];
};

/** MAC of an interface: `52:54:00:` network, 0, server. */
export const macOf = (server: ServerId, network: 0 | 1): string =>
  `52:54:00:4${4 + network}:00:0${1 + SERVER_IDS.indexOf(server)}`;

export const AIRCRAFT = {
  system: "virtual-machines",
  partNumber: "WNG5E00010001",
  keepAlive: {
    ...{ periodMs: PERIOD_MS, lostAfterPeriods: LOST_AFTER_PERIODS, port: KEEP_ALIVE_PORT },
    ...{ interfaces: [CLIENTS, "eth1"], keyFile: "/etc/wingman/keep-alive.key" },
  },
  clients: { interface: CLIENTS },
  parts: { trust: [PART_KEY], hardware: HARDWARE, slots: SLOTS },
  servers: SERVER_IDS.map((id) => ({ id, resource: 100 })),
  functions: [
    {
      ...{ id: "safety-video", required: 40, priority: 10, vips: [`${SERVICE_VIP}/16`] },
      command: ["/bin/httpd", "-f", "-p", `${SERVICE_VIP}:${SERVICE_PORT}`, "-h", "/srv"],
      start: "on-activate",
    },
    { id: "map", required: 30, priority: 4, vips: [`${PLAIN_VIP}/16`] },
  ],
  maintenance: {
    dataLoad: { listen: CLIENTS },
    console: { device: "/dev/ttyS0", baud: BAUD },
    log: { sizeKiB: LOG_KIB },
    watchdog: { device: "/dev/watchdog", timeoutSeconds: WATCHDOG_S },
  },
};
