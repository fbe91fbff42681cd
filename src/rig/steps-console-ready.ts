/**
 * Steps 1 to 3 over serial consoles: the right servers with the same software answer, they are in
 * order, and each passes its built-in test.
 */
import { tableDigestText } from "../config/digest.ts";
import type { StorageFigures, TestResult } from "../manage/maintenance.ts";
import type { VersionDocument } from "../manage/version-document.ts";
import { ConsoleFault } from "./console-client.ts";
import type { ConsoleContext } from "./console-context.ts";
import { loads, type ShownServer } from "./console-verdict.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import { listed } from "./verdict.ts";

type Identity = VersionDocument & { readonly server: string };

export async function consolesAnswer(context: ConsoleContext): Promise<StepResult> {
  const { clients, config } = context;
  const step = new ProcedureStep(
    1,
    "Every console answers, for the same software and configuration",
  );
  step.did(`pressed Enter on the consoles at ${listed(clients.map(({ device }) => device))}`);
  const identities: Identity[] = [];
  for (const client of clients) {
    try {
      await client.connect();
      const identity = await client.document<Identity>("show version");
      identities.push(identity);
      context.logsBefore.set(
        client.serverId,
        await client.document<StorageFigures>("show storage"),
      );
      step.check(
        `who answers at ${client.device}`,
        `server ${client.serverId}`,
        `server ${identity.server}`,
        identity.server === client.serverId,
      );
    } catch (error) {
      if (!(error instanceof ConsoleFault)) throw error;
      step.check(
        `who answers at ${client.device}`,
        `server ${client.serverId}`,
        error.message,
        false,
      );
    }
  }
  if (identities.length < clients.length) return step.result;

  const checkSame = (
    what: string,
    value: (identity: Identity) => string,
    wanted: string | null,
  ): void => {
    const found = new Set(identities.map(value));
    const [first = ""] = found;
    const isRight = found.size === 1 && (wanted === null || first === wanted);
    const each = identities.map((identity) => `${identity.server} ${value(identity)}`);
    step.check(what, wanted ?? "the same on all", found.size === 1 ? first : listed(each), isRight);
  };
  const partNumber = config === null ? null : config.partNumber || "none";
  checkSame("part number", (identity) => identity.partNumber ?? "none", partNumber);
  checkSame("build", ({ version, buildDigest }) => `${version} ${buildDigest}`, null);
  checkSame(
    "digest of the table",
    ({ tableDigest }) => tableDigest,
    config === null ? null : tableDigestText(config),
  );

  const [first] = clients;
  const servers = (await first?.document<ShownServer[]>("show servers")) ?? [];
  context.serverIds = servers.map(({ id }) => id);
  const without = context.serverIds.filter((id) => context.client(id) === undefined);
  if (without.length > 0) {
    step.did(
      `no console is connected to ${listed(without)}: what is said of it is what the others see`,
    );
  }
  return step.result;
}

export async function serversInOrder(context: ConsoleContext): Promise<StepResult> {
  const step = new ProcedureStep(2, "All servers up, every function owned once");
  const before = await context.owners();
  // Without a configuration only the servers' own statements are available.
  const expected = context.plan(before);
  step.did("asked every console for servers and functions until all showed the same order");
  const settlement = await context.settle(expected);
  context.checkSettlement(step, before, expected, settlement);
  const views = await context.views();
  const owned = Object.values(settlement.owners).filter((owner) => owner !== null).length;
  const resting = Object.entries(settlement.owners).flatMap(([id, owner]) =>
    owner === null ? [id] : [],
  );
  step.check(
    "functions that run",
    "at least one",
    `${owned} of ${Object.keys(settlement.owners).length}${resting.length > 0 ? ` (not: ${listed(resting)})` : ""}; ${listed(loads(views))}`,
    owned > 0,
  );
  return step.result;
}

export async function builtInTests(context: ConsoleContext): Promise<StepResult> {
  const step = new ProcedureStep(3, "Built-in test of every server");
  step.did("typed test on every console");
  for (const client of context.watching) {
    const results = await client.document<TestResult[]>("test");
    const failed = results
      .filter(({ passed }) => !passed)
      .map(({ what, found }) => `${what}: ${found}`);
    step.check(
      `built-in test of ${client.serverId}`,
      "all passed",
      failed.length === 0
        ? `all ${results.length} passed`
        : `${failed.length} of ${results.length} failed: ${failed.join("; ")}`,
      failed.length === 0 && results.length > 0,
    );
  }
  return step.result;
}
