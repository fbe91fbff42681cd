/**
 * Every limit of the product with its reason, by subject. Tables are made at start-up in these
 * sizes and never grow, so that the work and the memory of one period are known before take-off
 * (P7). Relations between limits are asserted at the end of each file, when it loads; relations to
 * a configuration in core/lease, boundary/timing, upkeep/address-renewal and config/cross-checks.
 * Everybody imports limits from here.
 */
export * from "./limits/aircraft.ts";
export * from "./limits/console.ts";
export * from "./limits/data-load.ts";
export * from "./limits/maintenance-log.ts";
export * from "./limits/networks.ts";
export * from "./limits/page.ts";
export * from "./limits/part.ts";
export * from "./limits/protocol.ts";
export * from "./limits/storage.ts";
export * from "./limits/turn.ts";
export * from "./limits/vip-upkeep.ts";
export * from "./limits/vips.ts";
export * from "./limits/zmodem.ts";
