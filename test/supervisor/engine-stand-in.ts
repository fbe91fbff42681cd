/**
 * Plays the engine: exchanges control records over the inherited socket, and obeys the test over
 * its own socket in the run directory, one JSON document per line. RUN_DIR/manner.json describes
 * its behaviour.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PHASE_LISTENING } from "../../src/boundary/phase.ts";
import { parseVip } from "../../src/config/address.ts";
import { EAGAIN } from "../../src/io/errno.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { RecordStream } from "../../src/io/record-stream.ts";
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import {
  CONTROL_LEAVE,
  CONTROL_LEFT,
  CONTROL_LOG,
  CONTROL_PHASE,
  CONTROL_RECORD_BYTES,
  controlFunction,
  controlKind,
  encodeControl,
  NO_INDEX,
} from "../../src/wire/control.ts";

export interface Manner {
  /** Ends at once with this code, after printing `message`. */
  exitCode?: number;
  message?: string;
  /** Takes no notice of LEAVE. */
  stays?: boolean;
  /** Does not report on its own that its start-up is complete. */
  isQuiet?: boolean;
}

/**
 * What the test sends: a record, an end, or the wish that it puts its function's VIP on the
 * interface as the engine would.
 */
export interface Order {
  vip?: string;
  record?: [kind: number, index: number, argument: number, second: number, third: number];
  /**
   * So many maintenance events of a code, about the first function, whose second value counts from
   * `from` on.
   */
  events?: { code: number; from: number; count: number };
  exitCode?: number;
}

/** Output for the test. */
export interface Report {
  hello?: {
    pid: number;
    args: Record<string, string>;
    environment: Record<string, string>;
    workingDirectory: string;
  };
  record?: [kind: number, index: number];
}

function addVip(text: string): void {
  const vip = parseVip(text);
  if (vip === null) throw new Error(`${text} is no VIP`);
  const switcher = new VipSwitcher("lo", [[vip]]);
  switcher.add(0);
  if (switcher.commit() !== 0) throw new Error(`${text} is refused`);
}

export function engineStandIn(args: string[]): void {
  const names = [
    ...["server", "config", "directory", "run-dir"],
    ...["incarnation", "inputs", "control-fd", "parent"],
  ];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" } as const]));
  const values = parseArgs({ args, options }).values as Record<string, string>;
  const runDirectory = values["run-dir"] ?? "";
  const mannerFile = join(runDirectory, "manner.json");
  const manner: Manner = existsSync(mannerFile) ? JSON.parse(readFileSync(mannerFile, "utf8")) : {};
  if (manner.exitCode !== undefined) {
    if (manner.message !== undefined) console.error(manner.message);
    process.exit(manner.exitCode);
  }

  const outgoing = new NativeMemory(CONTROL_RECORD_BYTES);
  const supervisor = new RecordStream(Number(values["control-fd"]));
  const send = (kind: number, index: number, argument = 0, second = 0, third = 0): void => {
    encodeControl(outgoing.view, kind, index, argument, second, third);
    let error = supervisor.send(outgoing);
    for (; error === EAGAIN; error = supervisor.send(outgoing)) Bun.sleepSync(1);
    if (error !== 0) process.exit(70);
  };

  const sendEvents = ({ code, from, count }: NonNullable<Order["events"]>): void => {
    for (let second = from; second < from + count; second++)
      send(CONTROL_LOG, NO_INDEX, code, 0, second);
  };

  const tests = new Set<Bun.Socket<undefined>>();
  const reports: string[] = [];
  const report = (message: Report): void => {
    reports.push(`${JSON.stringify(message)}\n`);
    for (const test of tests) test.write(reports.at(-1) ?? "");
  };
  const environment = { ...process.env } as Record<string, string>;
  report({
    hello: { pid: process.pid, args: values, environment, workingDirectory: process.cwd() },
  });

  supervisor.onRecord((record) => {
    const kind = controlKind(record);
    report({ record: [kind, controlFunction(record)] });
    if (kind !== CONTROL_LEAVE || manner.stays) return;
    send(CONTROL_LEFT, NO_INDEX);
    process.exit(0);
  });
  supervisor.onEnd(() => process.exit(71));

  const path = join(runDirectory, "stand-in.sock");
  rmSync(path, { force: true });
  Bun.listen({
    unix: path,
    socket: {
      open(test) {
        tests.add(test);
        test.write(reports.join(""));
      },
      data(_test, data) {
        for (const line of data
          .toString()
          .split("\n")
          .filter((text) => text !== "")) {
          const order: Order = JSON.parse(line);
          if (order.record) send(...order.record);
          if (order.events) sendEvents(order.events);
          if (order.vip !== undefined) addVip(order.vip);
          if (order.exitCode !== undefined) process.exit(order.exitCode);
        }
      },
      close(test) {
        tests.delete(test);
      },
    },
  });
  if (!manner.isQuiet) send(CONTROL_PHASE, NO_INDEX, PHASE_LISTENING);
}
