/** Owner of a log: the server, and its configuration as named in the file's header. */
import type { AircraftConfig } from "../../config/model.ts";
import {
  decodeLogHeader,
  encodeLogHeader,
  LOG_HEADER_BYTES,
  type LogHeader,
} from "../../wire/log-header.ts";

export type LogOwner = Pick<LogHeader, "partNumber" | "system" | "server">;

export function logOwner(config: AircraftConfig, serverId: string): LogOwner {
  return { partNumber: config.partNumber, system: config.system, server: serverId };
}

/** Whether the header names `owner`, as far as it has room for the texts. */
export function isOwnedBy(header: LogHeader, owner: LogOwner): boolean {
  const bytes = new Uint8Array(LOG_HEADER_BYTES);
  encodeLogHeader({ ...header, ...owner }, bytes, 0);
  const today = decodeLogHeader(bytes, 0);
  return (["partNumber", "system", "server"] as const).every(
    (name) => today?.[name] === header[name],
  );
}
