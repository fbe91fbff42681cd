/**
 * Inputs and outputs of a data load on this server: its log, the installed parts, the destination
 * of loads.
 */
import { join } from "node:path";
import {
  LOG_LOAD_ABORTED,
  LOG_LOAD_COMPLETED,
  LOG_LOAD_REFUSED,
  LOG_LOAD_STARTED,
} from "../catalogue/supervisor-code.ts";
import type { AircraftConfig, DataLoadConfig } from "../config/model.ts";
import type { DataLoadEvent, DataLoadParts } from "../dataload/data-load.ts";
import { DirectoryTarget } from "../dataload/directory-target.ts";
import type { Download } from "../dataload/download.ts";
import type { LoadedHardware, LoadedPart } from "../dataload/information-files.ts";
import { positionOf } from "../dataload/target-identity.ts";
import { SlotStore } from "../slots/slot-store.ts";
import { ownCommand } from "../supervisor/own-executable.ts";
import { type GroundSignal, groundText } from "./ground-input.ts";
import { refusal } from "./interlock.ts";
import { LoadProcess } from "./load-process.ts";
import { type ExportFormat, exportLog } from "./log/log-export.ts";
import { LogImage } from "./log/log-image.ts";
import type { LogKeeper } from "./log/log-keeper.ts";
import type { LogReader } from "./maintenance.ts";
import { versionDocument } from "./version-document.ts";

const TYPE = "HEADEND";
const LITERAL = "WINGMAN HEAD-END";

/** Place of loads in the state directory until they are installed. */
const LOAD_DIRECTORY = "data-load";

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
  /** The configuration in effect. */
  readonly configFile: string;
  /** Base of relative paths in the configuration. */
  readonly directory: string;
}

export function dataLoadParts(own: DataLoadConfig, around: LoadSurroundings): DataLoadParts {
  const { config, serverId, keeper, ground, groundInput, stateDirectory } = around;
  const { configFile, directory } = around;
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
    target: loadTarget(
      join(stateDirectory, LOAD_DIRECTORY),
      config.parts.slots,
      new LoadProcess({ ownCommand: ownCommand(), configFile, directory }),
    ),
    note: (event, detail) => keeper.note(CODES[event], -1, detail),
  };
}

function loadTarget(directory: string, slots: string, process: LoadProcess): DirectoryTarget {
  const traces = [directory, ...new SlotStore(slots).unsettled];
  return new DirectoryTarget({
    ...{ directory, copies: slots },
    // Leftovers that cannot be removed now are retried with the next load.
    cleaned: process.clean(directory, traces).catch(() => {}),
    judge: (load, way) => process.take(load, way),
  });
}

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

/** The maintenance log in every format, generated on request. */
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
