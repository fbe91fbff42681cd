/**
 * Records conditions that no decision shows, at their begin and end: no witness answers this
 * server, another server is cut off from its clients or does not hear this one, a function lacks its
 * redundancy.
 */
import type { FunctionTable } from "../allocation/function-table.ts";
import { EVENT_RECORD, type EventQueue } from "../boundary/event-queue.ts";
import {
  LOG_HEARD_BY,
  LOG_NO_WITNESS,
  LOG_NOT_HEARD_BY,
  LOG_PEER_CUT_OFF,
  LOG_PEER_WITH_CLIENTS,
  LOG_WITNESS_ANSWERS,
} from "../boundary/maintenance-code.ts";
import { PHASE_ISOLATED } from "../boundary/phase.ts";
import type { Engine } from "../core/engine.ts";
import { DEAF_NAMED_MS, WITNESS_NAMED_MS } from "../limits.ts";
import type { Redundancy } from "./redundancy.ts";

const DEAF_NAMED_US = DEAF_NAMED_MS * 1000;
const WITNESS_NAMED_US = WITNESS_NAMED_MS * 1000;

export class ConditionReport {
  private hasNoWitness = false;
  /** Mask of the servers that were cut off at the last check. */
  private cutOff = 0;
  /** Mask of the servers that did not hear this one. */
  private deaf = 0;

  constructor(
    private readonly table: FunctionTable,
    private readonly engine: Engine,
    readonly redundancy: Redundancy,
  ) {}

  /**
   * Once per period. Records without room in the queue follow in the next one. No garbage.
   * @param owners server that owns each function, NONE for none
   */
  update(nowUs: number, owners: Int8Array, events: EventQueue): void {
    this.redundancy.update(nowUs, owners, events);
    this.lookForWitness(nowUs, events);
    for (let server = 0; server < this.table.serverCount; server++) {
      this.lookForClients(server, events);
      this.lookForEchoes(server, nowUs, events);
    }
  }

  private lookForWitness(nowUs: number, events: EventQueue): void {
    const { isolation } = this.engine;
    if (this.hasNoWitness) {
      if (isolation.reaches(nowUs) && events.push(EVENT_RECORD, LOG_WITNESS_ANSWERS, 0))
        this.hasNoWitness = false;
    } else if (isolation.carrier && isolation.silentUs(nowUs) >= WITNESS_NAMED_US)
      this.hasNoWitness = events.push(EVENT_RECORD, LOG_NO_WITNESS, 0);
  }

  private lookForClients(server: number, events: EventQueue): void {
    const { membership } = this.engine;
    const bit = 1 << server;
    const isCutOff = membership.isHeard(server) && membership.phase(server) === PHASE_ISOLATED;
    if (isCutOff === ((this.cutOff & bit) !== 0)) return;
    const code = isCutOff ? LOG_PEER_CUT_OFF : LOG_PEER_WITH_CLIENTS;
    if (events.push(EVENT_RECORD, code, server)) this.cutOff ^= bit;
  }

  private lookForEchoes(server: number, nowUs: number, events: EventQueue): void {
    const { membership } = this.engine;
    const bit = 1 << server;
    const isDeaf = membership.isHeard(server) && membership.echoedSequence[server] === 0;
    const isNamed = (this.deaf & bit) !== 0;
    if (isDeaf === isNamed) return;
    if (isDeaf && nowUs - (membership.deafSinceUs[server] as number) < DEAF_NAMED_US) return;
    const code = isDeaf ? LOG_NOT_HEARD_BY : LOG_HEARD_BY;
    if (events.push(EVENT_RECORD, code, server)) this.deaf ^= bit;
  }
}
