/**
 * Records between the supervisor and `wingman manage`: native byte order (they never leave the
 * machine), one record in one message of a SOCK_SEQPACKET Unix socket.
 *
 * Supervisor → manage, 24 bytes:
 *
 * | offset | type | field                                                                              |
 * |--------|------|------------------------------------------------------------------------------------|
 * | 0      | u16  | kind (MAINTENANCE_RECORD, MAINTENANCE_LEAVE)                                         |
 * | 2      | u16  | code (catalogue/)                                                                   |
 * | 4      | u32  | delivery number, from 1, in the supervisor's session; 0 for MAINTENANCE_LEAVE        |
 * | 8      | f64  | µs since the machine was switched on (CLOCK_BOOTTIME) when it reached the supervisor |
 * | 16     | i32  | first value of the code                                                             |
 * | 20     | i32  | second value of the code                                                            |
 *
 * Manage → supervisor, 8 bytes: u16 MAINTENANCE_DURABLE, u16 0, u32 delivery number. Everything up
 * to this number is on the disk. It comes once a second also when nothing is new: a manage that
 * says nothing hangs.
 */
export const MAINTENANCE_RECORD_BYTES = 24;
export const MAINTENANCE_ANSWER_BYTES = 8;

// supervisor → manage
export const MAINTENANCE_RECORD = 1;
/** No more records follow: store the received ones, answer, and end. */
export const MAINTENANCE_LEAVE = 2;

// manage → supervisor
export const MAINTENANCE_DURABLE = 16;

/** Writes a record at the start of `record` (24 bytes). */
export function encodeMaintenance(
  record: DataView,
  kind: number,
  delivery: number,
  bootUs: number,
  code: number,
  first: number,
  second: number,
): void {
  record.setUint16(0, kind, true);
  record.setUint16(2, code, true);
  record.setUint32(4, delivery, true);
  record.setFloat64(8, bootUs, true);
  record.setInt32(16, first, true);
  record.setInt32(20, second, true);
}

/** Writes an answer at the start of `record` (8 bytes). */
export function encodeDurable(record: DataView, delivery: number): void {
  record.setUint16(0, MAINTENANCE_DURABLE, true);
  record.setUint16(2, 0, true);
  record.setUint32(4, delivery, true);
}

export const maintenanceKind = (record: DataView): number => record.getUint16(0, true);
export const maintenanceCode = (record: DataView): number => record.getUint16(2, true);
export const maintenanceDelivery = (record: DataView): number => record.getUint32(4, true);
export const maintenanceBootUs = (record: DataView): number => record.getFloat64(8, true);
export const maintenanceFirst = (record: DataView): number => record.getInt32(16, true);
export const maintenanceSecond = (record: DataView): number => record.getInt32(20, true);
