/**
 * Fingerprints by which servers recognise each other's configuration (protocol, sections 2 and 4).
 */
import { createHash } from "node:crypto";
import { addressKey } from "./address.ts";
import type { AircraftConfig } from "./model.ts";

/**
 * Changes whenever the canonical form does, so that two releases never take different tables for
 * the same.
 */
const CANONICAL_FORM = "wingman table 2";

/**
 * SHA-256 over all that the servers of an aircraft must agree on: system, allocation policy, timing
 * and groups of keep-alives and notices, witnesses, what the lease bridges, servers and functions with their order (indexes
 * go over the wire), VIPs by address and not by spelling.
 *
 * Left out is what may differ from server to server, or changes nothing between them: part number,
 * names of interfaces, key files, the words of a function's command (that it has one counts), ATA
 * chapters, maintenance and loadable parts.
 */
export function tableDigest(config: AircraftConfig): Uint8Array {
  const { system, allocation, keepAlive, clients } = config;
  const canonical = [
    CANONICAL_FORM,
    [system, allocation],
    [keepAlive.group, keepAlive.port],
    [
      keepAlive.periodMs,
      keepAlive.lostAfterPeriods,
      keepAlive.recoveredAfterPeriods,
      keepAlive.interfaces.length,
    ],
    [clients.noticeGroup, clients.noticePort, clients.witnesses, clients.leaseBridges],
    config.servers.map(({ id, resource }) => [id, resource]),
    config.functions.map((entry) => [
      entry.id,
      entry.required,
      entry.priority,
      entry.vips.map((vip) => [addressKey(vip.address), vip.prefixLength]),
      entry.command !== null,
      entry.start,
      entry.stopGraceMs,
      entry.servers,
    ]),
  ];
  return sha256(JSON.stringify(canonical));
}

/** The digest in hexadecimal. */
export function tableDigestText(config: AircraftConfig): string {
  return Buffer.from(tableDigest(config)).toString("hex");
}

/**
 * The number on the wire that stands for `system`: the first four bytes of its SHA-256, an unsigned
 * 32-bit integer.
 */
export function systemId(config: Pick<AircraftConfig, "system">): number {
  return new DataView(sha256(config.system).buffer).getUint32(0);
}

function sha256(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash("sha256").update(text, "utf8").digest());
}
