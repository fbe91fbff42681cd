/** The classes of the simulator that hold a part of the state, and every field of them. */

import {
  byHand,
  code,
  count,
  deadline,
  type Fields,
  fixed,
  flag,
  incarnation,
  part,
  reset,
  scratch,
  sequence,
  shared,
  telemetry,
  time,
  value,
} from "./field-kinds.ts";

const FUNCTIONS = { size: "functions" } as const;
const SERVERS = { size: "servers" } as const;
const FLIES = "k.world.hosts[i].engine !== null";
const DIRECTIONS = { size: "directions" } as const;

/** Code for each direction of each network. */
const eachCut = (doing: string): string =>
  "for (let n = 0; n < k.networks; n++) for (let f = 0; f < k.servers; f++) " +
  "for (let t = 0; t < k.servers; t++) " +
  `if (f !== t) { const i = (n * k.serversMax + f) * k.serversMax + t; ${doing} }`;
/** Code for each direction between two servers. */
const eachWay = (doing: string): string =>
  "for (let f = 0; f < k.servers; f++) for (let t = 0; t < k.servers; t++) " +
  `if (f !== t) { const i = f * k.serversMax + t; ${doing} }`;

export const WORLD: Readonly<Record<string, Fields>> = {
  HeardServers: {
    incarnation: incarnation("i", SERVERS),
    sequence: sequence("i", "o.incarnation[i]", { ...SERVERS, while: "o.incarnation[i] !== 0" }),
    lastHeardUs: time("k.longUs", { ...SERVERS, while: "o.incarnation[i] !== 0" }),
  },
  Host: {
    powered: flag(),
    isOlder: fixed,
    poweredOffUs: telemetry,
    // The snapshot tells whether there is one, and saves it.
    engine: byHand,
    turn: byHand,
    shell: byHand,
    inboxes: byHand,
    offsetUs: fixed,
    ppm: fixed,
    latenessUs: fixed,
    latenessMaxUs: fixed,
    wakeUs: deadline({ while: "o.engine !== null" }),
    arrivalsWake: flag({ while: "o.engine !== null" }),
    localWakeUs: reset("NaN"),
    worldWakeUs: scratch,
    up: value(FUNCTIONS),
    upCount: value(),
    load: value(),
    leaseEndUs: deadline(),
    addressEndUs: fixed,
    expired: fixed,
    stays: fixed,
    expiryUs: fixed,
    refused: value(FUNCTIONS),
    carrier: flag(),
    carrierFaults: value(),
    clientCuts: fixed,
    isDrained: flag(),
    startedUs: time("k.healingUs", { while: "o.engine !== null" }),
    withheld: fixed, // nobody asks for anything
    holds: fixed,
    drainedUs: code(
      "w[p++] = o.isDrained && o.startedUs > o.drainedUs ? 1 : 0;",
      "o.drainedUs = o.startedUs + (w[p++] !== 0 ? -1 : 1);",
    ),
    lingering: value(FUNCTIONS),
    removedUs: telemetry,
    pausedUntilUs: deadline(),
    turnsSincePause: count("3"),
    busyUntilUs: deadline(),
    restartAtUs: time("0"),
    restarts: reset("0"), // no pause grows here
    heardBefore: part("HeardServers"),
    hasHeardBefore: flag(),
    hadForeignTable: flag(),
    foreignTable: flag(),
    hasLeft: flag(),
    isToLeave: flag(),
    isSupervised: flag(),
    sendErrno: fixed,
    refusals: fixed,
    floodUs: fixed,
    floodUntilUs: fixed,
    floodNetworks: fixed,
    floodCount: fixed,
    decidedUs: scratch,
    held: value(),
    stopAt: value(),
    stopUs: fixed,
    stopWithEffects: fixed,
    thenStopAt: fixed,
    thenStopUs: fixed,
    hadEffects: scratch,
    turnsUntilSlow: telemetry, // no turn is slow by itself
    slowAt: fixed,
    tookUs: value(),
    callBeganUs: fixed,
    callStep: fixed,
    leaseCallUs: fixed,
    leaseCallStep: fixed,
    addressCallUsMax: fixed,
    leaseErrno: fixed,
    leaseFailedUs: fixed,
    stoppedUs: telemetry,
    leaseDone: fixed,
    addressErrno: fixed,
    addressLocks: fixed,
    addressLockUntilUs: fixed,
    addressFailures: fixed,
    laterUs: code(
      "w[p++] = o.laterUs.length; for (let i = 0; i < o.laterUs.length; i++) { " +
        "w[p++] = Math.max(0, o.laterUs[i] - now); w[p++] = o.laterKind[i]; " +
        "w[p++] = o.laterIndex[i]; w[p++] = o.laterFirst[i]; }",
      "c = w[p++]; " +
        "o.laterUs.length = o.laterKind.length = o.laterIndex.length = o.laterFirst.length = 0; " +
        "for (let i = 0; i < c; i++) { o.laterUs.push(now + w[p++]); " +
        "o.laterKind.push(w[p++]); o.laterIndex.push(w[p++]); o.laterFirst.push(w[p++]); }",
    ),
    laterKind: byHand,
    laterIndex: byHand,
    laterFirst: byHand,
    laterDueUs: deadline(),
    events: shared,
    effects: shared,
    index: fixed,
    server: fixed,
  },
  HostShell: {
    understands: fixed,
    networkCount: fixed,
    hasLease: fixed,
    isHeldUp: fixed, // nobody holds a lock
    moves: value(),
    moveKind: scratch,
    moveIndex: scratch,
    renewal: fixed, // addresses live for ever here
    up: telemetry,
    upCount: telemetry,
    countBefore: fixed,
    cost: fixed,
    buffer: scratch,
    kind: scratch,
    world: shared,
    host: shared,
    engine: shared,
  },
  Network: {
    lossPerMille: fixed,
    delayUs: fixed,
    jitterUs: fixed,
    duplicatePerMille: fixed,
    flipPerMille: fixed,
    lostTo: telemetry,
    onTrouble: shared,
    onCut: shared,
    onClosed: shared,
    counts: telemetry,
    cuts: code(eachCut("w[p++] = o.cuts[i];"), eachCut("o.cuts[i] = w[p++];")),
    passesSinceUs: code(
      eachWay(
        "const q = o.passesSinceUs[i]; " +
          "w[p++] = q === Infinity ? 1 : Math.max(q - now, -k.healingUs);",
      ),
      eachWay("c = w[p++]; o.passesSinceUs[i] = c === 1 ? Infinity : now + c;"),
    ),
    mutedUntilUs: fixed,
    deafUntilUs: fixed,
    deafSinceUs: fixed,
    lossyNetwork: fixed,
    lossyPerMille: fixed,
    overflowedUs: fixed,
    lostInARow: fixed,
    passedUs: telemetry,
    lostUs: telemetry,
    lastArrivalUs: telemetry,
    fateOf: shared,
    heldUs: scratch, // set for each message
    random: shared,
    networks: fixed,
    lostInARowMax: fixed,
    lossUsMax: fixed,
    bridgedPeriods: fixed,
    periodUs: fixed,
    silentUntilUs: fixed,
  },
  ChosenLosses: {
    lost: value(DIRECTIONS),
    late: value(DIRECTIONS),
    lateUs: value({ ...DIRECTIONS, while: "o.late[i] !== 0" }),
    silent: value(DIRECTIONS),
    cut: code(eachCut("w[p++] = o.cut[i];"), eachCut("o.cut[i] = w[p++];")),
    sent: scratch, // each tick counts anew
    inARow: value(DIRECTIONS),
    missedTicks: value(DIRECTIONS),
    isDeaf: fixed,
    roughTicks: value(),
    roughTicksMax: fixed,
    restTicks: fixed,
    servers: fixed,
    network: shared,
  },
  Conduct: {
    saidUs: time("k.detectionUs + 2 * k.periodUs", {
      ...SERVERS,
      while: FLIES,
    }),
    saidInPeriod: value({ ...SERVERS, while: FLIES }),
    isPeriodDue: value({ ...SERVERS, while: FLIES }),
    owns: code(
      "for (let s = 0; s < k.servers; s++) for (let i = 0; i < k.wordCount; " +
        "i++) w[p++] = o.owns[s][i];",
      "for (let s = 0; s < k.servers; s++) for (let i = 0; i < k.wordCount; " +
        "i++) o.owns[s][i] = w[p++];",
    ),
    turnBeganUs: time("k.detectionUs + 2 * k.periodUs", {
      ...SERVERS,
      while: "k.world.hosts[i].isInTurn",
    }),
    hadNoLease: value({ ...SERVERS, while: "k.world.hosts[i].isInTurn" }),
    unreadTurns: value({ ...SERVERS, while: FLIES }),
    heard: value({ ...SERVERS, while: FLIES }),
    alive: value({ ...SERVERS, while: FLIES }),
    isolatedUs: time("k.detectionUs", SERVERS),
    departures: fixed, // nobody records anything
    incarnations: fixed,
    unread: scratch,
    world: shared,
  },
  Segments: { isKept: value(DIRECTIONS), healingUs: fixed, world: shared },
  Judges: {
    changes: telemetry,
    steps: telemetry,
    world: shared,
    conduct: shared,
    need: shared,
    kept: fixed, // not asked
    taken: fixed,
    clients: fixed,
    owners: value(FUNCTIONS),
    twice: value(),
    segments: part("Segments"),
    compared: telemetry,
    engines: telemetry,
    decisions: telemetry,
    phases: value(SERVERS),
    stateBefore: telemetry,
    joiningSinceUs: telemetry,
    loweredUs: fixed, // nobody asks for anything
    notActiveUs: telemetry,
    known: telemetry,
    marginUs: telemetry,
    outageTicks: value(FUNCTIONS),
  },
};
