import type { PolicyName } from "../allocation/policies.ts";

/**
 * The firmware configuration after validation: every default filled in, every address decoded. Who
 * holds one may rely on all that config/schema and config/cross-checks promise: nobody checks
 * again.
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
  /**
   * Names of the dimensions of resource in the order of the first server. Empty where resource is a
   * plain number: one dimension without a name.
   */
  dimensions: string[];
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
  /** One network interface per keep-alive network. */
  interfaces: string[];
  /**
   * As written, relative to the directory of the configuration file; null when keep-alives are not
   * authenticated.
   */
  keyFile: string | null;
  /** The same: a second key that is accepted but seals nothing. Only together with a `keyFile`. */
  acceptKeyFile: string | null;
}

export interface ClientsConfig {
  /** Interface that carries the VIPs; by default the first keep-alive interface. */
  interface: string;
  /**
   * Whether VIPs answer only while the flight loop renews a lease in the kernel
   * (PROTOCOL.md, "Lease"). A lease fits the detection time unless this is "off", or "preferred" by
   * default.
   */
  lease: "required" | "preferred" | "off";
  /**
   * With a lease: consecutive keep-alives that may be lost in both directions without two servers
   * ever answering. The price is a later take-over: see boundary/timing.
   */
  leaseBridges: number;
  noticeGroup: string;
  noticePort: number;
  /** IPv4 addresses on the client network that are probed when no peer is heard. */
  witnesses: string[];
  /**
   * Devices on the client network; 0: unknown. `check --here` compares the machine's tables with
   * it.
   */
  seats: number;
}

export interface ServerConfig {
  id: string;
  /** R(Sx), patent [0028], in the first dimension. */
  resource: number;
  /** The same in every further dimension, in their order. */
  furtherResources: number[];
}

/** Environment of a function's process. */
export interface ProcessSettings {
  /** Name or number; null for the daemon's own. */
  user: string | null;
  /** null: the default rights of services, or none for a user other than root. */
  capabilities: string[] | null;
  /** Resource limits (setrlimit(2)); for open files the soft one; absent: the daemon's own. */
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

/** Only the settings of a function. */
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
  /** NR(Fy), patent [0028], in the first dimension. */
  required: number;
  /** The same in every further dimension, in their order; 0 where the file names none. */
  furtherRequired: number[];
  /** P(Fy), 10 is the most important, patent [0029]. */
  priority: number;
  vips: Vip[];
  /** Absolute path and arguments; null when the function is only its VIP. */
  command: string[] | null;
  start: "on-activate" | "always";
  /** Time from SIGTERM to SIGKILL. */
  stopGraceMs: number;
  /** When its process is ready; null: as soon as it runs. */
  ready: { port?: number | undefined; notify?: true | undefined; timeoutMs: number } | null;
  /**
   * Identifiers of the servers that may run the function, in the order of the configuration's
   * servers.
   */
  servers: string[];
  /** Identifiers of functions that are never on the same server, as named by this one. */
  apartFrom: string[];
  /** Identifiers of functions that are only on the same server, as named by this one. */
  with: string[];
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
  /** device null: no serial line; 'wingman console' still works. */
  console: { device: string | null; baud: number };
  /**
   * Address and port of the maintenance page; `tokenFile` as written, relative to the directory of
   * the configuration file. null: whoever reaches the address may read, so it is a loopback
   * address.
   */
  web: { listen: string; tokenFile: string | null };
  /** `inhibitSeconds`: counted from the time the machine was switched on. */
  log: { sizeKiB: number; inhibitSeconds: number };
  /** Data load over the network; absent: none. */
  dataLoad?: DataLoadConfig | undefined;
  /** File with the air/ground signal; absent: `on-ground` in the run directory. */
  groundInput?: string | undefined;
  /** Files with a program's requests; absent: `capacity` and `hold` in the run directory. */
  capacityInput?: string | undefined;
  holdInput?: string | undefined;
  /** Hardware watchdog; absent: none. */
  watchdog?: { device: string; timeoutSeconds: number } | undefined;
}

/** Loadable parts: which are accepted, and where they are installed. */
export interface PartsConfig {
  /**
   * PEM files with public keys, as written, relative to the directory of the configuration file.
   */
  trust: string[];
  /** Target hardware id of the servers. */
  hardware: string;
  /** Absolute; holds the slots. */
  slots: string;
  /** Seconds within which an activated part must be healthy. */
  trialS: number;
}

export interface DataLoadConfig {
  /** IPv4 address of the server, or the name of an interface. */
  listen: string;
  /** UDP port of FIND. */
  findPort: number;
  /** UDP port of TFTP, here and at the loader. */
  port: number;
  /** Position among servers of the same hardware; absent: the server's identifier. */
  position?: string | undefined;
  manufacturer: string;
}

/** One problem in a file. */
export interface Problem {
  /** Place: `functions[3].vips[0]`, `line 3, column 7`, or "" for the file as a whole. */
  path: string;
  found: string;
  expected: string;
}
