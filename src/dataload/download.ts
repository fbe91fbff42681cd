/**
 * Operator-defined download: the loader is offered files, its operator chooses, and gets them (LNO;
 * LNL, LNA, the files and LNS).
 */
import {
  decodeFileChoice,
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

/** A file that a loader can have. */
export interface Download extends OfferedFile {
  content(): Uint8Array;
}

interface ChosenFile {
  readonly name: string;
  status: number;
  description: string;
}

/** @param listFile name of the list on the loader */
export async function giveFiles(
  operation: Operation,
  listFile: string,
  downloads: readonly Download[],
): Promise<string> {
  let files: ChosenFile[] = [];
  await operation.begin((status) =>
    encodeDownloadStatus({ ...status, percent: operation.percent, files }),
  );
  await operation.put(listFile, encodeFileList(downloads));
  operation.description = "waiting for the choice of files";
  const choice = await operation.expect("LNA", operation.times.choiceMs);
  const names = [...new Set(decodeFileChoice(choice))];
  if (names.length > downloads.length)
    throw new OperationAborted(
      STATUS_ABORTED_BY_TARGET,
      `found ${names.length} files in LNA, expected at most ${downloads.length}`,
    );
  files = names.map((name) => ({ name, status: STATUS_ACCEPTED, description: "" }));
  operation.status = STATUS_IN_PROGRESS;
  operation.description = "";
  for (const [index, file] of files.entries()) {
    const download = downloads.find(({ name }) => name === file.name);
    if (download === undefined) {
      file.status = STATUS_ITEM_FAILED;
      file.description = "was not offered";
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
      `found ${failed.join(", ")} in LNA, expected names that were offered`,
    );
  return files.length === 1 ? "1 file" : `${files.length} files`;
}
