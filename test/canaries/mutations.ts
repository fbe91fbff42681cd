/**
 * Known mistakes, each a change of a few words in the core: the simulator must find every one of
 * them. A change whose words no longer occur fails as well, so that the list keeps up with the
 * code.
 */
export interface Mutation {
  readonly name: string;
  /** What is broken, in the words of the property: whichever of them is seen first. */
  readonly breaks: readonly string[];
  /** Where to look: options of the simulator, for what shows in rare flights only. */
  readonly options?: readonly string[];
  readonly changes: readonly {
    readonly file: string;
    readonly from: string;
    readonly to: string;
  }[];
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: "lease longer than the detection time",
    breaks: ["P1"],
    changes: [
      {
        file: "src/core/lease.ts",
        from: "let endUs = Math.min(nowUs + timing.leaseUs, this.missedUs());",
        to: "let endUs = nowUs + 3 * timing.detectionUs;",
      },
      {
        file: "src/core/lease.ts",
        from: "endUs = Math.min(endUs, this.grantedBy(server));",
        to: "",
      },
    ],
  },
  {
    name: "lease renewed whatever the others have echoed",
    breaks: ["P1"],
    changes: [
      {
        file: "src/core/lease.ts",
        from: "endUs = Math.min(endUs, this.grantedBy(server));",
        to: "",
      },
    ],
  },
  {
    name: "activation before release",
    breaks: ["P1"],
    changes: [
      {
        file: "src/core/rivals.ts",
        from: "if (membership.owns(server, index)) return false;",
        to: "",
      },
    ],
  },
  {
    name: "claim not confirmed by echoes",
    breaks: ["P1"],
    changes: [
      {
        file: "src/core/rivals.ts",
        from: "membership.echoedSequence[server] >= sequence",
        to: "membership.echoedSequence[server] >= 0",
      },
    ],
  },
  {
    name: "missing check of the echo that proves a message fresh",
    breaks: ["P8", "need"],
    changes: [
      {
        file: "src/core/admission.ts",
        from: "if (!isProven && !this.isFresh(message, sequenceFloor))",
        to: "if (isProven && !isOurTable)",
      },
    ],
  },
  {
    name: "tie broken by the order of arrival",
    breaks: ["P1", "P4"],
    options: ["--from", "2500"],
    changes: [
      {
        file: "src/core/rivals.ts",
        from: "return server < this.self || this.membership.isDeafToUs(server);",
        to: "return this.membership.lastHeardUs[server] % 2000 < 1000;",
      },
    ],
  },
  {
    name: "stall not noticed",
    breaks: ["stall", "P1"],
    changes: [
      {
        file: "src/boundary/stall.ts",
        from: "if (!this.stoppedInTurn && nowUs - nextSendUs <= sinceUs) return false;",
        to: "if (nowUs > 0) return false;",
      },
      {
        file: "src/boundary/stall.ts",
        from: "this.timing.periodUs) this.stoppedInTurn = true;",
        to: "this.timing.periodUs + 1e12) this.stoppedInTurn = true;",
      },
    ],
  },
  {
    name: "corroboration skipped",
    breaks: ["corroboration", "P1", "need"],
    // Messages that are sent on leave corroboration little to do: it shows in rare flights only.
    options: ["--servers", "3", "--from", "700"],
    changes: [
      {
        file: "src/core/failure-detector.ts",
        from: "if (isHeardByOthers(table, membership, server)) marks[MARK_CORROBORATED]++;",
        to: "if (isHeardByOthers(table, membership, server) && server < 0) marks[MARK_CORROBORATED]++;",
      },
    ],
  },
  {
    name: "stop in vain",
    breaks: ["P2"],
    changes: [
      {
        file: "src/allocation/preempt.ts",
        from: "table.priority[least] < table.priority[index]",
        to: "table.priority[least] <= table.priority[index]",
      },
    ],
  },
  {
    name: "off by one in recovery",
    breaks: ["recovery"],
    changes: [
      {
        file: "src/core/membership.ts",
        from: "this.inARow[server] >= recoveredAfter",
        to: "this.inARow[server] >= recoveredAfter - 1",
      },
      {
        file: "src/core/membership.ts",
        from: "(recoveredAfter - 1) * periodUs",
        to: "(recoveredAfter - 2) * periodUs",
      },
    ],
  },
  {
    name: "taken without room",
    breaks: ["capacity"],
    changes: [
      {
        file: "src/core/handover.ts",
        from: "return this.room.fits(index);",
        to: "return true;",
      },
    ],
  },
  {
    name: "a function that stays is handed over when its time is up",
    breaks: ["P4", "P6", "P2"],
    changes: [
      {
        file: "src/core/handover.ts",
        from: "this.isMoving(index) && nowUs - this.assignedSinceUs[index] >= this.timing.handoverUs",
        to: "nowUs - this.assignedSinceUs[index] >= this.timing.handoverUs",
      },
      {
        file: "src/core/handover.ts",
        from: "const dueUs = state === UP && !this.isMoving(index) ? this.announcements.atUs[index] : nowUs;",
        to: "const dueUs = nowUs;",
      },
    ],
  },
  {
    name: "each server allocates from what it owns itself",
    breaks: ["P2", "P5"],
    changes: [
      {
        file: "src/core/agreement.ts",
        from: "for (let left = membership.counting; left !== 0; left &= left - 1) {\n        const server = lowest(left);\n        if ((owner",
        to: "for (let left = 0; left !== 0; left &= left - 1) {\n        const server = lowest(left);\n        if ((owner",
      },
    ],
  },
  {
    name: "an allocation ends as soon as every function had its turn",
    breaks: ["P7"],
    changes: [
      {
        file: "src/allocation/preempt.ts",
        from: "    if (!present) continue;",
        to: "    if (!present) break;",
      },
    ],
  },
  {
    name: "an address that somebody removed is not put back",
    breaks: ["P2"],
    changes: [
      {
        file: "src/core/handover.ts",
        from: "return this.vips.wereRemoved(index);",
        to: "return false;",
      },
    ],
  },
  {
    name: "a move by hand to a server without room for it",
    breaks: ["move"],
    changes: [
      {
        file: "src/allocation/room.ts",
        from: "if (left < 0) return false;",
        to: "",
      },
    ],
  },
  {
    name: "listening shorter than the detection time",
    breaks: ["P1", "listening"],
    changes: [
      {
        file: "src/boundary/timing.ts",
        from: "(lostAfterPeriods + LISTEN_EXTRA_PERIODS) * periodUs",
        to: "periodUs",
      },
    ],
  },
  {
    name: "lease renewed after the keep-alive",
    breaks: ["lease"],
    changes: [
      {
        file: "src/core/turn.ts",
        from: "case RENEW_LEASE:\n        this.renewLease();",
        to: "case RENEW_LEASE:\n        if (!this.readsFirst) this.sendFirst();",
      },
      {
        file: "src/core/turn.ts",
        from: "case SEND_KEEP_ALIVE:\n        if (!this.readsFirst) this.sendFirst();",
        to: "case SEND_KEEP_ALIVE:\n        this.renewLease();",
      },
    ],
  },
  {
    name: "decision before the sockets are read",
    breaks: ["silence", "need", "capacity"],
    options: ["--from", "1200"],
    changes: [
      {
        file: "src/core/turn.ts",
        from: "case RECEIVE:\n        this.receive();",
        to: "case RECEIVE:\n        this.decide();",
      },
      {
        file: "src/core/turn.ts",
        from: "case DECIDE:\n        this.decide();",
        to: "case DECIDE:\n        this.receive();",
      },
    ],
  },
  {
    name: "effects carried out before the keep-alive that tells of them",
    breaks: ["told"],
    changes: [
      {
        file: "src/core/turn.ts",
        from: "case SEND_NEWS:\n        if (this.engine.sendRequested) this.sendKeepAlive();",
        to: "case SEND_NEWS:\n        this.carryOut();",
      },
      {
        file: "src/core/turn.ts",
        from: "case CARRY_OUT:\n        this.carryOut();",
        to: "case CARRY_OUT:\n        if (this.engine.sendRequested) this.sendKeepAlive();",
      },
    ],
  },
  {
    name: "no renewal between two keep-alives",
    breaks: ["P2", "P6", "need"],
    changes: [
      {
        file: "src/core/turn.ts",
        from: "if (shell.hasLease && engine.lease.look(this.steppedUs)) this.renewLease();",
        to: "if (shell.hasLease) engine.lease.look(this.steppedUs);",
      },
    ],
  },
  {
    name: "the stall check left out",
    breaks: ["stall", "P7", "P1"],
    changes: [
      {
        file: "src/core/turn.ts",
        from: "if (engine.hasStalled(this.beganUs)) {",
        to: "if (this.beganUs < 0) {",
      },
    ],
  },
  {
    name: "the stall check left out before addresses are renewed",
    breaks: ["P1"],
    changes: [
      {
        file: "src/core/turn.ts",
        from: "if (!revives && !engine.hasStalled(nowUs)) shell.renewAddresses(",
        to: "if (!revives) shell.renewAddresses(",
      },
    ],
  },
  {
    name: "silence is judged whatever was left unread",
    breaks: ["silence"],
    options: ["--from", "500"],
    changes: [
      {
        file: "src/core/reception.ts",
        from: "return this.unreadTurns === 0 || this.unreadTurns > UNREAD_TURNS_MAX;",
        to: "return UNREAD_TURNS_MAX > 0;",
      },
    ],
  },
  {
    name: "nothing lapses when everything is let go",
    breaks: ["let go"],
    changes: [
      {
        file: "src/core/turn.ts",
        from: "    this.shell.letGo();\n    this.shell.tell(code, value);",
        to: "    this.shell.tell(code, value);",
      },
    ],
  },
  {
    name: "lease without its lateness",
    breaks: ["P1"],
    options: ["--from", "900"],
    changes: [
      {
        file: "src/core/lease.ts",
        from: "const longestUs = this.takeOverUs(server) - LATENESS_US;",
        to: "const longestUs = this.takeOverUs(server);",
      },
    ],
  },
  {
    name: "no new listening after isolation",
    breaks: ["listening"],
    changes: [
      {
        file: "src/core/phases.ts",
        from: "      this.enter(PHASE_LISTENING);\n      this.listening.begin(nowUs);",
        to: "      this.enter(PHASE_LISTENING);",
      },
    ],
  },
  {
    name: "stall noticed a period late",
    breaks: ["stall"],
    changes: [
      {
        file: "src/boundary/stall.ts",
        from: "const sinceUs = this.timing.detectionUs - this.timing.periodUs;",
        to: "const sinceUs = this.timing.detectionUs;",
      },
    ],
  },
  {
    name: "listening that ignores the lease",
    breaks: ["P1"],
    changes: [
      {
        file: "src/boundary/timing.ts",
        from: "(lostAfterPeriods + LISTEN_EXTRA_PERIODS) * periodUs + leaseMs * 1000",
        to: "(lostAfterPeriods + LISTEN_EXTRA_PERIODS) * periodUs",
      },
    ],
  },
  {
    name: "a new incarnation begun on the first network only",
    breaks: ["P2", "P1", "corroboration"],
    changes: [
      {
        file: "src/core/admission.ts",
        from: "this.networkSequence.fill(0, server * NETWORKS_MAX, (server + 1) * NETWORKS_MAX);",
        to: "this.networkSequence.fill(0, server * NETWORKS_MAX, server * NETWORKS_MAX + 1);",
      },
    ],
  },
  {
    name: "a stranger's address on a server that is gone and still named",
    breaks: ["stranger"],
    changes: [
      {
        file: "src/io/foreign-addresses.ts",
        from: "if (row < 0) return false;\n    this.drop(row);",
        to: "if (row < 0) return false;",
      },
    ],
  },
  {
    name: "what a silent server owned is taken while its lease may run",
    breaks: ["P1"],
    changes: [
      {
        file: "src/core/membership.ts",
        from: "if (nowUs >= this.answersUntilUs[server] || this.counts(server)) return false;",
        to: "if (nowUs >= 0) return false;",
      },
    ],
  },
  {
    name: "a stranger's address on a server that nobody names",
    breaks: ["stranger"],
    changes: [
      {
        file: "src/io/foreign-addresses.ts",
        from: "const isThere = this.ofFunction[index] === 0 ? 0 : 1;",
        to: "const isThere = this.ofFunction[index] < 2 ? 0 : 1;",
      },
    ],
  },
  {
    name: "whoever grants a lease is left out at once",
    breaks: ["P1"],
    changes: [
      {
        file: "src/core/lease.ts",
        from: "const isSilent = readUs - membership.lastHeardUs[server] >= this.silentUs(server);",
        to: "const isSilent = this.silentUs(server) > 0;",
      },
    ],
  },
  {
    name: "messages are sent on only when some are missing",
    breaks: ["need"],
    changes: [
      {
        file: "src/core/membership.ts",
        from: "const windowUs = this.timing.periodUs + DIRECT_LATE_MS * 1000;",
        to: "const windowUs = 3 * this.timing.periodUs + DIRECT_LATE_MS * 0;",
      },
    ],
  },
  {
    name: "a lease is asked for before anything is up, and of those who have not heard us yet",
    breaks: ["need"],
    changes: [
      { file: "src/core/lease.ts", from: "if (!this.isOwner) return endUs;", to: "" },
      {
        file: "src/core/lease.ts",
        from: "if (membership.lastEchoed[server] === 0) continue;",
        to: "",
      },
      {
        file: "src/core/lease.ts",
        from: "const tellsOfBefore = isBack && heardUs < Math.max(missedUs, membership.silentSinceUs[server]);",
        to: "const tellsOfBefore = isBack && heardUs > 1e15;",
      },
    ],
  },
  {
    name: "a VIP that waited is set, whoever has it by then",
    breaks: ["P1"],
    options: ["--from", "42003769", "--ticks", "0", "--policy", "preempt"],
    changes: [
      {
        file: "src/core/turn.ts",
        from: "if (effects.kind !== EFFECT_VIP_ADD || this.mayAdd(effects.index)) this.carryOutOne();",
        to: "if (effects.kind !== EFFECT_VIP_ADD || this.mayAdd(effects.index) || true) this.carryOutOne();",
      },
    ],
  },
  {
    name: "an engine does not go by what the one before had heard",
    breaks: ["P1"],
    changes: [
      {
        file: "src/core/admission.ts",
        from: "if (membership.isServing || membership.state[sender] !== SERVER_UNKNOWN) return false;",
        to: "if (sequence >= 0) return false;",
      },
    ],
  },
  {
    name: "waiting for the kernel's lock with a VIP that another server has, too",
    breaks: ["P1"],
    options: ["--from", "56680", "--policy", "preempt"],
    changes: [
      {
        file: "src/core/turn.ts",
        from: "const isTaken = engine.phase === PHASE_LISTENING || handover.rivals.haveTaken(handover.state);",
        to: "const isTaken = engine.phase === PHASE_LISTENING;",
      },
    ],
  },
  {
    name: "the present version is spoken although somebody may not understand it",
    breaks: ["P1", "need", "settling"],
    options: ["--mixed"],
    changes: [
      {
        file: "src/core/sender.ts",
        from: "if (server !== identity.self && understands < KEEP_ALIVE_VERSION)",
        to: "if (server < 0)",
      },
    ],
  },
  {
    name: "a lease is granted that ticks may end before its renewal",
    breaks: ["lease"],
    options: ["--ticks", "20"],
    changes: [
      {
        file: "src/core/lease.ts",
        from: "if (endUs <= nowUs + this.timing.leaseTicksUs) {",
        to: "if (endUs <= nowUs) {",
      },
    ],
  },
  {
    name: "an address that somebody removed is asked to go before it is set again",
    breaks: ["P4"],
    options: ["--from", "100"],
    changes: [
      {
        file: "src/core/handover-rows.ts",
        from: "[UP, VIP_WAS_REMOVED, PUT_BACK, RESTORING, MARK_PUT_BACK]",
        to: "[UP, VIP_WAS_REMOVED, REMOVE_VIP, REMOVING, MARK_PUT_BACK]",
      },
    ],
  },
  {
    name: "a server whose VIPs wait for the kernel's lock lets go of those that it has had for long",
    breaks: ["P4"],
    changes: [
      {
        file: "src/core/turn.ts",
        from: "let others = OTHER_EFFECTS_PER_TURN_MIN;",
        to: "handover.isHeldUp = shell.isHeldUp && effects.urgentCount > 0;\n    let others = OTHER_EFFECTS_PER_TURN_MIN;",
      },
      {
        file: "src/core/handover.ts",
        from: "dueUs = ALWAYS;",
        to: "dueUs = ALWAYS;\n  isHeldUp = false;",
      },
      {
        file: "src/core/handover.ts",
        from: "return !mayServe || this.failed[index] !== 0;",
        to: "return !mayServe || this.failed[index] !== 0 || (this.isHeldUp && nowUs - this.assignedSinceUs[index] > 1_100_000);",
      },
    ],
  },
  {
    name: "every recording is answered at once",
    breaks: ["P8"],
    changes: [
      {
        file: "src/core/admission.ts",
        from: "if (this.candidateNow(server) === 0) this.changes.note(CHANGED | AWAITS_ECHO);",
        to: "this.changes.note(CHANGED | AWAITS_ECHO);",
      },
    ],
  },
  {
    name: "what a period has spent of its sends is missing in the next one",
    breaks: ["told"],
    changes: [
      {
        file: "src/core/sender.ts",
        from: "this.extraSends = 0;\n    this.isRequested = true;",
        to: "this.isRequested = true;",
      },
    ],
  },
  {
    name: "planned: what is to start comes before what runs",
    breaks: ["P2"],
    options: ["--policy", "planned"],
    changes: [
      {
        file: "src/allocation/planned/aims.ts",
        from: "(PRIORITY_MAX - priority) + (runs ? 0 : 1);",
        to: "(PRIORITY_MAX - priority) + (runs ? 1 : 0);",
      },
    ],
  },
  {
    name: "planned: the least important come first",
    breaks: ["P2"],
    options: ["--policy", "planned"],
    changes: [
      {
        file: "src/allocation/planned/aims.ts",
        from: "return 2 * (PRIORITY_MAX - priority)",
        to: "return 2 * (priority - 1)",
      },
    ],
  },
  {
    name: "planned: more is not searched for than the figures run",
    breaks: ["P2"],
    options: ["--policy", "planned"],
    changes: [
      {
        file: "src/allocation/planned/planner.ts",
        from: "      wanted[this.at]++;\n",
        to: "",
      },
    ],
  },
  {
    name: "planned: moves cost nothing",
    breaks: ["P2"],
    options: ["--policy", "planned"],
    changes: [
      {
        file: "src/allocation/planned/aims.ts",
        from: "    if (this.moves !== other.moves) return this.moves < other.moves;\n",
        to: "",
      },
    ],
  },
  {
    name: "planned: the load is as it comes",
    breaks: ["P2"],
    options: ["--policy", "planned"],
    changes: [
      {
        file: "src/allocation/planned/aims.ts",
        from: "return this.spread < other.spread;",
        to: "return false;",
      },
    ],
  },
  {
    name: "of two owners each yields to the other",
    breaks: ["P4"],
    changes: [
      {
        file: "src/core/rivals.ts",
        from: "if (!membership.isHeard(server) || !this.goesBeforeUs(server)) continue;",
        to: "if (!membership.isHeard(server)) continue;",
      },
    ],
  },
  {
    name: "an owner yields to the claim of a server that has heard it and lost it",
    breaks: ["P4"],
    changes: [
      {
        file: "src/core/rivals.ts",
        from: "if (membership.lastEchoed[server] === 0 && membership.claims(server, index))",
        to: "if (membership.echoedSequence[server] === 0 && membership.claims(server, index))",
      },
    ],
  },
  {
    name: "room is what a server has, whatever it withholds",
    breaks: ["capacity"],
    changes: [
      {
        file: "src/allocation/room.ts",
        from: "const { withheld } = this.inputs;",
        to: "const withheld = 0;",
      },
    ],
  },
  {
    name: "planned: while functions are held, the first answer is good enough",
    breaks: ["P2"],
    options: ["--policy", "planned"],
    changes: [
      {
        file: "src/allocation/planned/planner.ts",
        from: "if (trialAims.moves > problem.movesMax || !trialAims.isBetterThan(aims)) return;",
        to: "if (trialAims.moves > problem.movesMax || (problem.movesMax === 0 && aims.running[0] >= 0) || !trialAims.isBetterThan(aims)) return;",
      },
    ],
  },
  {
    name: "planned: an answer that is proven is called unproven",
    breaks: ["P2"],
    options: ["--policy", "planned"],
    changes: [
      {
        file: "src/allocation/planned/planner.ts",
        from: "this.proven = PROVEN_EVEN;",
        to: "this.proven = PROVEN_MOVES;",
      },
    ],
  },
];
