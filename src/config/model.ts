import type { PolicyName } from "../allocation/policies.ts";

/**
 * The firmware configuration after validation: every default filled in, every address decoded. Who
 * holds one may rely on everything that design/contract and src/config/schema.ts promise; nobody
 * checks again.
 */
export interface AircraftConfig {
  /** Thirteen characters (supplier, check characters, product), or "" when the file gives none. */
  partNumber: string;
  /** Name of the aircraft's system; servers of different systems ignore each other. */
  system: string;
  /** Name of the allocation policy. */
  allocation: PolicyName;
  keepAlive: KeepAliveConfig;
  clients: ClientsConfig;
  servers: ServerConfig[];
  functions: FunctionConfig[];
  maintenance: MaintenanceConfig;
  parts: PartsConfig;
}

export interface KeepAliveConfig {
  /** IPv4 multicast group of the keep-alives. */
  group: string;
  port: number;
  periodMs: number;
  lostAfterPeriods: number;
  recoveredAfterPeriods: number;
  /** One network interface for each keep-alive network. */
  interfaces: string[];
  /**
   * As written, relative to the directory of the configuration file; null: keep-alives are not
   * authenticated.
   */
  keyFile: string | null;
  /** Likewise: a second key that is accepted and seals nothing. Only beside a `keyFile`. */
  acceptKeyFile: string | null;
}

export interface ClientsConfig {
  /** Interface on which the VIPs are; the first keep-alive interface unless given. */
  interface: string;
  /**
   * Whether VIPs answer only while the flight loop renews a lease in the kernel (protocol, section
   * 5). A lease fits the detection time unless this is "off", or "preferred" by default: see
   * core/lease.
   */
  lease: "required" | "preferred" | "off";
  /**
   * With a lease: keep-alives in a row that may be lost in both directions, and still never two
   * servers answer. What it costs is a later take-over: see boundary/timing.
   */
  leaseBridges: number;
  noticeGroup: string;
  noticePort: number;
  /** IPv4 addresses on the client network that are probed when no peer is heard. */
  witnesses: string[];
  /** Devices on the client network; 0: not said. What this machine has is judged by it. */
  seats: number;
}

export interface ServerConfig {
  id: string;
  /** R(Sx), patent [0028]. */
  resource: number;
}

/** What surrounds a function's process. */
export interface ProcessSettings {
  /** Name or number; null: the daemon's. */
  user: string | null;
  /** null: what services do, or nothing as another user than root. */
  capabilities: string[] | null;
  /** Resource limits (setrlimit(2)), of open files the soft one; left out: the daemon's. */
  limits: {
    nofile: number;
    nproc?: number | undefined;
    core?: number | undefined;
    memlock?: number | undefined;
    rtprio: number;
  };
  workingDirectory: string;
  /** Each `NAME=value`. */
  environment: string[];
  nice: number;
  oomScoreAdjust: number;
  /** In octal digits. */
  umask: string;
}

/** Those of a function alone. */
export function processSettings(entry: ProcessSettings): ProcessSettings {
  const { user, capabilities, limits, workingDirectory } = entry;
  const { environment, nice, oomScoreAdjust, umask } = entry;
  return {
    ...{ user, capabilities, limits, workingDirectory },
    ...{ environment, nice, oomScoreAdjust, umask },
  };
}

export interface FunctionConfig extends ProcessSettings {
  id: string;
  /** NR(Fy), patent [0028]. */
  required: number;
  /** P(Fy), 10 is the most important, patent [0029]. */
  priority: number;
  vips: Vip[];
  /** Absolute path and arguments; null: the function is its VIP alone. */
  command: string[] | null;
  start: "on-activate" | "always";
  /** From SIGTERM to SIGKILL. */
  stopGraceMs: number;
  /** When its process can be used; null: as soon as it runs. */
  ready: { port?: number | undefined; notify?: true | undefined; timeoutMs: number } | null;
  /**
   * Identifiers of the servers that may run the function, in the order of the configuration's
   * servers.
   */
  servers: string[];
  /** ATA chapter for the maintenance log, the integrator's choice. */
  ata: string | null;
}

export interface Vip {
  /** As written in the configuration: address and prefix length. */
  text: string;
  family: 4 | 6;
  /** 4 or 16 bytes in network order. */
  address: Uint8Array;
  prefixLength: number;
}

export interface MaintenanceConfig {
  /** device null: no serial line; 'wingman console' works all the same. */
  console: { device: string | null; baud: number };
  /**
   * Address and port of the maintenance page; `tokenFile` as written, relative to the directory of
   * the configuration file. null: whoever reaches the address may read, so it is a loopback
   * address.
   */
  web: { listen: string; tokenFile: string | null };
  /** `inhibitSeconds`: counted from the time the machine was switched on. */
  log: { sizeKiB: number; inhibitSeconds: number };
  /** Data load over the network; left out: none. */
  dataLoad?: DataLoadConfig | undefined;
  /** File that holds the air/ground signal; left out: `on-ground` in the run directory. */
  groundInput?: string | undefined;
  /** Hardware watchdog; left out: none. */
  watchdog?: { device: string; timeoutSeconds: number } | undefined;
}

/** Loadable parts: which are taken, and where they go. */
export interface PartsConfig {
  /** PEM files with public keys, as written, relative to the directory of the configuration file. */
  trust: string[];
  /** Target hardware id of the servers. */
  hardware: string;
  /** Absolute; holds the slots. */
  slots: string;
  /** Seconds within which an activated part has to be healthy. */
  trialS: number;
}

export interface DataLoadConfig {
  /** IPv4 address of the server, or the name of an interface. */
  listen: string;
  /** UDP port of FIND. */
  findPort: number;
  /** UDP port of TFTP, here and at the loader. */
  port: number;
  /** Among servers of the same hardware; left out: the server's identifier. */
  position?: string | undefined;
  manufacturer: string;
}

/** One thing that is wrong in a file. */
export interface Problem {
  /** Where: `functions[3].vips[0]`, `line 3, column 7`, or "" for the file as a whole. */
  path: string;
  found: string;
  expected: string;
}
