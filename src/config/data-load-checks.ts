/** Part of cross-checks.ts: checks of a data load against the rest of the configuration. */
import * as v from "valibot";
import { addressKey, parseAddress, parseVip } from "./address.ts";
import { DataLoadSchema } from "./data-load-schema.ts";
import type { Problem } from "./model.ts";
import { quoted } from "./problem.ts";
import { isObject } from "./schema-problems.ts";

const PATH = "maintenance.dataLoad";

/**
 * @param dataLoad the section as in the file
 * @param taken UDP ports in use, with the keys that name them
 * @param vips as in the file, with their places
 */
export function dataLoadProblems(
  dataLoad: unknown,
  taken: readonly { path: string; port: number }[],
  vips: readonly { path: string; value: string }[],
): Problem[] {
  if (!isObject(dataLoad)) return [];
  const { entries } = DataLoadSchema;
  const problems: Problem[] = [];
  const port = v.safeParse(entries.port, dataLoad.port);
  const findPort = v.safeParse(entries.findPort, dataLoad.findPort);
  const ports = [
    { key: "port", result: port },
    { key: "findPort", result: findPort },
  ];
  const users = new Map(taken.map((entry) => [entry.port, entry.path]));
  for (const { key, result } of ports) {
    if (!result.success) continue;
    const user = users.get(result.output);
    if (user === undefined) users.set(result.output, `${PATH}.${key}`);
    else
      problems.push({
        path: `${PATH}.${key}`,
        found: `${result.output}, the port of ${user}`,
        expected: "a port that nothing else has",
      });
  }
  const address = typeof dataLoad.listen === "string" ? parseAddress(dataLoad.listen) : null;
  if (address === null) return problems;
  const vip = vips.find(({ value }) => {
    const parsed = parseVip(value);
    return parsed !== null && addressKey(parsed.address) === addressKey(address.bytes);
  });
  if (vip !== undefined)
    problems.push({
      path: `${PATH}.listen`,
      found: `${quoted(String(dataLoad.listen))}, which is ${vip.path}`,
      expected: "an address that stays with the server",
    });
  return problems;
}
