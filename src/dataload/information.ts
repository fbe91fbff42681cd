/** Information: reports the loaded parts (LCI; LCS and LCL). */
import {
  encodeConfigurationList,
  encodeInformationStatus,
  type LoadedHardware,
} from "./information-files.ts";
import type { Operation } from "./operation.ts";
import { STATUS_IN_PROGRESS } from "./status-code.ts";

/** @param listFile name of the list on the loader */
export async function sendInformation(
  operation: Operation,
  listFile: string,
  hardware: readonly LoadedHardware[],
): Promise<void> {
  await operation.begin(encodeInformationStatus);
  operation.status = STATUS_IN_PROGRESS;
  await operation.put(listFile, encodeConfigurationList(hardware));
}
