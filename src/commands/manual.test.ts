/** The manual against what there is: nothing that it names is missing, and nothing is missing in it. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { allOptionsOf, rigOptionsOf } from "../../test/harness/command-options.ts";
import { CATALOGUE } from "../catalogue/catalogue.ts";
import { codeLabel } from "../catalogue/record-text.ts";
import { COLUMNS, reflowed } from "../command-line/paragraph.ts";
import { CONSOLE_COMMANDS } from "../manage/console/console-commands.ts";
import { COMMANDS, PUBLIC_COMMANDS } from "./command-list.ts";
import { codeText } from "./manual/fault-topics.ts";
import { TOPICS } from "./manual/manual.ts";
import { PROPERTIES } from "./manual/properties.ts";
import { SYMPTOMS } from "./manual/symptoms.ts";

const ROOT = join(import.meta.dir, "../..");
const topicText = (name: string): string =>
  reflowed(TOPICS.find((topic) => topic.name === name)?.text() ?? "");
/** Every topic, every code and every line of the console's help, each by its name. */
const texts: readonly (readonly [string, string])[] = [
  ...TOPICS.map(({ name, text }) => [name, reflowed(text())] as const),
  ...CATALOGUE.map(({ code }) => [codeLabel(code), codeText(code) ?? ""] as const),
];

/** What `pattern` finds in the manual, with where it stands, each once. */
function named(pattern: RegExp): { where: string; found: string[] }[] {
  const all = texts.flatMap(([where, text]) =>
    [...text.replaceAll(/\s+/g, " ").matchAll(pattern)].map(([, ...found]) => ({ where, found })),
  );
  return [...new Map(all.map((entry) => [JSON.stringify(entry), entry])).values()];
}

const RIG_COMMANDS = ["", "acceptance", "update", "adopt"];

