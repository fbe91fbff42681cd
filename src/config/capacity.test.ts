import { expect, test } from "bun:test";
import { capacityReport } from "./capacity.ts";
import { formatProblems, loadConfig, parseConfig } from "./load.ts";

const fileOf = (name: string): string =>
  new URL(`../../firmware-config/${name}.json`, import.meta.url).pathname;

const reportOf = (name: string) => {
  const result = loadConfig(fileOf(name));
  if (!result.ok) throw new Error(formatProblems(result));
  return capacityReport(result.config);
};

test("the two servers of the single aisle: 12 functions, then 8, then none", () => {
  const report = reportOf("single-aisle-180");
  expect(report).toMatchObject({ policy: "planned", resource: 200, required: 180 });
  expect(report.cases.map(({ down, running }) => [down.join("+"), running])).toEqual([
    ["", 12],
    ["a", 8],
    ["b", 8],
    ["a+b", 0],
  ]);
  expect(report.cases[1]?.notRunning).toEqual(["avod", "payments", "games", "content-loader"]);
  expect(report.cases[3]?.critical).toEqual(["pa-relay", "pram-emergency", "crew-panel"]);
});

test.each(["single-aisle-180", "twin-aisle-300", "very-large-480"])(
  "%s runs everything with all servers, and what is critical as long as one is left",
  (name) => {
    const { cases } = reportOf(name);
    const servers = cases.filter(({ down }) => down.length === 1).length;
    expect(cases[0]?.notRunning).toEqual([]);
    for (const one of cases) if (one.down.length < servers) expect(one.critical).toEqual([]);
  },
);

test("a critical function that stops is named", () => {
  const text = JSON.stringify({
    system: "test",
    servers: [
      { id: "a", resource: 50 },
      { id: "b", resource: 10 },
    ],
    functions: [
      { id: "pa", required: 50, priority: 10, vips: ["10.44.1.1/16"] },
      { id: "tv", required: 10, priority: 8, vips: ["10.44.1.2/16"] },
    ],
  });
  const result = parseConfig(text, "test", "/");
  if (!result.ok) throw new Error(formatProblems(result));
  expect(capacityReport(result.config).cases.map(({ down, critical }) => [down, critical])).toEqual(
    [
      [[], []],
      [["a"], ["pa"]],
      [["b"], []],
      [["a", "b"], ["pa"]],
    ],
  );
});
