import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

const CHILD = join(import.meta.dir, "../../test/children/realtime-child.ts");
const SCHED_OTHER = 0;
const SCHED_FIFO = 1;
/** Root without any of root's capabilities. */
const WITHOUT_CAPABILITIES = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

interface Findings {
  parent: boolean;
  stranger: boolean;
  slackNs: number;
  memory: string | null;
  awake: string | null;
  realtime: string | null;
  own: [priority: number, policy: number];
  child: [priority: number, policy: number];
  withThreads: string | null;
  threads: [priority: number, policy: number][];
  heir: [priority: number, policy: number];
  lockedKiB: number;
  residentKiB: number;
}

async function findings(prefix: string[] = []): Promise<Findings> {
  const child = Bun.spawn([...prefix, process.execPath, CHILD], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return JSON.parse(output);
}

describe("realtime", () => {
  test("the process is what it says, or says why not", async () => {
    const found = await findings();
    expect([found.parent, found.stranger, found.slackNs]).toEqual([true, false, 1]);
    if (found.realtime === null) expect(found.own).toEqual([7, SCHED_FIFO]);
    else expect(found.realtime).toStartWith("sched_setscheduler: Operation not permitted (EPERM)");
    expect(found.child).toEqual([0, SCHED_OTHER]); // not inherited
    expect(found.withThreads).toBe(found.realtime);
    if (found.withThreads === null) {
      const [own, ...others] = found.threads;
      expect(own).toEqual([7, SCHED_FIFO]);
      expect(others.length).toBeGreaterThan(0);
      for (const other of others) expect(other).toEqual([6, SCHED_FIFO]);
      expect(found.heir).toEqual([7, SCHED_FIFO]);
    }
    if (found.memory === null) {
      expect(found.lockedKiB).toBeGreaterThan(1000);
      expect(found.residentKiB).toBeLessThan(400_000); // only what was touched
    } else {
      expect(found.memory).toStartWith("mlockall: ");
    }
    if (!existsSync("/dev/cpu_dma_latency")) expect(found.awake).toContain("/dev/cpu_dma_latency");
  }, 30_000);

  test.skipIf(process.getuid?.() !== 0)(
    "without privileges it says why not, and goes on",
    async () => {
      const found = await findings(WITHOUT_CAPABILITIES);
      expect(found.realtime).toBe("sched_setscheduler: Operation not permitted (EPERM)");
      expect(found.withThreads).toBe(found.realtime);
      expect(found.own).toEqual([0, SCHED_OTHER]);
      expect(found.memory).toMatch(/^mlockall: .* \((EPERM|ENOMEM)\)$/);
      expect(found.parent).toBe(true);
    },
    30_000,
  );
});
