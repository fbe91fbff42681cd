/**
 * Power cuts during the writes of the maintenance log. Killing a QEMU proves little, because this
 * machine's cache survives: the recorded writes and flushes are replayed instead.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { LogImage } from "../../src/manage/log/log-image.ts";
import { LOG_FILE } from "../../src/manage/log/log-store.ts";
import type { LogEntry } from "../../src/manage/maintenance.ts";
import { tryCommand } from "../../src/rig/command-run.ts";
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { SeededRandom } from "../../test/harness/seeded-random.ts";
import { judge, replayJournal } from "./cut-disk.ts";
import { marksIn, writeMark } from "./disk-marks.ts";
import { DiskRecord } from "./disk-record.ts";
import { type HeadEnds, STATE_MIB } from "./head-ends.ts";
import type { Machine } from "./machine.ts";
import { cutPlaces, eachCut } from "./power-cuts.ts";

/** Rounds of producing, downloading and marking records. */
const ROUNDS = 6;
/** In addition to those after each flush. */
const RANDOM_CUTS = 60;
const FILE_SYSTEM_BYTES = STATE_MIB << 20;

/** Entries that were acknowledged when this round's mark was written to the disk. */
type Acknowledged = Map<number, LogEntry>;

/** In the guest: a leg begins and ends, the function's process dies, an address is removed. */
const EVENTS = [
  "echo 0 > /run/wingman/on-ground",
  "killall -9 httpd",
  "ip addr del 10.44.1.2/32 dev eth0",
  "echo 1 > /run/wingman/on-ground",
];

export async function checkPowerCuts(step: ProcedureStep, headEnds: HeadEnds): Promise<void> {
  const machine = await headEnds.flying("a");
  const rounds: Acknowledged[] = [];
  for (let round = 0; round < ROUNDS; round++)
    rounds.push(await bringAbout(headEnds, machine, round));
  const last = rounds.at(-1)?.size ?? 0;
  step.did(
    `brought about records ${ROUNDS} times, and downloaded the log each time: ${last} in the end`,
  );
  await headEnds.switchOff("a");

  const { pristine, record: file } = headEnds.diskRecord("state");
  const record = new DiskRecord(file);
  try {
    const seed = Date.now() >>> 0;
    const random = new SeededRandom(seed);
    const places = cutPlaces(record, RANDOM_CUTS, random);
    const trial = new Trial(headEnds, record, rounds);
    const image = headEnds.file("cut");
    await eachCut(record, pristine, image, places, random, (cut) => trial.look(image, cut));
    trial.conclude(step, seed, places.length);
  } finally {
    record.close();
  }
}

/**
 * A download stores waiting records before it sends: everything in it is acknowledged. The mark is
 * written behind the file system, without a flush of its own.
 */
async function bringAbout(
  headEnds: HeadEnds,
  machine: Machine,
  round: number,
): Promise<Acknowledged> {
  for (const event of EVENTS) await machine.shell.try(event);
  const file = await headEnds.downloadLog(machine);
  await writeMark(machine, "state", FILE_SYSTEM_BYTES, round);
  return entriesOf(file);
}

function entriesOf(file: string): Acknowledged {
  const image = new LogImage(file, readFileSync(file));
  return new Map(image.entries().map((entry) => [entry.sequence, entry]));
}

/** Findings about every disk. */
class Trial {
  readonly #marks: { entry: number; acknowledged: Acknowledged }[];
  readonly #unclean: string[] = [];
  readonly #unverified: string[] = [];
  readonly #lost: string[] = [];
  #logs = 0;
  #asked = 0;
  #unflushed = 0;
  #keptOf = 0;

  constructor(
    private readonly headEnds: HeadEnds,
    record: DiskRecord,
    rounds: readonly Acknowledged[],
  ) {
    this.#marks = marksIn(record, FILE_SYSTEM_BYTES).flatMap(({ entry, mark }) => {
      const acknowledged = rounds[mark];
      return acknowledged === undefined ? [] : [{ entry, acknowledged }];
    });
  }

  async look(
    image: string,
    cut: { entries: number; unflushed: number; kept: number },
  ): Promise<void> {
    this.#unflushed += cut.unflushed;
    this.#keptOf += cut.kept;
    const where = `after write ${cut.entries}`;
    const complaint = await replayJournal(image);
    if (complaint !== null) this.#unclean.push(`${where}: ${complaint}`);

    const log = this.headEnds.file("cut.log");
    rmSync(log, { force: true });
    await tryCommand(["debugfs", "-R", `dump /${LOG_FILE} ${log}`, image]);
    const acknowledged = this.#marks.findLast(({ entry }) => entry < cut.entries)?.acknowledged;
    if (!existsSync(log)) {
      if (acknowledged !== undefined) this.#lost.push(`${where}: the whole log`);
      return;
    }
    this.#logs++;
    const { passed, said } = await this.headEnds.verifyLog(log);
    if (!passed) this.#unverified.push(`${where}: ${said}`);
    this.#requireAll(where, log, acknowledged ?? new Map());
  }

  #requireAll(where: string, log: string, acknowledged: Acknowledged): void {
    let found: Acknowledged;
    try {
      found = entriesOf(log);
    } catch (error) {
      this.#lost.push(`${where}: ${(error as Error).message}`);
      return;
    }
    for (const [sequence, entry] of acknowledged) {
      this.#asked++;
      if (!Bun.deepEquals(found.get(sequence), entry))
        this.#lost.push(`${where}: record ${sequence} ${entry.text}`);
    }
  }

  conclude(step: ProcedureStep, seed: number, cuts: number): void {
    step.did(
      `played ${cuts} power cuts: after each flush, and ${RANDOM_CUTS} at random; of ${this.#unflushed} sectors that were not flushed, ${this.#keptOf} reached the disk (seed ${seed})`,
    );
    step.check(
      ...(["marks in the record of the disk", String(ROUNDS)] as const),
      ...([String(this.#marks.length), this.#marks.length === ROUNDS] as const),
    );
    judge(
      step,
      "e2fsck after the journal was replayed",
      "clean",
      `clean, ${cuts} times`,
      this.#unclean,
    );
    judge(step, "wingman log verify", "passes", `passes, ${this.#logs} times`, this.#unverified);
    const held = `none of ${this.#asked} lost`;
    const lost = "records that were acknowledged before the cut";
    judge(step, lost, "none lost", held, this.#lost);
  }
}
