/** Information: the target reports its loaded parts to the loader (LCS, LCL). */
import type { OperationStatus } from "./operation-status.ts";
import { ProtocolFileReader, ProtocolFileWriter, sendable } from "./protocol-file.ts";

/** A loaded part. */
export interface LoadedPart {
  readonly partNumber: string;
  readonly amendment: string;
  readonly designation: string;
}

/** A piece of hardware with its loaded parts. */
export interface LoadedHardware {
  /** Name or code of the hardware. */
  readonly literal: string;
  readonly serialNumber: string;
  readonly parts: readonly LoadedPart[];
}

/** The order of its fields differs from the other status files. */
export function encodeInformationStatus(status: OperationStatus): Uint8Array {
  return new ProtocolFileWriter()
    .u16(status.counter)
    .u16(status.status)
    .u16(status.exceptionTimerS)
    .u16(status.estimatedTimeS)
    .text(sendable(status.description))
    .finish();
}

/** @throws ProtocolFileError */
export function decodeInformationStatus(bytes: Uint8Array): OperationStatus {
  const file = new ProtocolFileReader(bytes, "LCS");
  const result = {
    counter: file.u16("counter"),
    status: file.u16("status"),
    exceptionTimerS: file.u16("exception timer"),
    estimatedTimeS: file.i16("estimated time"),
    description: file.text("description"),
  };
  file.end();
  return result;
}

/** @throws ProtocolFileError on a text that cannot be sent */
export function encodeConfigurationList(hardware: readonly LoadedHardware[]): Uint8Array {
  const file = new ProtocolFileWriter();
  file.list(hardware, ({ literal, serialNumber, parts }) => {
    file.text(literal).text(serialNumber);
    file.list(parts, (part) => {
      file.text(part.partNumber).text(part.amendment).text(part.designation);
    });
  });
  return file.finish();
}

/** @throws ProtocolFileError */
export function decodeConfigurationList(bytes: Uint8Array): LoadedHardware[] {
  const file = new ProtocolFileReader(bytes, "LCL");
  const result = file.list("hardware", () => ({
    literal: file.text("literal name"),
    serialNumber: file.text("serial number"),
    parts: file.list("parts", () => ({
      partNumber: file.text("part number"),
      amendment: file.text("amendment"),
      designation: file.text("designation"),
    })),
  }));
  file.end();
  return result;
}
