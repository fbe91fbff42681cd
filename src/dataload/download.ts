/**
 * Download. Operator-defined: the loader is offered files, its operator chooses, and receives them
 * (LNO; LNL, LNA, the files and LNS). Media-defined: the loader's medium names them (LND; LNR, the
 * files and LNS).
 */
import {
  decodeFileChoice,
  decodeFileRequest,
  encodeDownloadStatus,
  encodeFileList,
  type OfferedFile,
} from "./download-files.ts";
import { type Operation, OperationAborted } from "./operation.ts";
import {
  STATUS_ABORTED_BY_TARGET,
  STATUS_ACCEPTED,
  STATUS_COMPLETED,
  STATUS_IN_PROGRESS,
  STATUS_ITEM_FAILED,
} from "./status-code.ts";

/** A file available to the loader. */
export interface Download extends OfferedFile {
  content(): Uint8Array;
}

interface ChosenFile {
  readonly name: string;
  status: number;
  description: string;
}

/** Source of the names of a download, and the texts for one that is not available. */
interface Wish {
  /** LNA, or LNR. */
  readonly ending: string;
  readonly objection: string;
  readonly expected: string;
  /** @throws OperationAborted when the loader does not answer, ProtocolFileError */
  names(): Promise<readonly string[]>;
}

/** @param listFile name of the list on the loader. @returns the result, for people */
export async function sendChosenFiles(
  operation: Operation,
  listFile: string,
  downloads: readonly Download[],
): Promise<string> {
  return await giveFiles(operation, downloads, {
    ...{ ending: "LNA", objection: "was not offered", expected: "names that were offered" },
    names: async () => {
      await operation.put(listFile, encodeFileList(downloads));
      operation.description = "waiting for the choice of files";
      return decodeFileChoice(await operation.expect("LNA", operation.times.choiceMs));
    },
  });
}

/** This target ignores the user data of the request. @returns the result, for people */
export async function sendNamedFiles(
  operation: Operation,
  downloads: readonly Download[],
): Promise<string> {
  const there = downloads.map(({ name }) => name).join(", ");
  return await giveFiles(operation, downloads, {
    ...{ ending: "LNR", objection: "there is no such file", expected: `names out of ${there}` },
    names: async () =>
      decodeFileRequest(await operation.expect("LNR", operation.times.silenceMs)).names,
  });
}

async function giveFiles(
  operation: Operation,
  downloads: readonly Download[],
  wish: Wish,
): Promise<string> {
  let files: ChosenFile[] = [];
  await operation.begin((status) =>
    encodeDownloadStatus({ ...status, percent: operation.percent, files }),
  );
  const names = [...new Set(await wish.names())];
  if (names.length > downloads.length)
    throw new OperationAborted(
      STATUS_ABORTED_BY_TARGET,
      `found ${names.length} files in ${wish.ending}, expected at most ${downloads.length}`,
    );
  files = names.map((name) => ({ name, status: STATUS_ACCEPTED, description: "" }));
  operation.status = STATUS_IN_PROGRESS;
  operation.description = "";
  for (const [index, file] of files.entries()) {
    const download = downloads.find(({ name }) => name === file.name);
    if (download === undefined) {
      file.status = STATUS_ITEM_FAILED;
      file.description = wish.objection;
      continue;
    }
    file.status = STATUS_IN_PROGRESS;
    const content = download.content();
    await operation.put(file.name, content, (bytes) => {
      const share = content.length === 0 ? 1 : bytes / content.length;
      operation.percent = (100 * (index + share)) / files.length;
    });
    file.status = STATUS_COMPLETED;
  }
  const failed = files
    .filter(({ status }) => status === STATUS_ITEM_FAILED)
    .map(({ name }) => name);
  if (failed.length > 0)
    throw new OperationAborted(
      STATUS_ABORTED_BY_TARGET,
      `found ${failed.join(", ")} in ${wish.ending}, expected ${wish.expected}`,
    );
  return files.length === 1 ? "1 file" : `${files.length} files`;
}
