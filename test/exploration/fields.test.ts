/** Every field of the core, and of the explorer's world, has a name and a kind. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { optionsOf } from "./aircraft-explored.ts";
import { ExploredWorld } from "./explored-world.ts";
import { CORE } from "./fields-core.ts";
import { WORLD } from "./fields-world.ts";
import { objectsOf, unnamed } from "./object-walk.ts";

/** The shell does not belong to the core; see the test of the world. */
const NOT_CORE = new Set(["shell"]);
/** Constant, or completely rewritten before it is read. */
const OTHERS = ["FunctionTable", "Allocation", "Lateness", "ContingencyBook"];
/** Nothing of a state: how the simulator goes about it, and buffers. */
const OTHERS_OF_WORLD = [
  ...OTHERS,
  ...["ExploredWorld", "NoChance", "Air", "Attacker", "KeepAliveSeal", "Datagrams", "Inbox"],
  "KeyedDigest",
  ...[
    "Moments",
    "Kernels",
    "Pace",
    "Trace",
    "FlightRecorder",
    "AddressRenewal",
    "Clients",
    "Need",
    "Kept",
    "Taken",
  ],
  ...["StrangerAddresses", "ForeignAddresses", "VipTable"],
];

function flying(): ExploredWorld {
  const world = new ExploredWorld(optionsOf({ servers: 2 }));
  for (const host of world.hosts) world.switchOn(host);
  for (let tick = 0; tick < 100; tick++) world.tick();
  return world;
}

test("every field of every class of the core is named, and nothing else", () => {
  const { turn } = flying().hosts[0] as { turn: object };
  const objects = objectsOf(turn, NOT_CORE);
  expect(unnamed(objects, CORE, OTHERS)).toEqual([]);
  const met = new Set(objects.map(({ className }) => className));
  expect([...Object.keys(CORE)].filter((name) => !met.has(name))).toEqual([]);
});

test("every field of the simulator that holds a part of a state is named", () => {
  const world = flying();
  const objects = objectsOf(world, new Set(["snapshot"]));
  expect(unnamed(objects, { ...CORE, ...WORLD }, OTHERS_OF_WORLD)).toEqual([]);
});

test("a field that is not named, and a name without a field, are found", () => {
  const { turn } = flying().hosts[0] as unknown as { turn: { engine?: object } };
  Object.assign(turn.engine as object, { forgotten: 1 });
  const { wakeUs: _, ...engine } = CORE.Engine as Record<string, unknown>;
  const tables = { ...CORE, Engine: { ...engine, longGone: CORE.Engine?.skips } };
  expect(unnamed(objectsOf(turn, NOT_CORE), tables as typeof CORE, OTHERS)).toEqual([
    "Engine.forgotten is not named",
    "Engine.longGone is not there",
    "Engine.wakeUs is not named",
  ]);
});

test("the inputs that decide whether a field counts are fields, too", () => {
  const tables = { ...CORE, ...WORLD };
  for (const [name, fields] of Object.entries(tables)) {
    for (const { while: condition, past } of Object.values(fields)) {
      for (const [, field = ""] of `${condition} ${past}`.matchAll(/\bo\.(\w+)/g))
        expect(Object.keys(fields), `${name}.${field}`).toContain(field);
    }
  }
});

test("no class of the core hides anything", () => {
  const folder = join(import.meta.dir, "../../src/core");
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(30); // the canary
  for (const name of files)
    expect(readFileSync(join(folder, name), "utf8"), name).not.toMatch(/this\.#|^\s*#\w+/m);
});
