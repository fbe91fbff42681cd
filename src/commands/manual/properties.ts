/** Properties that always hold, for `wingman help properties`: data only. */

export interface Property {
  readonly name: string;
  readonly bound: string;
  /** Suites of `npm test`, benchmarks and scripts. */
  readonly checkedBy: string;
  /** For which rows of the exploration it is proved; "" for none. */
  readonly explored: string;
  /** Known mistakes in the core that the simulator or the explorer finds by it. */
  readonly canaries: readonly string[];
}

const ALL = "every row below";

export const PROPERTIES: readonly Property[] = [
  {
    name: "P1 one answer",
    bound:
      "With a lease, two servers never answer for one VIP, unless more than leaseBridges keep-alives in a row are missed in both directions and no third server joins them (cut, lost or, where one was lost or the other direction is cut, sent late or not at all): then the network counts as divided. A link cut in one direction alone is no division: the server that is not heard lets go, and leaves to the other what that one owns. It is one if the machine of the other starts while it lasts, or the server that is heard, and no third one vouches for it; or if they hold different tables. Then both serve until both directions pass. The same for a starting server that hears nothing of the owner for (lostAfterPeriods + 2) x T. What a silent server owned is taken over after max(lostAfterPeriods x T, (leaseBridges + 2) x T + 10 ms, by nftables 20 ms more), and its kernel is silent by then. After a cut has healed both may answer for 2 detection times and 8 periods.",
    checkedBy:
      "simulation at every step; simulation/one-answer for every stop of the owner, to the millisecond; chaos, system/lease and bench pause on real packets",
    explored: ALL,
    canaries: [
      "lease longer than the detection time",
      "lease renewed whatever is echoed",
      "activation before release",
      "claim not confirmed",
      "tie by order of arrival",
      "stall not noticed",
      "corroboration skipped",
      "listening too short",
      "taken while its lease may run",
      "left out at once",
      "an engine does not go by what the one before had heard",
      "what nobody is seen to own is taken at once (only the explorer finds this one)",
    ],
  },
  {
    name: "need",
    bound:
      "No server releases everything for a single fault that is not its own: a lost datagram, a cut that others bridge, another server's stop, death or start. Nor for a datagram lost before the other server's death, where lostAfterPeriods x T is at least (leaseBridges + 3) x T + 10 ms, by nftables 20 ms more ('wingman check').",
    checkedBy: "simulation, scenarios/findings",
    explored: ALL,
    canaries: [
      "messages are sent on only when some are missing",
      "a lease is asked for before anything is up",
      "a keep-alive that was lost before the other server died costs the lease (only the explorer finds this one)",
    ],
  },
  {
    name: "P2 priority",
    bound:
      "Settled at most 49 s + listening + (4 x recoveredAfterPeriods + 640) x T + 3 hand-over times after the last fault. Most of this is pauses: 32 s of a server that was cut off from its clients, 10 s of the supervisor. Every allocation follows the patent to the letter; with planned it is the best one that the bounded search finds (100,000 random systems of up to 12 functions compared with every alternative; at the bound never worse than FIG. 3 and FIG. 4).",
    checkedBy:
      "simulation, each allocation against an independent reading of FIG. 3 and FIG. 4; allocation, patent",
    explored: `${ALL}: without further faults every state comes to rest, and every allocation is the patent's`,
    canaries: ["stop in vain", "own view only", "address not put back"],
  },
  {
    name: "P3 nothing in vain",
    bound:
      "FIG. 3 and FIG. 4 to the letter. With planned a running function is stopped only for a more important one; with room for all, nothing is ever stopped.",
    checkedBy: "as P2",
    explored: ALL,
    canaries: ["stop in vain"],
  },
  {
    name: "P4 no needless move",
    bound:
      "A function that stays is not touched; with planned, the fewest moves that the same functions allow, as far as the bounded search goes.",
    checkedBy: "simulation",
    explored: "",
    canaries: ["handed over when its time is up"],
  },
  {
    name: "P5 agreement",
    bound: "Equal digests when settled; different ones are computed again after 10 periods.",
    checkedBy: "simulation",
    explored: ALL,
    canaries: ["own view only"],
  },
  {
    name: "P6 quiet",
    bound: "Nothing changes for 3 s after settling.",
    checkedBy: "simulation, chaos",
    explored: `${ALL}: nothing happens at rest`,
    canaries: ["handed over when its time is up"],
  },
  {
    name: "P7 bounded",
    bound:
      "An allocation takes 17,424 steps (reset) or 33,824 (preempt), always; planned searches on for at most 2,000 further steps per ms of the period, never for more than 50,000. The flight loop makes no garbage: a million turns without one collection.",
    checkedBy: "simulation, allocation, flight-loop",
    explored: `${ALL}: the steps of an allocation`,
    canaries: ["an allocation that ends early"],
  },
  {
    name: "P8 nothing untrusted",
    bound:
      "A datagram that is malformed, unauthenticated, replayed, unknown or of another system changes a counter, and at most what is echoed, and how long and for whom a newcomer listens. A server that has restarted may take recordings of what was sent meanwhile for live, until it serves, and others that these vouch for.",
    checkedBy: "simulation, fuzz, flood, system/keys",
    explored: "",
    canaries: ["missing check of the echo"],
  },
  {
    name: "capacity",
    bound: "No server carries more than its resource, at any instant.",
    checkedBy: "simulation, chaos",
    explored: ALL,
    canaries: ["taken without room"],
  },
  {
    name: "recovery",
    bound: "A server is alive again only after recoveredAfterPeriods keep-alives in a row.",
    checkedBy: "simulation",
    explored: "",
    canaries: ["off by one"],
  },
  {
    name: "stranger",
    bound:
      "A running server reports each VIP that somebody sets on it as an address within 0.5 s, and also when it is gone.",
    checkedBy: "simulation, field",
    explored: "",
    canaries: ["a stranger's address that is still named", "one that nobody names"],
  },
  {
    name: "move",
    bound: "A function moved by hand goes only where there is room for it.",
    checkedBy: "simulation, scenarios, system/move-by-hand",
    explored: "every single fault",
    canaries: ["a move by hand to a server without room for it"],
  },
];
