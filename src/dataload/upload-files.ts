/**
 * Upload: the loader requests the transfer of loads (LUR), the target reports its progress (LUS).
 */
import {
  type ProgressStatus,
  ProtocolFileReader,
  ProtocolFileWriter,
  sendable,
} from "./protocol-file.ts";

/** A load that the loader offers. */
export interface OfferedLoad {
  /** Name of its header file (`*.LUH`) on the loader. */
  readonly headerFile: string;
  readonly partNumber: string;
}

export interface LoadStatus extends OfferedLoad {
  readonly percent: number;
  readonly status: number;
  readonly description: string;
}

export interface UploadStatus extends ProgressStatus {
  readonly loads: readonly LoadStatus[];
}

/** @throws ProtocolFileError on a name that cannot be sent */
export function encodeUploadStatus(status: UploadStatus): Uint8Array {
  const file = new ProtocolFileWriter().progress(status);
  file.list(status.loads, (load) => {
    file.text(load.headerFile).text(load.partNumber).ratio(load.percent);
    file.u16(load.status).text(sendable(load.description));
  });
  return file.finish();
}

/** @throws ProtocolFileError */
export function decodeUploadStatus(bytes: Uint8Array): UploadStatus {
  const file = new ProtocolFileReader(bytes, "LUS");
  const result = {
    ...file.progress(),
    loads: file.list("loads", () => ({
      headerFile: file.text("header file"),
      partNumber: file.text("part number"),
      percent: file.ratio("ratio of the load"),
      status: file.u16("status of the load"),
      description: file.text("description of the load"),
    })),
  };
  file.end();
  return result;
}

/** @throws ProtocolFileError on a name that cannot be sent */
export function encodeUploadRequest(loads: readonly OfferedLoad[]): Uint8Array {
  const file = new ProtocolFileWriter();
  file.list(loads, ({ headerFile, partNumber }) => {
    file.text(headerFile).text(partNumber);
  });
  return file.finish();
}

/** @throws ProtocolFileError */
export function decodeUploadRequest(bytes: Uint8Array): OfferedLoad[] {
  const file = new ProtocolFileReader(bytes, "LUR");
  const result = file.list("loads", () => ({
    headerFile: file.text("header file"),
    partNumber: file.text("part number"),
  }));
  file.end();
  return result;
}
