/** The subcommands by name: for the dispatcher, the short usage and the manual. */
export interface CommandEntry {
  name: string;
  /** Arguments after the name. */
  synopsis: string;
  summary: string;
  /** False for those that only other processes of the same executable start. */
  public: boolean;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "run",
    synopsis: "--server ID [--config FILE] [--state-dir DIR] [--run-dir DIR]",
    summary: "be head-end server ID until SIGTERM",
    public: true,
  },
  {
    name: "check",
    synopsis: "[--config FILE] [--here] [--json]",
    summary: "validate a configuration and judge this machine",
    public: true,
  },
  {
    name: "plan",
    synopsis: "[--config FILE] [--policy P] [--down ID,…] [--from STATE.json] [--book] [--json]",
    summary: "what the allocation answers to a failure",
    public: true,
  },
  {
    name: "status",
    synopsis: "[--run-dir DIR] [--watch] [--json]",
    summary: "state of the server that runs on this machine",
    public: true,
  },
  {
    name: "drain",
    synopsis: "[--no-wait] [--run-dir DIR]",
    summary: "hand all functions to the other servers",
    public: true,
  },
  {
    name: "resume",
    synopsis: "[--run-dir DIR]",
    summary: "take functions again after drain or a failed process",
    public: true,
  },
  {
    name: "console",
    synopsis: "[--run-dir DIR] [COMMAND…]",
    summary: "the maintenance console of the server on this machine",
    public: true,
  },
  {
    name: "log",
    synopsis:
      "[--text|--csv|--json|--binary] [--since SEQ] [--leg N] [--class N] [--function ID] [--out FILE] [--state-dir DIR | --file FILE] | log verify FILE",
    summary: "the maintenance log: read, take away, verify",
    public: true,
  },
  {
    name: "part",
    synopsis:
      "verify DIR [--trust FILE] [--json] | install DIR [--older] | activate | good | rollback | boot | status [--json]  [--config FILE] [--slots DIR]",
    summary: "loadable parts: verify, install, activate, go back",
    public: true,
  },
  {
    name: "health",
    synopsis: "[--json] [--run-dir DIR]",
    summary: "whether the server on this machine is well, or why not",
    public: true,
  },
  {
    name: "adopt",
    synopsis: "[--config FILE] [--slots DIR] [--run-dir DIR]",
    summary: "keep a part on trial whose table the others do not hold",
    public: true,
  },
  {
    name: "version",
    synopsis: "[--config FILE] [--json]",
    summary: "part number, version, digests, commit and target",
    public: true,
  },
  { name: "help", synopsis: "[TOPIC]", summary: "the manual", public: true },
  { name: "engine", synopsis: "…", summary: "the flight loop, started by run", public: false },
  {
    name: "manage",
    synopsis: "…",
    summary: "maintenance log, console and page, started by run",
    public: false,
  },
  {
    name: "watch",
    synopsis: "…",
    summary: "eBPF programs of the VIPs' filter, started by engine",
    public: false,
  },
  {
    name: "renew",
    synopsis: "…",
    summary: "lifetimes of VIPs, started by engine",
    public: false,
  },
  {
    name: "reserve",
    synopsis: "…",
    summary: "incarnations in the state directory, started by run",
    public: false,
  },
  {
    name: "disk",
    synopsis: "…",
    summary: "files of the state directory, started by manage",
    public: false,
  },
  {
    name: "launch",
    synopsis: "-- PROGRAM [ARGUMENT…]",
    summary: "a function's process, started by run",
    public: false,
  },
];

export const PUBLIC_COMMANDS = COMMANDS.filter((command) => command.public);

/** One line for each public command. */
export function commandSummaries(): string {
  return PUBLIC_COMMANDS.map(({ name, summary }) => `  ${name.padEnd(9)}${summary}`).join("\n");
}
