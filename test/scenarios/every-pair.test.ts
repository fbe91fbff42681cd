/**
 * Two servers with one function, each in any state of its hand-over, meet after a cut: one owner is
 * left, and nothing waits for ever.
 */
import { expect, test } from "bun:test";
import { FunctionTable, PROCESS_ON_ACTIVATE } from "../../src/allocation/function-table.ts";
import { POLICIES } from "../../src/allocation/policies.ts";
import {
  EFFECT_PROCESS_STOP,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
} from "../../src/boundary/effect-queue.ts";
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
import { CONTROL_PROCESS_STOPPED } from "../../src/wire/control.ts";
import { NominalWorld } from "../simulation/nominal-world.ts";

const STATES = { IDLE, CLAIMED, ADDING, UP, RESTORING, STOPPING, REMOVING, ENDING } as const;
const REQUIRED = 30;

/**
 * Brings the function of a server that serves alone into `state`, with what the kernel and the
 * supervisor know of it then.
 */
function bringInto(world: NominalWorld, server: number, state: number): void {
  const host = world.hosts[server];
  const engine = world.engine(server);
  const { handover, effects } = engine;
  expect(handover.state[0]).toBe(UP);
  handover.state[0] = state;
  const withoutAddress = state === IDLE || state === CLAIMED || state === ENDING;
  if (withoutAddress) {
    world.kernels.dropAll(host);
    host.shell?.forget(0);
    handover.vips.onDown(0);
  }
  if (state === IDLE || state === CLAIMED) {
    world.kernels.endProcess(host, 0);
    handover.onProcess(0, CONTROL_PROCESS_STOPPED);
    handover.room.load[0] -= REQUIRED;
    if (state === IDLE) handover.busy--;
  } else if (state === ADDING || state === RESTORING) {
    handover.vips.onDown(0);
    effects.push(EFFECT_VIP_ADD, 0, 0, 0);
  } else if (state === STOPPING || state === ENDING) effects.push(EFFECT_PROCESS_STOP, 0, 0, 0);
  else if (state === REMOVING) effects.push(EFFECT_VIP_REMOVE, 0, 0, 0);
  world.invariants.kept.begin(host); // nobody has decided it
  engine.wakeUs = world.nowUs; // the two meet before any state has passed by itself
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
        const world = new NominalWorld({ table: new FunctionTable([100, 100], [row]), policy });
        world.cut(0, 1, true);
        world.startAll();
        world.run(500);
        bringInto(world, 0, one);
        bringInto(world, 1, other);
        world.cut(0, 1, false);
        world.run(2000); // one answer and capacity are checked in every turn
        expect(world.agrees()).toBe(true);
        const owners = [0, 1].filter((server) => world.hosts[server].up[0] === 1);
        expect(owners).toHaveLength(1);
        for (const server of [0, 1]) {
          const { handover } = world.engine(server);
          expect(handover.state[0]).toBe(owners[0] === server ? UP : IDLE);
          expect(handover.room.load[0]).toBe(owners[0] === server ? REQUIRED : 0);
          expect(handover.busy).toBe(owners[0] === server ? 1 : 0);
        }
      });
    }
  }
}
