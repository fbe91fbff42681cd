/**
 * Measured figures for `wingman help measured`: data only, to be replaced when a benchmark or a
 * trial is repeated. `by` is the command that produces the figures, "" if there is none.
 */

/** One kind of trial against keepalived: Wingman's figure and keepalived's. */
export interface Comparison {
  readonly title: string;
  readonly by: string;
  /** Machine, trials and settings. */
  readonly conditions: string;
  /** What was done; Wingman; keepalived. */
  readonly rows: readonly (readonly [what: string, wingman: string, keepalived: string])[];
}

/** Trials of Wingman alone: what was done, and the result. */
export interface Trial {
  readonly title: string;
  readonly by: string;
  readonly conditions: string;
  readonly rows: readonly (readonly [what: string, seen: string])[];
}

export const GAPS: Comparison = {
  title: "Gap that a client sees, in ms: min / median / max",
  by: "npm run bench -- --only outage",
  conditions:
    "Beside keepalived 2.2.7 in one run on a shared virtual machine with two cores; 20 trials each, alternating; periodMs 10 and lostAfterPeriods 3 without a lease, against advert_int 0.01. Compare figures of one run only.",
  rows: [
    ["power-off of the owner, 1 VIP", "26 / 33 / 38", "23 / 29 / 32"],
    ["power-off of the owner, the last of 500 VIPs", "40 / 46 / 64", "33 / 36 / 41"],
    ["power-off of the owner, the first of 500 VIPs", "27 / 34 / 38", "30 / 33 / 38"],
    ["planned: wingman drain, SIGTERM (bench handover)", "5 / 6 / 7", "2 / 3 / 4"],
  ],
};

export const BESIDE_KEEPALIVED: Comparison = {
  title: "False take-overs and double answers",
  by: "npm run bench -- --only NAME",
  conditions:
    "Beside keepalived 2.2.7, each benchmark in one run on a shared virtual machine with two cores; period 10 ms, failure after 5 periods, lease 35 ms, against advert_int 0.01.",
  rows: [
    [
      "pause: SIGSTOP of the owner for 2 ms to 10 s, 500 trials",
      "never two answers, with each kind of lease",
      "two answers in 240 to 245 trials, for up to 10.1 s",
    ],
    [
      "crash: SIGKILL of all processes of the owner, link up",
      "last answer after 18 to 27 ms, address gone after 1.5 to 2.0 s",
      "goes on answering",
    ],
    [
      "busy: 8 busy processes for 60 s",
      "no false take-over",
      "1 false take-over, with two answers for 6 ms; none with vrrp_rt_priority 50",
    ],
    ["busy: a second run, under more load", "1 false take-over", "29 false take-overs"],
    ["busy: a third run, under more load", "no false take-over", "79 false take-overs"],
    [
      "flood: garbage for 30 s, 178,000 datagrams a second",
      "no take-over, latest keep-alive 0.3 periods late",
      "none at 40,000 a second",
    ],
    [
      "flood: forged for 30 s, 82,000 a second",
      "no take-over, latest 0.74 periods late",
      "2 at 42,000 a second",
    ],
    [
      "flood: recordings for 30 s, 88,000 a second",
      "no take-over, latest 1.1 periods late",
      "not tried",
    ],
  ],
};

