/**
 * The answer to a loader that wants to begin (LCI, LUI, LND, LNO): whether the target takes part,
 * and if not, why.
 */
import { ProtocolFileReader, ProtocolFileWriter, sendable } from "./protocol-file.ts";

export interface InitializationFile {
  /** STATUS_ACCEPTED or STATUS_DENIED; other targets also use STATUS_NOT_SUPPORTED. */
  readonly status: number;
  /** Characters that cannot be sent are left out. */
  readonly description: string;
}

export function encodeInitialization({ status, description }: InitializationFile): Uint8Array {
  return new ProtocolFileWriter().u16(status).text(sendable(description)).finish();
}

/** @throws ProtocolFileError */
export function decodeInitialization(bytes: Uint8Array): InitializationFile {
  const file = new ProtocolFileReader(bytes, "initialization file");
  const result = { status: file.u16("status"), description: file.text("description") };
  file.end();
  return result;
}
