/**
 * Messages of real daemons to a service manager, and their writes to a watchdog device. Needs root
 * and `ip`.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { processStat } from "../../src/supervisor/process-stat.ts";
import { run } from "../harness/command.ts";
import { Flight, TABLE as SHORT_TABLE } from "../harness/real-servers.ts";
import { ServiceManager, WATCHDOG_MS } from "../harness/service-manager.ts";
import { signal, signalAll } from "../harness/signals.ts";
import { until } from "../harness/until.ts";

/** The shortest that can be configured; fed four times in this time. */
const DEVICE_TIMEOUT_S = 10;
/** The unit file's WatchdogSec: an engine that is replaced must feed again within this time. */
const UNIT_WATCHDOG_MS = 12_000;

/**
 * With a detection time of 1 s: a machine that is busy with other tests must not stall an engine,
 * which would be replaced.
 */
const TABLE = { ...SHORT_TABLE, keepAlive: { ...SHORT_TABLE.keepAlive, lostAfterPeriods: 50 } };

let flight: Flight;
beforeEach(() => {
  flight = new Flight();
});
afterEach(async () => {
  signalAll(stopped.splice(0), "SIGKILL");
  await flight.close();
});

/** Engines that a test has stopped: they would not see that their supervisor ends. */
const stopped: number[] = [];

function stopEngine(pid: number): void {
  stopped.push(pid);
  signal(pid, "SIGSTOP");
}

/** The reader of a FIFO that stands for a watchdog device. */
class Device {
  readonly #fd: number;
  bytes = "";

