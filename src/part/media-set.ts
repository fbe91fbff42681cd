/**
 * A load on one medium: the two lists, the load header and its files agree with each other and with
 * the content of the directory, to the last byte. Its origin is not checked here; see verify.ts.
 */
import { createHash } from "node:crypto";
import { hasCorrectCheckCharacters, PART_NUMBER } from "../config/part-number.ts";
import { quoted } from "../config/problem.ts";
import { PART_FILES_MAX } from "../limits.ts";
import { requireSha256 } from "./check-value.ts";
import { crc32 } from "./crc.ts";
import { WORD_BYTES } from "./cursor.ts";
import { type FileList, type ListedFile, readFileList } from "./file-list.ts";
import {
  FILE_NAME_EXPECTED,
  FILES_LIST,
  fileNameObjection,
  headerFileName,
  LOADS_LIST,
} from "./file-name.ts";
import type { Layout } from "./layout.ts";
import { type LoadFile, type ReadLoadHeader, readLoadHeader } from "./load-header.ts";
import { type ListedLoad, readLoadList } from "./load-list.ts";
import { type MeasuredFile, measure } from "./measured-file.ts";
import { hexText, PartError } from "./part-error.ts";
import { chunksOf, namesIn, readIndexFile } from "./part-file.ts";

const ROOT_PATH = "\\";
const HEADER_ENDING = ".LUH";

export interface MediaSet {
  header: ReadLoadHeader;
  headerFile: string;
  /** The load's own files by name, data files first, in the order of the header. */
  files: ReadonlyMap<string, MeasuredFile>;
}

/**
 * Reads every file of the directory once.
 *
 * @throws PartError that names the file of the first disagreement
 */
export function readMediaSet(directory: string): MediaSet {
  const names = namesIn(directory);
  requirePresent(FILES_LIST, names, "as every medium has one");
  const list = readFileList(readIndexFile(directory, FILES_LIST));
  requireOneMedium(list.members, FILES_LIST);
  const listed = filesOf(list, names);

  const loadsBytes = readIndexFile(directory, LOADS_LIST);
  const { loads, ...loadsInfo } = readLoadList(loadsBytes);
  requireOneMedium(loadsInfo.members, LOADS_LIST);
  requireSame(LOADS_LIST, "media set part number", loadsInfo.mediaSet, list.mediaSet);
  requireSame(LOADS_LIST, "layout", loadsInfo.layout, list.layout);
  const load = theLoad(loads);
  requireListed(load.headerFile, listed, LOADS_LIST, "header file");

  const { headerFile } = load;
  const headerBytes = readIndexFile(directory, headerFile);
  const header = readLoadHeader(headerBytes, headerFile);
  judgeHeader(header, headerFile, load, list);

  const indexes = [
    [LOADS_LIST, loadsBytes],
    [headerFile, headerBytes],
  ] as const;
  for (const [name, bytes] of indexes)
    judgeListed(
      name,
      measure([bytes]),
      requireListed(name, listed, FILES_LIST, "files"),
      list.layout,
    );
  const files = measureLoad(directory, header, headerFile, listed);
  return { header, headerFile, files };
}

/**
 * Reads a load as a data loader delivers it: the header and its files, without the lists of a
 * medium.
 *
 * @param onRead called with the number of further bytes read from its files
 * @throws PartError that names the file of the first disagreement
 */
export function readLoad(directory: string, onRead: (bytes: number) => void): MediaSet {
  const names = namesIn(directory);
  const headers = names.filter((name) => name.endsWith(HEADER_ENDING));
  const [headerFile] = headers;
  if (headerFile === undefined || headers.length !== 1)
    throw new PartError(directory, "load headers", `${headers.length}`, "1");
  const header = readLoadHeader(readIndexFile(directory, headerFile), headerFile);
  const own = judgeOwn(header, headerFile);
  requireSame(headerFile, "name", headerFile, headerFileName(header.partNumber));
  for (const name of own) requirePresent(name, names, `as ${headerFile} lists it`);
  const foreign = names.find((name) => name !== headerFile && !own.has(name));
  if (foreign !== undefined)
    throw new PartError(foreign, "name", `a file that ${headerFile} does not list`, "no such file");
  return { header, headerFile, files: measureLoad(directory, header, headerFile, null, onRead) };
}

/** The entries of FILES.LUM by name: each valid and present, and no other file present. */
function filesOf(list: FileList, names: readonly string[]): Map<string, ListedFile> {
  const listed = new Map<string, ListedFile>();
  list.files.forEach((entry, index) => {
    const place = `file ${index + 1} of ${list.files.length}`;
    requireFileName(entry.name, FILES_LIST, place);
    requireSame(FILES_LIST, `${place}: path`, entry.path, ROOT_PATH);
    requireSame(FILES_LIST, `${place}: medium`, entry.member, 1);
    if (listed.has(entry.name) || entry.name === FILES_LIST)
      throw new PartError(FILES_LIST, `${place}: name`, quoted(entry.name), "each other file once");
    listed.set(entry.name, entry);
    requirePresent(entry.name, names, `as ${FILES_LIST} lists it`);
  });
  const unlisted = names.find((name) => name !== FILES_LIST && !listed.has(name));
  if (unlisted !== undefined)
    throw new PartError(
      unlisted,
      "name",
      `a file that ${FILES_LIST} does not list`,
      "no such file",
    );
  requireListed(LOADS_LIST, listed, FILES_LIST, "files");
  return listed;
}

function theLoad(loads: readonly ListedLoad[]): ListedLoad {
  const [load] = loads;
  if (load === undefined || loads.length !== 1)
    throw new PartError(LOADS_LIST, "number of loads", `${loads.length}`, "1");
  requireSame(LOADS_LIST, "load 1 of 1: medium", load.member, 1);
  return load;
}

