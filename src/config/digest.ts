/**
 * Fingerprints by which servers recognise each other's configuration
 * (PROTOCOL.md, "Another table").
 */
import { createHash } from "node:crypto";
import { addressKey } from "./address.ts";
import type { AircraftConfig } from "./model.ts";
import { partnersOf } from "./partners.ts";

/**
 * Changes whenever the canonical form does, so that two releases never take different tables for
 * equal.
 */
const CANONICAL_FORM = "wingman table 2";

/**
 * SHA-256 over everything that the servers of an aircraft must agree on: system, allocation policy,
 * timing and groups of keep-alives and notices, witnesses, the lease's bridges, servers and
 * functions with their order (indexes go over the wire), VIPs by address and not by spelling,
 * dimensions of resource with their order, and functions that must be together or apart, whichever
 * of them names the other.
 *
 * It leaves out what may differ between servers or has no effect between them: part number, names
 * of interfaces, key files, the words of a function's command (that it has one counts), ATA
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
    ...dimensionsPart(config),
    ...partnersPart(config),
  ];
  return sha256(JSON.stringify(canonical));
}

/** Empty where resource is a plain number: such a table keeps its digest of earlier releases. */
function dimensionsPart({ dimensions, servers, functions }: AircraftConfig): unknown[] {
  if (dimensions.length === 0) return [];
  const resources = servers.map(({ furtherResources }) => furtherResources);
  const required = functions.map(({ furtherRequired }) => furtherRequired);
  return [["dimensions", dimensions, resources, required]];
}

/** Empty where no function has a partner, for the same reason. */
function partnersPart({ functions }: AircraftConfig): unknown[] {
  const { together, apart } = partnersOf(functions);
  if ([...together, ...apart].every((others) => others.length === 0)) return [];
  return [["partners", together, apart]];
}

/** The digest in hexadecimal. */
export function tableDigestText(config: AircraftConfig): string {
  return Buffer.from(tableDigest(config)).toString("hex");
}

/**
 * The number for `system` on the wire: the first four bytes of its SHA-256, an unsigned 32-bit
 * integer.
 */
export function systemId(config: Pick<AircraftConfig, "system">): number {
  return new DataView(sha256(config.system).buffer).getUint32(0);
}

function sha256(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash("sha256").update(text, "utf8").digest());
}