  constructor(readonly path: string) {
    run("mkfifo", path);
    this.#fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  read(): string {
    const buffer = Buffer.alloc(256);
    try {
      for (
        let length = readSync(this.#fd, buffer);
        length > 0;
        length = readSync(this.#fd, buffer)
      ) {
        this.bytes += buffer.toString("latin1", 0, length);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
    return this.bytes;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

const isGone = (pid: number): boolean => processStat(pid) === null;

describe("the service manager", () => {
  let manager: ServiceManager;
  beforeEach(() => {
    manager = new ServiceManager(flight.a.host);
    flight.a.environment = manager.environment;
  });
  afterEach(() => manager.close());

  test("READY when the server is active, WATCHDOG as long as the loop turns, and a STATUS that is true", async () => {
    const { a, b } = flight;
    a.start(TABLE);
    await until("READY", () => manager.count("READY=1") > 0);
    const [first = "", ...rest] = manager.heard;
    expect(first).toBe("WATCHDOG=1\nSTATUS=listening; functions up here: 0; servers alive: 1 of 2");
    expect(rest.find((datagram) => datagram.startsWith("READY=1"))).toMatch(
      /^READY=1\n(WATCHDOG=1\n)?STATUS=active;/,
    );
    expect(a.state()?.phase).toBe("active");

    const saying = (status: string) => until(status, () => manager.status === status);
    await saying("STATUS=active; functions up here: 2; servers alive: 1 of 2");
    b.start(TABLE);
    await saying("STATUS=active; functions up here: 2; servers alive: 2 of 2");
    expect(a.drain().code).toBe(0);
    await saying("STATUS=draining; functions up here: 0; servers alive: 2 of 2");
    await b.stop();
    await saying("STATUS=draining; functions up here: 0; servers alive: 1 of 2");
    expect(a.command("resume").code).toBe(0);
    await saying("STATUS=active; functions up here: 2; servers alive: 1 of 2");

    const begin = manager.count("WATCHDOG=1");
    const beganMs = performance.now();
    await until("four feedings", () => manager.count("WATCHDOG=1") >= begin + 4);
    // three intervals and a part of one
    expect(performance.now() - beganMs).toBeGreaterThan(WATCHDOG_MS * 0.8);

    expect(await a.stop()).toBe(0);
    expect(manager.count("STOPPING=1")).toBe(1);
    // each engine reports it once
    expect(manager.count("READY=1")).toBe(a.log.match(/engine started as pid/g)?.length ?? 0);
    const { length } = manager.heard;
    await Bun.sleep(WATCHDOG_MS);
    expect(manager.listen().heard).toHaveLength(length);
  });

  test("a stopped engine feeds no watchdog, though its supervisor lives; the next engine does", async () => {
    const { a } = flight;
    a.start(TABLE);
    await until("READY", () => manager.count("READY=1") > 0);
    const { enginePid } = a;
    stopEngine(enginePid);
    await Bun.sleep(100);
    const { length } = manager.listen().heard;
    await Bun.sleep(2 * WATCHDOG_MS);
    expect(manager.listen().heard.slice(length)).toEqual([]);
    expect(isGone(a.pid)).toBe(false);

    const killedMs = performance.now();
    signal(enginePid, "SIGKILL");
    await until(
      "the watchdog is fed again",
      () => manager.count("WATCHDOG=1") > 0 && manager.heard.length > length + 1,
    );
    expect(performance.now() - killedMs).toBeLessThan(UNIT_WATCHDOG_MS);
    const [ofSupervisor, ofEngine] = manager.heard.slice(length);
    expect(ofSupervisor).toMatch(/^STATUS=no engine: (starting it again|again in \d+ ms)$/);
    expect(ofEngine).toBe(
      "WATCHDOG=1\nSTATUS=listening; functions up here: 0; servers alive: 1 of 2",
    );
    await until("active again", () => manager.status?.startsWith("STATUS=active") === true);
    expect(manager.count("READY=1")).toBeGreaterThan(1); // each engine says it
    expect(a.enginePid).not.toBe(enginePid);
  });

  test("a server without a link is ready, too: a service manager that waited for the link would end it", async () => {
    flight.a.host.plug(false);
    flight.a.start(TABLE);
    await until("READY", () => manager.count("READY=1") > 0);
    expect(manager.status).toBe("STATUS=isolated; functions up here: 0; servers alive: 1 of 2");
  });
});

describe("the hardware watchdog", () => {
  const tableWith = (device: string) => ({
    ...TABLE,
    maintenance: { watchdog: { device, timeoutSeconds: DEVICE_TIMEOUT_S } },
  });

  test("fed by the loop, not when it is stopped or killed; disarmed at an orderly end only", async () => {
    const { a } = flight;
    const device = new Device(join(a.runDirectory, "../watchdog"));
    const table = tableWith(device.path);
    const intervalMs = (DEVICE_TIMEOUT_S * 1000) / 4;
    a.start(table);
    await until("the first feeding", () => device.read().length > 0);
    const beganMs = performance.now();
    await until("the third feeding", () => device.read().length >= 3);
    expect(performance.now() - beganMs).toBeGreaterThan(1.5 * intervalMs);
    await a.logs("WATCHDOG TIME-OUT NOT SET: inappropriate ioctl for device (errno 25)");

    const { enginePid } = a;
    stopEngine(enginePid);
    await Bun.sleep(100);
    const { length } = device.read();
    await Bun.sleep(1.5 * intervalMs);
    expect(device.read()).toHaveLength(length);
    signal(enginePid, "SIGKILL");
    const killedMs = performance.now();
    await until("the next engine feeds", () => device.read().length > length);
    expect(performance.now() - killedMs).toBeLessThan(DEVICE_TIMEOUT_S * 1000);

    // Nothing is left to serve or to restart it: the machine must be reset.
    const second = a.enginePid;
    await a.stop("SIGKILL");
    await until("its engine has ended", () => isGone(second));
    expect(device.read()).toMatch(/^\.+$/);

    a.start(table);
    const before = device.bytes.length;
    await until("fed again", () => device.read().length > before);
    expect(await a.stop("SIGTERM")).toBe(0);
    expect(device.read()).toMatch(/^\.+V$/);
    device.close();
  });

  test("a device that cannot be opened: exit 1, and it is named; nothing was armed or served", async () => {
    flight.a.start(tableWith("/dev/wingman-has-none"));
    expect(await flight.a.exited()).toBe(1);
    await flight.a.logs(
      "maintenance.watchdog: open: No such file or directory (ENOENT): /dev/wingman-has-none",
    );
    expect(flight.a.log).not.toContain("    at "); // no stack trace
    expect(flight.a.vips()).toEqual([]);
  });
});
