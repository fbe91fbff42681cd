/** Steps 1 and 2: the aircraft is up, and every function is answered by exactly one server. */
import type { AcceptanceContext } from "./acceptance-context.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import { listed, type Owners } from "./verdict.ts";

/** The part of `wingman status --json` that step 1 looks at. */
interface Status {
  phase?: string;
  servers?: { id: string; state: string }[];
}

/** Maximum age of a seat's last answer: the function is being answered now. */
const FRESH_US = 1_500_000;

export async function allUp(context: AcceptanceContext): Promise<StepResult> {
  const { aircraft } = context;
  const step = new ProcedureStep(1, "All servers up");
  step.did(
    `started wingman run on ${aircraft.servers.length} servers (${listed(context.names.servers)}) and ${aircraft.seats.length} seats that call ${aircraft.targets.length} VIPs every ${aircraft.probeIntervalMs()} ms`,
  );
  const { tookMs, missing } = await context.settleByItself();
  step.check(
    "the servers agree and have nothing left to do",
    "yes",
    missing === "" ? `yes, after ${tookMs} ms` : missing,
    missing === "",
  );
  for (const server of aircraft.servers) {
    const { exitCode, stdout, stderr } = await server.command("status", "--json");
    const status = exitCode === 0 ? (JSON.parse(stdout) as Status) : {};
    const others = (status.servers ?? []).filter(({ id }) => id !== server.id);
    const notAlive = others
      .filter(({ state }) => state !== "alive")
      .map(({ id, state }) => `${id} is ${state}`);
    const isRight =
      status.phase === "active" &&
      others.length === aircraft.servers.length - 1 &&
      notAlive.length === 0;
    const measured =
      exitCode === 0
        ? `${status.phase}; ${notAlive.length === 0 ? "all others alive" : listed(notAlive)}`
        : stderr.trim();
    step.check(
      `wingman status --json on ${server.id}`,
      "active; all others alive",
      measured,
      isRight,
    );
  }
  return step.result;
}

export async function eachAnsweredOnce(
  context: AcceptanceContext,
  number = 2,
): Promise<StepResult> {
  const { aircraft } = context;
  const step = new ProcedureStep(number, "Each function answered by exactly one server");
  const owners = context.owners();
  const running = Object.keys(owners).filter((id) => owners[id] !== null);
  const resting = Object.keys(owners).filter((id) => owners[id] === null);
  step.did(
    `watched the answers to both seats' probes, called every VIP over TCP, and looked at every server's addresses`,
  );
  const plan = await context.plan(owners, []);
  step.check(
    "functions that run",
    "all that fit, by wingman plan",
    `${running.length} of ${context.names.functions.length}${resting.length > 0 ? ` (not: ${listed(resting)})` : ""}`,
    running.length > 0 && plan.changes.started.length === 0,
  );

  const sinceUs = aircraft.nowUs;
  const seen = await aircraft.observe(sinceUs);
  for (const { seat, report } of seen) {
    const wrong = new Set<string>();
    aircraft.targets.forEach(({ functionIndex }, number) => {
      const id = context.names.functions[functionIndex] ?? "";
      const target = report.targets[number];
      const isFresh =
        target !== undefined &&
        target.server >= 0 &&
        report.untilUs - target.lastAnsweredUs < FRESH_US;
      const answering = isFresh ? (context.names.servers[target.server] ?? null) : null;
      if (answering !== owners[id])
        wrong.add(`${id} by ${answering ?? "nobody"} instead of ${owners[id] ?? "nobody"}`);
    });
    step.check(
      `answers that ${seat.name} gets over UDP`,
      "each VIP by its function's owner",
      wrong.size === 0 ? `correct for all ${aircraft.targets.length}` : listed([...wrong]),
      wrong.size === 0,
    );
  }
  context.checkOneAnswer(step, seen);
  checkTcp(step, context, owners, await callAll(context, owners));
  await checkAddresses(step, context, owners);
  return step.result;
}

/** Calls the VIPs of every running function, from the first seat. Returns the output of `call`. */
async function callAll(context: AcceptanceContext, owners: Owners): Promise<Map<string, string>> {
  const { config } = context;
  const { seats } = context.aircraft;
  const addresses = config.functions
    .filter(({ id }) => owners[id] !== null)
    .flatMap(({ vips }) => vips.map(({ text }) => withoutLength(text)));
  const { stdout = "" } = (await seats[0]?.call(addresses)) ?? {};
  return new Map(
    stdout
      .split("\n")
      .map(
        (line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)] as const,
      ),
  );
}

function checkTcp(
  step: ProcedureStep,
  context: AcceptanceContext,
  owners: Owners,
  answers: Map<string, string>,
): void {
  const wrong: string[] = [];
  let right = 0;
  for (const { id, vips } of context.config.functions) {
    if (owners[id] === null) continue;
    for (const { text } of vips) {
      const answer = answers.get(withoutLength(text)) ?? "no answer";
      if (answer.startsWith(`${id} ${owners[id]} `)) right++;
      else wrong.push(`${text}: ${answer}`);
    }
  }
  const measured = wrong.length === 0 ? `correct for all ${right}` : listed(wrong);
  step.check(
    "answers over TCP",
    "function and owner of each VIP",
    measured,
    wrong.length === 0 && right > 0,
  );
}

/** P1 in the kernels: the addresses of running functions are on the owner and nowhere else. */
async function checkAddresses(
  step: ProcedureStep,
  context: AcceptanceContext,
  owners: Owners,
): Promise<void> {
  const placed = new Map<string, string[]>();
  for (const server of context.aircraft.servers.filter(({ isOn }) => isOn)) {
    for (const vip of await context.vipsOf(server))
      placed.set(vip, [...(placed.get(vip) ?? []), server.id]);
  }
  const wrong = context.config.functions.flatMap(({ id, vips }) =>
    vips.flatMap(({ text }) => {
      const found = placed.get(text) ?? [];
      return found.join(", ") === (owners[id] ?? "") ? [] : [`${text} (${id}) on ${listed(found)}`];
    }),
  );
  const measured = wrong.length === 0 ? "correct for all" : listed(wrong);
  step.check(
    "VIPs in the kernels of the servers",
    "each on its owner alone",
    measured,
    wrong.length === 0,
  );
}

const withoutLength = (text: string): string => text.split("/")[0] ?? text;