function judgeHeader(
  header: ReadLoadHeader,
  file: string,
  load: ListedLoad,
  { layout, files }: FileList,
): void {
  const { partNumber, hardware } = header;
  const own = judgeOwn(header, file);
  requireSame(LOADS_LIST, "load 1 of 1: part number", load.partNumber, partNumber);
  requireSame(LOADS_LIST, "load 1 of 1: header file", file, headerFileName(partNumber));
  const inList = quoted(load.hardware.join(" "));
  requireSame(LOADS_LIST, "load 1 of 1: hardware ids", inList, quoted(hardware.join(" ")));
  requireSame(file, "layout", header.layout, layout);
  const foreign = files.find(({ name }) => name !== LOADS_LIST && name !== file && !own.has(name));
  if (foreign !== undefined)
    throw new PartError(foreign.name, "name", `a file that ${file} does not list`, "no such file");
}

/** Checks the content of a header. @returns the names of the load's own files */
function judgeOwn(header: ReadLoadHeader, file: string): Set<string> {
  const { partNumber, dataFiles, supportFiles } = header;
  if (!PART_NUMBER.test(partNumber) || !hasCorrectCheckCharacters(partNumber))
    throw new PartError(
      file,
      "part number",
      quoted(partNumber),
      "13 characters with the check characters that fit",
    );
  if (header.isDownload) throw new PartError(file, "part flags", "0x0001, a download", "0x0000");
  const own = [...dataFiles, ...supportFiles];
  if (own.length > PART_FILES_MAX)
    throw new PartError(file, "number of files", `${own.length}`, `at most ${PART_FILES_MAX}`);
  const names = new Set<string>();
  for (const { name } of own) {
    requireFileName(name, file, "data file");
    if (names.has(name) || name === file || name === LOADS_LIST)
      throw new PartError(file, "data files", quoted(name), "each file once");
    names.add(name);
  }
  return names;
}

/** Reads the files of the load in the order in which its own checksums cover them. */
function measureLoad(
  directory: string,
  header: ReadLoadHeader,
  headerFile: string,
  listed: ReadonlyMap<string, ListedFile> | null,
  onRead: (bytes: number) => void = () => {},
): Map<string, MeasuredFile> {
  let loadCrc = crc32(header.loadCrcCovers);
  const hash = createHash("sha256").update(header.loadCheckValueCovers);
  const files = new Map<string, MeasuredFile>();
  for (const entry of [...header.dataFiles, ...header.supportFiles]) {
    const { name } = entry;
    const inList = listed && requireListed(name, listed, headerFile, "data file");
    const measured = measure(chunksOf(directory, name), (chunk) => {
      loadCrc = crc32(chunk, loadCrc);
      hash.update(chunk);
      onRead(chunk.length);
    });
    judgeSize(entry, measured, headerFile);
    if (inList !== null) judgeListed(name, measured, inList, header.layout);
    judgeSums(name, measured, entry, headerFile, header.layout);
    files.set(name, measured);
  }
  if (header.layout === "665-3")
    requireSha256(header.loadCheckValue, hash.digest(), headerFile, "load check value");
  if (loadCrc !== header.loadCrc)
    throw new PartError(headerFile, "load CRC-32", hexText(header.loadCrc, 8), hexText(loadCrc, 8));
  return files;
}

function judgeSize({ name, words, bytes }: LoadFile, measured: MeasuredFile, by: string): void {
  const expected = bytes ?? (words ?? 0) * WORD_BYTES;
  if (measured.bytes === expected) return;
  throw new PartError(name, "size", `${measured.bytes} bytes`, `${expected}, as ${by} says`);
}

function judgeListed(
  name: string,
  measured: MeasuredFile,
  entry: ListedFile,
  layout: Layout,
): void {
  judgeSums(name, measured, entry, FILES_LIST, layout);
}

function judgeSums(
  name: string,
  measured: MeasuredFile,
  said: Pick<LoadFile, "crc16" | "checkValue">,
  by: string,
  layout: Layout,
): void {
  const found = hexText(measured.crc16, 4);
  if (measured.crc16 !== said.crc16)
    throw new PartError(name, "CRC-16", found, `${hexText(said.crc16, 4)}, as ${by} says`);
  if (layout === "665-3")
    requireSha256(said.checkValue, measured.sha256, name, `check value, as ${by} says`);
}

function requireFileName(name: string, file: string, place: string): void {
  const objection = fileNameObjection(name);
  if (objection !== null)
    throw new PartError(file, `${place}: name`, objection, FILE_NAME_EXPECTED);
}

function requirePresent(name: string, names: readonly string[], why: string): void {
  if (!names.includes(name))
    throw new PartError(name, "file", "nothing of that name", `the file, ${why}`);
}

function requireListed(
  name: string,
  listed: ReadonlyMap<string, ListedFile>,
  file: string,
  field: string,
): ListedFile {
  const entry = listed.get(name);
  if (entry === undefined)
    throw new PartError(file, field, `${quoted(name)} out of place`, `${name} in ${FILES_LIST}`);
  return entry;
}

function requireOneMedium(members: number, file: string): void {
  requireSame(file, "number of media", members, 1);
}

function requireSame(
  file: string,
  field: string,
  found: string | number,
  expected: string | number,
): void {
  if (found === expected) return;
  const shown = (value: string | number) =>
    typeof value === "string" && !value.startsWith('"') ? quoted(value) : String(value);
  throw new PartError(file, field, shown(found), shown(expected));
}
