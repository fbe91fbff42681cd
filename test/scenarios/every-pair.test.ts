/**
 * Two servers with one function, each in any state of its hand-over, meet after a cut: one owner is
 * left, and nothing waits for ever.
 */
import { expect, test } from "bun:test";
import {
  EFFECT_PROCESS_STOP,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
} from "../../src/core/effect-queue.ts";
import { FunctionTable, PROCESS_ON_ACTIVATE } from "../../src/core/function-table.ts";
import {
  ADDING,
  CLAIMED,
  ENDING,
  IDLE,
  REMOVING,
  RESTORING,
  STOPPING,
  UP,
} from "../../src/core/handover-rows.ts";
import { POLICIES } from "../../src/core/policies.ts";
import { CONTROL_PROCESS_STOPPED } from "../../src/wire/control.ts";
import { Cluster } from "../simulation/cluster.ts";

const STATES = { IDLE, CLAIMED, ADDING, UP, RESTORING, STOPPING, REMOVING, ENDING } as const;
const REQUIRED = 30;

/**
 * Brings the function of a server that serves alone into `state`, with what the kernel and the
 * supervisor know of it then.
 */
function bringInto(cluster: Cluster, server: number, state: number): void {
  const host = cluster.host(server);
  const { handover, effects } = cluster.engine(server);
  expect(handover.state[0]).toBe(UP);
  handover.state[0] = state;
  const withoutAddress = state === IDLE || state === CLAIMED || state === ENDING;
  if (withoutAddress) {
    host.vips.delete(0);
    handover.onVipDown(0);
  }
  if (state === IDLE || state === CLAIMED) {
    host.processes.delete(0);
    handover.onProcess(0, CONTROL_PROCESS_STOPPED);
    handover.load -= REQUIRED;
    if (state === IDLE) handover.busy--;
  } else if (state === ADDING || state === RESTORING) {
    handover.onVipDown(0);
    effects.push(EFFECT_VIP_ADD, 0, 0, 0);
  } else if (state === STOPPING || state === ENDING) effects.push(EFFECT_PROCESS_STOP, 0, 0, 0);
  else if (state === REMOVING) effects.push(EFFECT_VIP_REMOVE, 0, 0, 0);
}

for (const policy of POLICIES) {
  for (const [oneName, one] of Object.entries(STATES)) {
    for (const [otherName, other] of Object.entries(STATES)) {
      test(`${policy.name}: ${oneName} meets ${otherName}`, () => {
        const row = {
          required: REQUIRED,
          priority: 5,
          servers: 3,
          process: PROCESS_ON_ACTIVATE,
          stopGraceMs: 50,
        };
        const cluster = new Cluster({ table: new FunctionTable([100, 100], [row]), policy });
        cluster.cut(0, 1, true);
        cluster.startAll();
        cluster.run(500);
        bringInto(cluster, 0, one);
        bringInto(cluster, 1, other);
        cluster.cut(0, 1, false);
        cluster.run(2000); // one answer and capacity are checked in every turn
        expect(cluster.agrees()).toBe(true);
        const owners = [0, 1].filter((server) => cluster.host(server).vips.has(0));
        expect(owners).toHaveLength(1);
        for (const server of [0, 1]) {
          const { handover } = cluster.engine(server);
          expect(handover.state[0]).toBe(owners[0] === server ? UP : IDLE);
          expect(handover.load).toBe(owners[0] === server ? REQUIRED : 0);
          expect(handover.busy).toBe(owners[0] === server ? 1 : 0);
        }
      });
    }
  }
}
