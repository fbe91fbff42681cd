import { expect, test } from "bun:test";
import { formatProblems, parseConfig } from "../../config/load.ts";
import { Reasons } from "../reasons.ts";
import { pageFunctions } from "./page-state-reader.ts";

/** Why f does not run beside g on the only server that is there. */
const whyNot = (f: object, streams: number): string => {
  const text = JSON.stringify({
    system: "test",
    servers: [{ id: "a", resource: { cpu: 100, streams: 40 } }],
    functions: [f, {}].map((keys, index) => ({
      ...{ id: "fg".charAt(index), priority: 5, vips: [`10.44.1.${index + 1}/16`] },
      ...{ required: { cpu: 10, streams }, ...keys },
    })),
  });
  const result = parseConfig(text, "test", "/");
  if (!result.ok) throw new Error(formatProblems(result));
  const seen = { priority: 5, required: 10, ready: false, vips: [], couldRunOn: [] };
  const functions = [
    { ...seen, id: "f", owner: null, state: "stopped", cannotRunOn: [] },
    { ...seen, id: "g", owner: "a", state: "running", cannotRunOn: [] },
  ];
  const servers = [
    {
      ...{ id: "a", state: "alive", isSelf: true, resource: 100, remaining: 90, lastHeardMs: 0 },
      ...{ capacity: 100, holds: false },
      ...{ level: "good" as const, mark: "", word: "", action: "" },
    },
  ];
  return (
    pageFunctions({ functions }, result.config, servers, new Reasons(result.config))[0]?.why ?? ""
  );
};

test("a function that cannot run for another dimension or a partner shows that reason", () => {
  const search = "; no move of others changes that";
  expect(whyNot({}, 20)).toBe("goes to a with the next change");
  expect(whyNot({}, 21)).toBe(
    `does not run because it needs 21 streams, and beside functions as important or more at most 19 is free, on a${search}`,
  );
  expect(whyNot({ apartFrom: ["g"] }, 20)).toBe(
    `does not run because only a has room, and it must be apart from g on a${search}`,
  );
});