export const TRIALS: readonly Trial[] = [
  {
    title: "The lease",
    by: "npm run bench -- --only lease",
    conditions:
      "500 trials of each kind: SIGSTOP and SIGKILL of the holder of a lease of 35 ms, while a seat asks without a pause.",
    rows: [
      ["processor time of a renewal", "31 ns by eBPF, 6 µs by nftables"],
      ["asked after the end of the lease", "never answered"],
      [
        "last question answered, before the end of the lease",
        "5 µs at the latest by eBPF, 3 ms by nftables",
      ],
      [
        "after a cut that no server could detect has healed",
        "both answered for 1 to 45 ms; outliers to 129 ms on an overloaded machine",
      ],
      [
        "a stranger with a VIP, at 20 ms x 10 (periodMs x lostAfterPeriods)",
        "named after 0.28 s; by then the seats are won back",
      ],
    ],
  },
  {
    title: "The ground rig with the default aircraft",
    by: "npm start -- --once",
    conditions:
      "Two servers, twelve functions, detection after 50 ms, seats that call every VIP every 4 ms.",
    rows: [
      [
        "power-off: functions of the server away",
        "49 to 140 ms in 3 runs; 44 to 80 ms on a faster day, with an earlier executable; the longer ones waited until a less important process had ended",
      ],
      ["planned drain", "no seat saw a gap above 10 ms"],
      ["orderly stop", "no seat saw a gap above 8 ms"],
      [
        "power interruption of both servers, of 2, 50 and 1,000 ms",
        "9 interruptions, each one convergence; latest keep-alive after every third 0.1 to 4.9 ms",
      ],
      [
        "rebalance on the three example aircraft, each server lost and back",
        "1, 2 or 3, and 2 or 5 moves, proven to be the fewest to the most even load; less than 0.5 s of search",
      ],
    ],
  },
  {
    title: "Rolling update and change of table",
    by: "wingman-rig update, wingman-rig adopt",
    conditions: "On the ground rig, with two seats that call every VIP.",
    rows: [
      [
        "update: twin-aisle example, four servers",
        "three times in a row, to another build: 9 steps, 117 checks; gaps of 0 to 31 ms, 88 to 224 ms where a process has to start; 66 to 76 s",
      ],
      [
        "adopt: single-aisle example, two servers, detection after 490 ms, load of 14",
        "8 steps, 62 checks; all functions moved in 8 to 16 ms",
      ],
    ],
  },
  {
    title: "Machines of their own",
    by: "npm run vm",
    conditions:
      "Servers under QEMU, every instruction emulated: Debian's kernel, a read-only root, an ext4 for state and slots, a 16550 as the console, a hardware watchdog, two networks.",
    rows: [
      [
        "boot: power-on to the first keep-alive, and to answers of VIPs and of a function's process",
        "6.0 to 17.5 s, 6.0 to 18.7 s",
      ],
      [
        "console: the log by ZMODEM over the UART to rz, compared with the file on the machine",
        "byte-identical, 64 KiB in 2.1 to 2.4 s",
      ],
      [
        "watchdog: SIGSTOP of the flight loop; the device resets the machine, which serves again and logs why, once (WNG-0322)",
        "reset after 8.7 to 14.1 s, keep-alives 10.2 to 23.4 s later",
      ],
      [
        "power-cuts: recorded writes of the state disk played again, cut after every flush and at random, each unflushed sector of 512 bytes there or not",
        "333 cuts: file system clean, no acknowledged record lost",
      ],
      [
        "part: installed and activated; after a reset it flies from its slot, becomes healthy and is kept (WNG-0491)",
        "installed in 15 to 29 s, active 23 to 39 s later",
      ],
      [
        "roll-back: stock TFTP programs bring a part by 615A of which nothing starts; after three starts the part before flies again (WNG-0492)",
        "27 to 51 s from reset to service",
      ],
      [
        "install-cuts: the cuts of power-cuts in the writes of part install, activate and good",
        "328 cuts: 425 parts in slots, all whole; each slot holds the old or the new part",
      ],
      [
        "take-over: SIGKILL of one of two QEMUs at 100 ms x 10, as a seat sees it; its return",
        "1,057 to 1,091 ms; 173 to 300 ms",
      ],
    ],
  },
  {
    title: "Log, console, page, data load",
    by: "npm test",
    conditions: "",
    rows: [
      [
        "log: power cut at every byte of two records, torn pages of 512 bytes and 4 KiB",
        "readable, nothing acknowledged lost, at most the torn record skipped",
      ],
      ["log: killed 100 times while writing", "no acknowledged record lost, none twice"],
      [
        "log: export of a full one, on a machine with a load of 22",
        "text 0.9 to 1.8 s, CSV 0.6 to 1.6 s, JSON lines 0.9 to 1.2 s, binary 0.3 to 0.6 s",
      ],
      ["wingman manage killed 100 times in flight", "no function moved, every record stored once"],
      [
        "console: 10,000 random lines and 1 MB of random bytes, then show version",
        "OK after 0.04 to 0.4 s",
      ],
      [
        "ZMODEM to rz: 0 bytes to 4 MiB; 100 KiB with one byte in 1,500 damaged both ways",
        "byte-identical",
      ],
      [
        "data load with in.tftpd and tftp: 3 MB and 100 MB in blocks of 1,428 bytes",
        "byte-identical; 100 MB in 6 to 8 s",
      ],
      [
        "data load: 20,000 broken datagrams, a loader that dies half-way",
        "2 MB more memory; over after 13 s, everything as it was",
      ],
      [
        "page in Chromium: server lost to picture changed",
        "0.1 to 0.4 s; on the rig, button to functions moved 0.4 s",
      ],
    ],
  },
  {
    title: "Loadable parts, in both layouts",
    by: "npm test -- part slots",
    conditions: "",
    rows: [
      ["each byte of each file changed, one at a time", "refused, that file named"],
      [
        "1,000 random flips, truncations, extensions, swaps, deletions, renamings, copies and zeroed blocks",
        "1,000 refusals that name the file",
      ],
      [
        "lists, header and checksums made anew around a changed file, or around the manifest of another part",
        "refused by hash or signature",
      ],
      [
        "a reader in Python with another CRC library, and OpenSSL for the signature",
        "read the same",
      ],
      [
        "install and activate killed at each system call that writes",
        "one whole slot or the other, every time",
      ],
    ],
  },
  {
    title: "Allocation by planned",
    by: "WINGMAN_PLANS=100000 npm test -- allocation",
    conditions:
      "From start to failure and recovery, with ten times the steps of a flight at 10 ms: how soon an answer is there is not asked.",
    rows: [
      [
        "100,000 random systems of up to 5 servers and 12 functions, compared with every alternative",
        "always the best there is, and proven",
      ],
    ],
  },
  {
    title: "Flights of the simulator",
    by: "npm run simulate",
    conditions: "",
    rows: [
      [
        "seeds 1,080,000,000 to 1,080,049,999 with a precise lease (--ticks 0), 1,090,000,000 to 1,090,049,999 with ticks (--ticks 20)",
        "429 hours in the air, 1,414,474 hand-overs, no violation, in 68 minutes of one core beside other work",
      ],
      [
        "long quiet flights (--servers 4 --period 100 --hours 60), with an earlier core",
        "0.7 to 1.0 cluster-years per core-hour",
      ],
    ],
  },
];

/** Target of the build; size of wingman; what it needs; what the tests run of it. */
export const TARGETS: readonly (readonly [string, string, string, string])[] = [
  ["linux-x64", "115.8 MB", "glibc", "everything"],
  [
    "linux-x64-musl",
    "109.4 MB",
    "musl, libstdc++, libgcc (Alpine's)",
    "version, check, plan, check --here; a flight beside a server with glibc, with a hand-over",
  ],
  [
    "linux-arm64",
    "115.9 MB",
    "glibc",
    "version, check, plan, check --here in QEMU's user-mode emulation",
  ],
  ["linux-arm64-musl", "108.3 MB", "musl, libstdc++, libgcc (Alpine's)", "as for linux-arm64"],
];

/** Exposure of the shipped unit by systemd-analyze security (systemd 252), of 10. */
export const UNIT_EXPOSURE = "2.5 of 10, and 3.8 with the whole drop-in (systemd 252)";

/** Pages of the contingency books of the three example aircraft. */
export const BOOK_PAGES = "5, 17 and 66";
