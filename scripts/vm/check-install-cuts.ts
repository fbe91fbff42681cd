/**
 * Power cuts during the writes of `wingman part install` and `part activate`, on a small separate
 * disk: after every cut each slot holds a whole part, and so does the started one.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../src/rig/command-run.ts";
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { SeededRandom } from "../../test/harness/seeded-random.ts";
import { ROOT_CONFIGURATION } from "./aircraft.ts";
import { judge, replayJournal } from "./cut-disk.ts";
import { CutSlots, type SlotsHeld } from "./cut-slots.ts";
import { marksIn, writeMark } from "./disk-marks.ts";
import { DiskRecord } from "./disk-record.ts";
import { MEDIA } from "./guest-images.ts";
import { type HeadEnds, TRIAL_MIB } from "./head-ends.ts";
import type { Machine } from "./machine.ts";
import { cutPlaces, eachCut } from "./power-cuts.ts";

/** In addition to those after each flush. */
const RANDOM_CUTS = 60;
const FILE_SYSTEM_BYTES = TRIAL_MIB << 20;
const MOUNTED = "/tmp/trial";
const NOTHING: SlotsHeld = { a: null, b: null, current: null };

interface Act {
  readonly command: string;
  /** Content of the slots after its completion. */
  readonly after: SlotsHeld;
}

/** Three installations: into each empty slot, and over the oldest part. */
function acts(one: string, two: string, three: string): Act[] {
  const install = (partNumber: string): string => `install ${MEDIA}/${partNumber}`;
  return [
    { command: install(one), after: { a: one, b: null, current: null } },
    { command: "activate", after: { a: one, b: null, current: "a" } },
    { command: "good", after: { a: one, b: null, current: "a" } },
    { command: install(two), after: { a: one, b: two, current: "a" } },
    { command: "activate", after: { a: one, b: two, current: "b" } },
    { command: "good", after: { a: one, b: two, current: "b" } },
    { command: install(three), after: { a: three, b: two, current: "b" } },
    { command: "activate", after: { a: three, b: two, current: "a" } },
  ];
}

export async function checkInstallCuts(step: ProcedureStep, headEnds: HeadEnds): Promise<void> {
  const machine = await headEnds.flying("a");
  const [one = "", two = "", three = ""] = headEnds.parts.small.map((part) => part.partNumber);
  const plan = acts(one, two, three);
  await perform(machine, plan);
  step.did(`installed three parts and activated each: ${plan.length} commands, each acknowledged`);

  const { pristine, record: file } = headEnds.diskRecord("trial");
  const record = new DiskRecord(file);
  const seed = Date.now() >>> 0;
  const random = new SeededRandom(seed);
  const places = cutPlaces(record, RANDOM_CUTS, random);
  const marks = marksIn(record, FILE_SYSTEM_BYTES);
  const slots = new CutSlots(headEnds.parts.publicKey);
  const unclean: string[] = [];
  const [image, extracted] = [headEnds.file("trial.cut"), headEnds.file("trial.slots")];
  let [unflushed, kept] = [0, 0];
  try {
    await eachCut(record, pristine, image, places, random, async (cut) => {
      unflushed += cut.unflushed;
      kept += cut.kept;
      const where = `after write ${cut.entries}`;
      const complaint = await replayJournal(image);
      if (complaint !== null) unclean.push(`${where}: ${complaint}`);
      rmSync(extracted, { recursive: true, force: true });
      mkdirSync(extracted);
      await runCommand(["debugfs", "-R", `rdump /slots ${extracted}`, image]);
      const done = marks.filter(({ entry }) => entry < cut.entries).length;
      const before = plan[done - 1]?.after ?? NOTHING;
      slots.look(where, join(extracted, "slots"), before, plan[done]?.after ?? before);
    });
  } finally {
    record.close();
  }
  step.did(
    `played ${places.length} power cuts: after each flush, and ${RANDOM_CUTS} at random; of ${unflushed} sectors that were not flushed, ${kept} reached the disk (seed ${seed})`,
  );
  const all = `${marks.length} of ${plan.length}`;
  step.check("commands marked in the record", "all", all, marks.length === plan.length);
  judge(step, "e2fsck after the journal was replayed", "clean", "clean, every time", unclean);
  slots.conclude(step);
}

/** On a disk with no other writes; a mark follows each completed command. */
async function perform(machine: Machine, plan: readonly Act[]): Promise<void> {
  await machine.shell.run(
    `mkdir -p ${MOUNTED} && for disk in /sys/block/vd*; do [ "$(cat $disk/serial)" = trial ] && mount -t ext4 /dev/\${disk##*/} ${MOUNTED}; done; grep -q " ${MOUNTED} " /proc/mounts`,
  );
  const options = `--config ${ROOT_CONFIGURATION} --slots ${MOUNTED}/slots`;
  for (const [mark, { command }] of plan.entries()) {
    await machine.shell.run(`wingman part ${command} ${options}`);
    await writeMark(machine, "trial", FILE_SYSTEM_BYTES, mark);
  }
  await machine.shell.run(`umount ${MOUNTED}`);
}
