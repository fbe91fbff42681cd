import { expect, test } from "bun:test";
import {
  encodeDurable,
  encodeMaintenance,
  MAINTENANCE_ANSWER_BYTES,
  MAINTENANCE_DURABLE,
  MAINTENANCE_RECORD,
  MAINTENANCE_RECORD_BYTES,
  maintenanceBootUs,
  maintenanceCode,
  maintenanceDelivery,
  maintenanceFirst,
  maintenanceKind,
  maintenanceSecond,
} from "./maintenance-record.ts";

test("a record is 24 bytes in the order of the table", () => {
  const record = new DataView(new ArrayBuffer(MAINTENANCE_RECORD_BYTES));
  encodeMaintenance(record, MAINTENANCE_RECORD, 0xfffffffe, 2 ** 40 + 1, 211, -3, 0x7fffffff);
  expect(Buffer.from(record.buffer).toString("hex")).toBe(
    "0100d300feffffff0010000000007042fdffffffffffff7f",
  );
  expect(maintenanceKind(record)).toBe(MAINTENANCE_RECORD);
  expect(maintenanceDelivery(record)).toBe(0xfffffffe);
  expect(maintenanceBootUs(record)).toBe(2 ** 40 + 1);
  expect(maintenanceCode(record)).toBe(211);
  expect([maintenanceFirst(record), maintenanceSecond(record)]).toEqual([-3, 0x7fffffff]);
});

test("an answer is 8 bytes, its number where a record has it", () => {
  const record = new DataView(new ArrayBuffer(MAINTENANCE_ANSWER_BYTES));
  encodeDurable(record, 0x80000001);
  expect(Buffer.from(record.buffer).toString("hex")).toBe("1000000001000080");
  expect([maintenanceKind(record), maintenanceDelivery(record)]).toEqual([
    MAINTENANCE_DURABLE,
    0x80000001,
  ]);
});
