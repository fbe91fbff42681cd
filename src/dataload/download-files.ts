/**
 * Download: the target offers files (LNL), the loader chooses (LNA) or names them (LNR), the target
 * reports its progress (LNS).
 */
import {
  type ProgressStatus,
  ProtocolFileReader,
  ProtocolFileWriter,
  sendable,
} from "./protocol-file.ts";

/** A file that the target has for the loader. */
export interface OfferedFile {
  readonly name: string;
  readonly description: string;
}

export interface FileStatus extends OfferedFile {
  readonly status: number;
}

export interface DownloadStatus extends ProgressStatus {
  readonly files: readonly FileStatus[];
}

/** A loader's request by name. */
export interface FileRequest {
  readonly names: readonly string[];
  /** At most 255 bytes, with a meaning defined by the target. */
  readonly userData: Uint8Array;
}

/** @throws ProtocolFileError on a name that cannot be sent */
export function encodeDownloadStatus(status: DownloadStatus): Uint8Array {
  const file = new ProtocolFileWriter().progress(status);
  file.list(status.files, (entry) => {
    file.text(entry.name).u16(entry.status).text(sendable(entry.description));
  });
  return file.finish();
}

/** @throws ProtocolFileError */
export function decodeDownloadStatus(bytes: Uint8Array): DownloadStatus {
  const file = new ProtocolFileReader(bytes, "LNS");
  const result = {
    ...file.progress(),
    files: file.list("files", () => ({
      name: file.text("file name"),
      status: file.u16("status of the file"),
      description: file.text("description of the file"),
    })),
  };
  file.end();
  return result;
}

/** @throws ProtocolFileError on a name that cannot be sent */
export function encodeFileList(files: readonly OfferedFile[]): Uint8Array {
  const file = new ProtocolFileWriter();
  file.list(files, ({ name, description }) => {
    file.text(name).text(sendable(description));
  });
  return file.finish();
}

/** @throws ProtocolFileError */
export function decodeFileList(bytes: Uint8Array): OfferedFile[] {
  const file = new ProtocolFileReader(bytes, "LNL");
  const result = file.list("files", () => ({
    name: file.text("file name"),
    description: file.text("description"),
  }));
  file.end();
  return result;
}

/** @throws ProtocolFileError on a name that cannot be sent */
export function encodeFileChoice(names: readonly string[]): Uint8Array {
  return listOfNames(names).finish();
}

function listOfNames(names: readonly string[]): ProtocolFileWriter {
  const file = new ProtocolFileWriter();
  return file.list(names, (name) => {
    file.text(name);
  });
}

/** @throws ProtocolFileError */
export function decodeFileChoice(bytes: Uint8Array): string[] {
  const file = new ProtocolFileReader(bytes, "LNA");
  const names = file.list("files", () => file.text("file name"));
  file.end();
  return names;
}

/** @throws ProtocolFileError on a name that cannot be sent */
export function encodeFileRequest({ names, userData }: FileRequest): Uint8Array {
  return listOfNames(names).u8(userData.length).raw(userData).finish();
}

/** @throws ProtocolFileError */
export function decodeFileRequest(bytes: Uint8Array): FileRequest {
  const file = new ProtocolFileReader(bytes, "LNR");
  const names = file.list("files", () => file.text("file name"));
  const userData = file.raw(file.u8("length of the user data"), "user data");
  file.end();
  return { names, userData };
}
