/** README: it is short, and everything that it names exists. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CATALOGUE } from "../src/catalogue/catalogue.ts";
import { codeLabel } from "../src/catalogue/record-text.ts";
import { PUBLIC_COMMANDS } from "../src/commands/command-list.ts";
import { TOPICS } from "../src/commands/manual/manual.ts";
import { parseConfig } from "../src/config/load.ts";
import { CONSOLE_COMMANDS } from "../src/manage/console/console-commands.ts";
import { allOptionsOf, rigOptionsOf } from "../test/harness/command-options.ts";

const ROOT = join(import.meta.dir, "..");
const WORDS_MAX = 1000;
const LINES_MAX = 120;
const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** Code of more than one line, with its language. */
const blocks = [...README.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(
  ([, language = "", text = ""]) => ({ language, text }),
);
const prose = README.replace(/^```[\s\S]*?^```/gm, "");
/** Code inside a sentence, on one line. */
const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text.replaceAll("\n", " "));

/**
 * Text that a reader may type into a shell: lines after `$`, and spans that begin with a program.
 */
const shellLines = [
  ...blocks.flatMap(({ text }) => [...text.matchAll(/^\$ (.*)$/gm)].map(([, line = ""]) => line)),
  ...spans.filter((text) => /^(npm|wingman|dist\/wingman)(-rig)?( |$)/.test(text)),
];
const consoleLines = blocks.flatMap(({ text }) =>
  [...text.matchAll(/^wingman \w+> (.*?)(?:\s+#.*)?$/gm)].map(([, line = ""]) => line),
);

const optionsIn = (words: readonly string[]): string[] =>
  words
    .filter((word) => word.startsWith("--") && word !== "--")
    .map((word) => word.split("=")[0] ?? "");

/** The problem of a shell line; "" when there is none. */
async function problemOf(line: string): Promise<string> {
  const [program = "", name = "", ...rest] = line.split(" ");
  const options = optionsIn([name, ...rest]);
  if (program === "npm") return npmProblem(name, rest);
  if (program.endsWith("wingman-rig")) {
    const subcommand = name.startsWith("--") ? "" : name;
    const known = await rigOptionsOf(subcommand);
    return known.length === 0 ? "no such subcommand" : unknownOf(options, known);
  }
  if (!PUBLIC_COMMANDS.some((command) => command.name === name)) return "no such command";
  if (name === "help") return helpProblem(rest[0]);
  return unknownOf(options, await allOptionsOf(name));
}

function npmProblem(name: string, rest: readonly string[]): string {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const script = name === "run" ? (rest[0] ?? "") : name;
  if (scripts[script] === undefined) return "no such script";
  // The script of the same name has its options in its text.
  const source = readFileSync(join(ROOT, "scripts", `${script}.ts`), "utf8");
  const rig = readFileSync(join(ROOT, "src/rig/ground-rig.ts"), "utf8");
  const known = script === "start" ? rig : source;
  return optionsIn(rest)
    .filter((option) => !new RegExp(`\\b${option.slice(2)}["']?: `).test(known))
    .join(" ");
}

function helpProblem(topic: string | undefined): string {
  const known = [
    ...TOPICS.map(({ name }) => name),
    ...CATALOGUE.map(({ code }) => codeLabel(code)),
  ];
  return topic === undefined || known.includes(topic) ? "" : "no such topic";
}

const unknownOf = (options: readonly string[], known: readonly string[]): string =>
  options.filter((option) => !known.includes(option)).join(" ");

test(`at most ${WORDS_MAX} words and ${LINES_MAX} lines, as wc counts them`, () => {
  expect(README.split(/\s+/).filter((word) => word !== "").length).toBeLessThanOrEqual(WORDS_MAX);
  expect(README.split("\n").length - 1).toBeLessThanOrEqual(LINES_MAX);
});

test("every command line names a command, a script, options and topics that exist", async () => {
  expect(shellLines.length).toBeGreaterThan(12);
  const wrong: string[] = [];
  for (const line of shellLines) {
    const problem = await problemOf(line);
    if (problem !== "") wrong.push(`${line}: ${problem}`);
  }
  expect(wrong).toEqual([]);
});

test("every line for the console begins with one of its commands", () => {
  const known = CONSOLE_COMMANDS.map(({ words }) => words.join(" "));
  expect(consoleLines).toHaveLength(5);
  const wrong = consoleLines.filter(
    (line) => !known.some((words) => line === words || line.startsWith(`${words} `)),
  );
  expect(wrong).toEqual([]);
});

test("every code that it names exists", () => {
  const known = CATALOGUE.map(({ code }) => codeLabel(code));
  const named = [...README.matchAll(/WNG-\d{4}(?!\d)/g)].map(([label]) => label);
  expect(named.filter((label) => !known.includes(label))).toEqual([]);
});

test("every file that it names exists", () => {
  const links = [...prose.matchAll(/\]\(([^)]+)\)/g)].map(([, path = ""]) => path);
  const paths = spans.filter((text) => /^(src|scripts|test|firmware-config)\/\S+$/.test(text));
  expect(links.length).toBeGreaterThan(1);
  expect(paths.length).toBeGreaterThan(1);
  expect([...links, ...paths].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test("the smallest configuration is valid", () => {
  const [smallest] = blocks.filter(({ language }) => language === "json");
  const result = parseConfig(smallest?.text ?? "", "README.md", "/");
  expect(result.ok ? [] : result.problems).toEqual([]);
});
