/**
 * Plays the maintenance process: prints the codes of the records that arrive, one per line,
 * acknowledges them as durable, and ends on request, with its own line. It sends nothing unasked.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RecordSocket } from "../../src/io/control-socket.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import {
  encodeDurable,
  MAINTENANCE_ANSWER_BYTES,
  MAINTENANCE_LEAVE,
  maintenanceCode,
  maintenanceDelivery,
  maintenanceKind,
} from "../../src/wire/maintenance-record.ts";

const options = { "run-dir": { type: "string" } } as const;
const { values } = parseArgs({ args: process.argv.slice(2), options, strict: false });
const file = join(String(values["run-dir"]), "stored");
const supervisor = RecordSocket.inherited(3);
const answer = new NativeMemory(MAINTENANCE_ANSWER_BYTES);
for (let length = supervisor.receive(); length !== 0; length = supervisor.receive()) {
  if (length < 0) {
    Bun.sleepSync(1);
    continue;
  }
  const { view } = supervisor.received;
  if (maintenanceKind(view) === MAINTENANCE_LEAVE) {
    appendFileSync(file, "leave\n");
    process.exit(0);
  }
  appendFileSync(file, `${maintenanceCode(view)}\n`);
  encodeDurable(answer.view, maintenanceDelivery(view));
  supervisor.send(answer);
}
