/** What a data load gives and takes on this server: its log, what is installed, where loads go. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  LOG_LOAD_ABORTED,
  LOG_LOAD_COMPLETED,
  LOG_LOAD_REFUSED,
  LOG_LOAD_STARTED,
} from "../catalogue/upkeep-code.ts";
import type { AircraftConfig, DataLoadConfig } from "../config/model.ts";
import type { DataLoadEvent, DataLoadParts } from "../dataload/data-load.ts";
import { DirectoryTarget } from "../dataload/directory-target.ts";
import type { Download } from "../dataload/download.ts";
import type { LoadedHardware, LoadedPart } from "../dataload/information-files.ts";
import { positionOf } from "../dataload/target-identity.ts";
import type { UploadVerdict } from "../dataload/upload-target.ts";
import { readTrustedKeys } from "../part/trust.ts";
import { PartError, verifyLoad } from "../part/verify.ts";
import { BUILT_FOR } from "../reporting/build.ts";
import { thisMachine } from "../slots/admissible.ts";
import { installPart, NotInstalledError, requireFreeSlot } from "../slots/install.ts";
import { SlotStore } from "../slots/slot-store.ts";
import { type GroundSignal, groundText } from "./ground-input.ts";
import { refusal } from "./interlock.ts";
import { type ExportFormat, exportLog } from "./log/log-export.ts";
import { LogImage } from "./log/log-image.ts";
import type { LogKeeper } from "./log/log-keeper.ts";
import type { LogReader } from "./maintenance.ts";
import { versionDocument } from "./version-document.ts";

const TYPE = "HEADEND";
const LITERAL = "WINGMAN HEAD-END";

/** Where loads come to lie in the state directory. */
export const LOAD_DIRECTORY = "data-load";

const CODES: Readonly<Record<DataLoadEvent, number>> = {
  started: LOG_LOAD_STARTED,
  completed: LOG_LOAD_COMPLETED,
  refused: LOG_LOAD_REFUSED,
  aborted: LOG_LOAD_ABORTED,
};

export interface LoadSurroundings {
  readonly config: AircraftConfig;
  readonly serverId: string;
  readonly keeper: LogKeeper;
  readonly ground: GroundSignal;
  readonly groundInput: string;
  readonly stateDirectory: string;
  /** Where relative paths of the configuration begin. */
  readonly directory: string;
}

export function dataLoadParts(own: DataLoadConfig, around: LoadSurroundings): DataLoadParts {
  const { config, serverId, keeper, ground, groundInput, stateDirectory } = around;
  const { listen, port, findPort, manufacturer, position = positionOf(serverId) } = own;
  const { hardware } = config.parts;
  const vips = config.functions.flatMap((entry) => entry.vips.map(({ text }) => text));
  return {
    ...{ listen, port, findPort, literal: LITERAL, type: TYPE },
    identity: { hardware, position, manufacturer },
    vips: vips.map((vip) => vip.split("/")[0] ?? ""),
    isOnGround: () => ground.isOnGround,
    refusal: () => refusal("data-load", ground.isOnGround, groundText(groundInput)),
    hardware: () => [installed(config, serverId)],
    downloads: () => logFiles(keeper.reader, serverId),
    target: new DirectoryTarget(join(stateDirectory, LOAD_DIRECTORY), (directory) =>
      takeLoad(directory, config, around.directory),
    ),
    note: (event, detail) => keeper.note(CODES[event], -1, detail),
  };
}

/**
 * A load that came whole goes into the inactive slot when it is signed by a trusted key and for this
 * server. The process is busy with that for some seconds, on ground.
 */
function takeLoad(
  directory: string,
  config: AircraftConfig,
  configDirectory: string,
): UploadVerdict {
  const store = new SlotStore(config.parts.slots);
  try {
    const reading = readTrustedKeys(config.parts.trust, configDirectory);
    if (!reading.ok) return refused(reading.problems.map(({ found }) => found).join("; "));
    if (reading.keys.length === 0) return refused("the configuration names no key in parts.trust");
    mkdirSync(store.directory, { recursive: true });
    store.settle();
    requireFreeSlot(store);
    const part = verifyLoad(directory, reading.keys);
    const slot = installPart(store, part, directory, thisMachine(config, BUILT_FOR), false);
    return { accepted: true, why: `${part.partNumber} in slot ${slot}; activate it` };
  } catch (error) {
    if (error instanceof PartError || error instanceof NotInstalledError)
      return refused(error.message);
    return refused(`the slots cannot be written: ${(error as Error).message}`);
  }
}

const refused = (why: string): UploadVerdict => ({ accepted: false, why });

function installed(config: AircraftConfig, serverId: string): LoadedHardware {
  const { partNumber, version, buildDigest, tableDigest, system } = versionDocument(config);
  const program: LoadedPart = {
    partNumber: "WINGMAN",
    amendment: version,
    designation: `PROGRAM, BUILD ${buildDigest.slice(0, 16)}`,
  };
  const parts = [program];
  if (partNumber !== null) {
    const designation = `CONFIGURATION OF ${system}, TABLE ${tableDigest.slice(0, 16)}`;
    parts.push({ partNumber, amendment: "", designation });
  }
  return { literal: LITERAL, serialNumber: serverId, parts };
}

/** The maintenance log in every form, made when it is asked for. */
function logFiles(log: LogReader, serverId: string): Download[] {
  const exported = (format: ExportFormat) => (): Uint8Array =>
    Buffer.from(exportLog(new LogImage("the log", log.image()), format), "utf8");
  const file = (ending: string, words: string, content: () => Uint8Array): Download => ({
    name: `wingman-log-${serverId}.${ending}`,
    description: `maintenance log of server ${serverId}, ${words}`,
    content,
  });
  return [
    file("txt", "text", exported("text")),
    file("csv", "CSV", exported("csv")),
    file("jsonl", "JSON lines", exported("json")),
    file("bin", "binary, whole", () => log.image()),
  ];
}
