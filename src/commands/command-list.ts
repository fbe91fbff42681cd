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
    summary: "run head-end server ID until SIGTERM",
    public: true,
  },
  {
    name: "check",
    synopsis: "[--config FILE] [--here] [--json]",
    summary: "validate a configuration; check this machine",
    public: true,
  },
  {
    name: "plan",
    synopsis:
      "[--config FILE] [--policy P] [--down ID,…] [--from STATE.json] [--json | --book [--json|--csv|--html FILE]]",
    summary: "show the allocation after a failure",
    public: true,
  },
  {
    name: "status",
    synopsis: "[--run-dir DIR] [--watch] [--json]",
    summary: "show the server on this machine and what it sees",
    public: true,
  },
  {
    name: "drain",
    synopsis: "[--confirm] [--no-wait] [--run-dir DIR]",
    summary: "hand all functions to the other servers",
    public: true,
  },
  {
    name: "resume",
    synopsis: "[--confirm] [--run-dir DIR]",
    summary: "take functions again after a drain or failed process",
    public: true,
  },
  {
    name: "capacity",
    synopsis: "[PERCENT] [--confirm] [--run-dir DIR]",
    summary: "limit this server to a part of its resource",
    public: true,
  },
  {
    name: "hold",
    synopsis: "[on|off] [--run-dir DIR]",
    summary: "keep running functions in place",
    public: true,
  },
  {
    name: "rebalance",
    synopsis: "[--dry-run] [--json] [--run-dir DIR]",
    summary: "even out the load, with the fewest moves",
    public: true,
  },
  {
    name: "console",
    synopsis: "[--run-dir DIR] [COMMAND…]",
    summary: "open the maintenance console of this server",
    public: true,
  },
  {
    name: "log",
    synopsis:
      "[--text|--csv|--json|--binary] [--since SEQ] [--leg N] [--class N] [--function ID] [--out FILE] [--state-dir DIR | [--file] FILE] | log verify FILE | log replay FILE [--config FILE] [--json | --number N | --html FILE]",
    summary: "read, export, verify and replay the maintenance log",
    public: true,
  },
  {
    name: "part",
    synopsis:
      "verify DIR [--json] | install DIR [--older] | activate | good | rollback | boot | status [--json]  [--config FILE] [--trust FILE] [--slots DIR] [--run-dir DIR]",
    summary: "verify, install, activate and roll back loadable parts",
    public: true,
  },
  {
    name: "health",
    synopsis: "[--json] [--run-dir DIR]",
    summary: "whether this server is healthy, or why not",
    public: true,
  },
  {
    name: "adopt",
    synopsis: "[--config FILE] [--slots DIR] [--run-dir DIR]",
    summary: "keep a part on trial that has another table",
    public: true,
  },
  {
    name: "version",
    synopsis: "[--config FILE] [--json]",
    summary: "show part number, version, digests, commit and target",
    public: true,
  },
  {
    name: "help",
    synopsis: "[TOPIC | CODE]",
    summary: "show the manual, a topic or a code",
    public: true,
  },
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
    name: "take",
    synopsis: "…",
    summary: "loads that came over the network, started by manage",
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
  return PUBLIC_COMMANDS.map(({ name, summary }) => `  ${name.padEnd(11)}${summary}`).join("\n");
}
