/**
 * The explorer finds known mistakes within ten seconds, each with a story; the same explorations of
 * the unchanged core find nothing.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../harness/run-mark.ts";
import { mutated } from "./mutated-copy.ts";
import { MUTATIONS, type Mutation } from "./mutations.ts";

const ROOT = join(import.meta.dir, "../..");
/** Of a processor; the clock goes on beside other work. */
const SECONDS = 10;
const PATIENCE_MS = 300_000;

/** The mistake as the simulator's list names it, how to explore, and what is seen to break. */
const CAUGHT: readonly (readonly [string, string, string])[] = [
  ["lease longer than the detection time", "--kinds lose,pause", "P1"],
  [
    "lease renewed whatever the others have echoed",
    "--kinds burst,pause --burst 8 --faults 2",
    "P1",
  ],
  [
    "what a silent server owned is taken while its lease may run",
    "--kinds burst,pause --burst 8 --faults 2",
    "P1",
  ],
  [
    "a lease is asked for before anything is up, and of those who have not heard us yet",
    "--kinds power",
    "needless",
  ],
  ["stall not noticed", "--lease off --kinds pause", "stall"],
  ["stall noticed a period late", "--lease off --kinds pause", "stall"],
  ["the stall check left out", "--kinds pause", "P7"],
  ["nothing lapses when everything is let go", "--kinds pause", "let go"],
  ["no new listening after isolation", "--kinds carrier", "listening"],
  ["an address that somebody removed is not put back", "--kinds remove", "P2"],
  ["a function that stays is handed over when its time is up", "--kinds lose", "P6"],
  ["each server allocates from what it owns itself", "--kinds move,kill", "P6"],
  [
    "an allocation ends as soon as every function had its turn",
    "--policy preempt --functions 2 --tight --kinds power",
    "P7",
  ],
  ["a move by hand to a server without room for it", "--functions 2 --tight --kinds move", "move"],
];

/** The simulator flies thousands of seeds with these and finds nothing. */
const ONLY_HERE: readonly (readonly [Mutation, string, string])[] = [
  [
    {
      name: "a keep-alive that was lost before the other server died costs the lease",
      breaks: ["needless"],
      changes: [
        {
          file: "src/boundary/timing.ts",
          from: "const LOSS_AND_DEATH_PERIODS = 2;",
          to: "const LOSS_AND_DEATH_PERIODS = 1;",
        },
      ],
    },
    "--lease 0 --kinds lose,power --faults 2 --burst 2",
    "needless",
  ],
  [
    {
      name: "what nobody is seen to own is taken at once, though a server that is not heard may own it",
      breaks: ["P1"],
      changes: [
        {
          file: "src/core/rivals.ts",
          from: "if (!wasFree || !this.mayOwn(server, nowUs)) continue;",
          to: "continue;",
        },
      ],
    },
    "--lease 0 --period 40 --lost 3 --kinds oneway,drain --faults 2",
    "P1",
  ],
];

const ALL = [
  ...CAUGHT.map(
    ([name, ...rest]) =>
      [MUTATIONS.find((each) => each.name === name) as Mutation, ...rest] as const,
  ),
  ...ONLY_HERE,
];

/** What a story breaks while it is flown; the others show in what goes on for ever. */
const TOLD = new Set(["P1", "needless", "stall", "let go", "listening", "move"]);

let directory: string;

beforeAll(() => {
  directory = scratchDirectory("canaries");
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Document {
  readonly violations: number;
  readonly violation: string | null;
  readonly story: readonly string[] | null;
  /** What the story comes to without save and restore. */
  readonly flownAgain: string | null;
  readonly cpuSeconds: number;
}

async function explore(root: string, options: string): Promise<Document> {
  const child = Bun.spawn(
    [process.execPath, join(root, "scripts/explore.ts"), "--json", ...options.split(" ")],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
  );
  const text = await new Response(child.stdout).text();
  await child.exited;
  return JSON.parse(text) as Document;
}

ALL.forEach(([mutation, options, property], place) => {
  test(
    `the explorer catches: ${mutation.name}`,
    async () => {
      const root = mutated(directory, mutation, `explored ${place}`);
      const { violation, story, flownAgain, cpuSeconds } = await explore(root, options);
      expect(violation?.split(":")[0]).toBe(property);
      expect(story?.length).toBeGreaterThan(8);
      if (TOLD.has(property)) expect(flownAgain).toContain(`${property}: `);
      expect(cpuSeconds).toBeLessThan(2 * SECONDS); // with the compiler's own threads
      rmSync(root, { recursive: true, force: true });
    },
    PATIENCE_MS,
  );
});

test(
  "and on the core as it is, nothing",
  async () => {
    for (const options of new Set(ALL.map(([, each]) => each)))
      expect((await explore(ROOT, options)).violation, options).toBeNull();
  },
  PATIENCE_MS,
);