describe("commands and options", () => {
  const calls = named(/'wingman ([a-z]+)((?: [^']*)?)'/g);

  test("every command that the manual names exists", () => {
    const known = COMMANDS.map(({ name }) => name);
    const asLines = texts.flatMap(([where, text]) =>
      [...text.matchAll(/^ {2,}wingman ([a-z]+)/gm)].map(([, name = ""]) => ({
        where,
        found: [name],
      })),
    );
    expect(calls.length).toBeGreaterThan(20);
    const wrong = [...calls, ...asLines].filter(({ found: [name = ""] }) => !known.includes(name));
    expect(wrong).toEqual([]);
  });

  test("'wingman help X' names a topic or a code", () => {
    const known = [
      ...TOPICS.map(({ name }) => name),
      ...CATALOGUE.map(({ code }) => codeLabel(code)),
    ];
    const asked = named(/'wingman help ([^' ]+)'/g).filter(({ found: [name] }) => name !== "TOPIC");
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter(({ found: [name = ""] }) => !known.includes(name))).toEqual([]);
    const topics = named(/\(?see the topic ([a-z-]+)/g);
    expect(topics.filter(({ found: [name = ""] }) => !known.includes(name))).toEqual([]);
  });

  test.each(PUBLIC_COMMANDS.map(({ name }) => name))(
    "%s: its topic names every option that it takes, and no other",
    async (name) => {
      const takes = await allOptionsOf(name);
      const own = topicText(name);
      expect(takes.filter((option) => !new RegExp(`${option}(?![\\w-])`).test(own))).toEqual([]);
      const synopsis = PUBLIC_COMMANDS.find((command) => command.name === name)?.synopsis ?? "";
      const written = [
        ...synopsis.matchAll(/(--[a-z-]+)/g),
        ...calls.flatMap(({ found: [command, rest = ""] }) =>
          command === name ? [...rest.matchAll(/(--[a-z-]+)/g)] : [],
        ),
      ].map(([, option = ""]) => option);
      expect(written.filter((option) => !takes.includes(option))).toEqual([]);
    },
  );

  test("options that begin a line or a sentence belong to some command", async () => {
    const wingman = await Promise.all(PUBLIC_COMMANDS.map(({ name }) => allOptionsOf(name)));
    const known = new Set(wingman.flat());
    const rig = new Set<string>();
    for (const name of RIG_COMMANDS) for (const option of await rigOptionsOf(name)) rig.add(option);
    // Options of what is not Wingman: npm scripts and programs of the system.
    const foreign = /(npm run|npm test|in\.tftpd|tftp|openssl|chmod|systemctl|--only load)/;
    for (const [where, text] of texts) {
      for (const block of text.split("\n\n")) {
        if (foreign.test(block)) continue;
        const options = [...block.matchAll(/(?<![\w-])(--[a-z][a-z-]+)/g)].map(
          ([, name = ""]) => name,
        );
        const wrong = options.filter(
          (name) => !known.has(name) && !(rig.has(name) || name === "--help"),
        );
        expect([where, wrong]).toEqual([where, []]);
      }
    }
  });

  test("the topic rig names every option of wingman-rig", async () => {
    const text = topicText("rig");
    for (const name of RIG_COMMANDS) {
      const options = (await rigOptionsOf(name)).filter((option) => option !== "--help");
      expect(options.length).toBeGreaterThan(2);
      expect([name, options.filter((option) => !text.includes(option))]).toEqual([name, []]);
    }
  });

  test("npm scripts, suites and files that the manual names exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const wanted = named(/npm run ([a-z]+)/g);
    expect(wanted.length).toBeGreaterThan(5);
    expect(wanted.filter(({ found: [name = ""] }) => scripts[name] === undefined)).toEqual([]);
    const suites = [...readdirSync(join(ROOT, "test")), "unit", "check"];
    const asked = texts.flatMap(([, text]) =>
      [...text.matchAll(/npm test -- ([a-z-]+(?: [a-z-]+)*)(?=['\n])/g)].flatMap(([, names = ""]) =>
        names.split(" "),
      ),
    );
    expect(asked).toContain("canaries");
    expect(asked.filter((name) => !suites.includes(name))).toEqual([]);
    const files = named(/\b((?:firmware-config|src|test|scripts)\/[\w./@-]*\w)/g);
    expect(files.filter(({ found: [path = ""] }) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("what checks a property exists", () => {
    const places = PROPERTIES.flatMap(({ checkedBy }) =>
      [...checkedBy.matchAll(/\b([a-z-]+\/[a-z-]+)\b/g)].map(([, place = ""]) => place),
    );
    expect(places.length).toBeGreaterThan(3);
    const isThere = (place: string): boolean =>
      existsSync(join(ROOT, "test", place)) || existsSync(join(ROOT, "test", `${place}.test.ts`));
    expect(places.filter((place) => !isThere(place))).toEqual([]);
  });
});

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

/** Every key, as the manual writes it: `keepAlive.periodMs`, `functions[].vips`. */
function keysOf(schema: JsonSchema, path = ""): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const place = path === "" ? key : `${path}.${key}`;
    return [place, ...keysOf(value, place)];
  });
  const items = schema.items === undefined ? [] : keysOf(schema.items, `${path}[]`);
  return [...own, ...items, ...(schema.anyOf ?? []).flatMap((one) => keysOf(one, path))];
}

describe("the configuration", () => {
  const schema = JSON.parse(readFileSync(join(ROOT, "firmware-config/schema.json"), "utf8"));
  const keys = [...new Set(keysOf(schema))].filter((key) => key !== "$schema");

  test("every key of the schema is explained", () => {
    const text = `\n${topicText("configuration")}`;
    expect(keys.length).toBeGreaterThan(50);
    // An object has nothing to say beside its keys.
    const missing = keys.filter(
      (key) => !text.includes(`\n${key}\n`) && !text.includes(`\n${key}.`),
    );
    expect(missing).toEqual([]);
  });

  test("every key that the manual names is in the schema", () => {
    const known = new Set(keys.map((key) => key.replaceAll("[]", "")));
    const wanted = named(
      /(?<![\w./-])((?:keepAlive|clients|maintenance|parts|functions|servers)(?:\[\])?(?:\.[a-zA-Z]+)+)/g,
    ).filter(({ found: [key = ""] }) => !key.startsWith("maintenance.log.corrupt"));
    expect(wanted.length).toBeGreaterThan(30);
    const wrong = wanted.filter(({ found: [key = ""] }) => !known.has(key.replaceAll("[]", "")));
    expect(wrong).toEqual([]);
  });
});

describe("maintenance codes", () => {
  test("every code that the manual names exists", () => {
    const known = CATALOGUE.map(({ code }) => codeLabel(code));
    const wanted = named(/(WNG-\d{4})(?!\d)/g);
    expect(wanted.filter(({ found: [label = ""] }) => !known.includes(label))).toEqual([]);
    const symptoms = SYMPTOMS.flatMap(({ codes }) => codes);
    expect(symptoms.filter((code) => !known.includes(codeLabel(code)))).toEqual([]);
  });

  test("every fault is in the index of symptoms", () => {
    const indexed = new Set(SYMPTOMS.flatMap(({ codes }) => codes));
    const missing = CATALOGUE.filter((entry) => entry.class > 0 && !indexed.has(entry.code));
    expect(missing.map(({ code, text }) => `${codeLabel(code)} ${text}`)).toEqual([]);
  });

  test.each(CATALOGUE.map((entry) => [codeLabel(entry.code), entry] as const))(
    "%s: text, class, cause, action, and what it clears, at most 80 columns wide",
    (label, { code, text, cause, action, clears }) => {
      const words = codeText(code) ?? "";
      const flat = words.replaceAll(/\s+/g, " ");
      expect(words).toStartWith(`${label}  ${text}\n`);
      for (const part of [cause, action, ...clears.map(codeLabel)]) expect(flat).toContain(part);
      expect(words.split("\n").filter((line) => line.length > COLUMNS)).toEqual([]);
      for (const entry of CATALOGUE)
        if (entry.clears.includes(code))
          expect(flat).toContain(`${codeLabel(entry.code)} ${entry.text}`);
    },
  );
});

describe("the console", () => {
  test("every command of the console is in the manual", () => {
    const text = topicText("console");
    for (const { words } of CONSOLE_COMMANDS) expect(text).toContain(`\n${words.join(" ")}`);
  });

  test("every command of the console that the manual names exists", () => {
    const known = CONSOLE_COMMANDS.map(({ words }) => words.join(" "));
    const wanted = named(/'((?:show|download|clear|terminal) [a-z]+)(?: [^']*)?'/g);
    expect(wanted.length).toBeGreaterThan(8);
    expect(wanted.filter(({ found: [words = ""] }) => !known.includes(words))).toEqual([]);
  });
});
