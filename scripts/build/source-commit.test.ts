import { afterAll, beforeAll, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../test/harness/command.ts";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { CommitError, sourceCommit } from "./source-commit.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const scratch = scratchDirectory("commit");
const repository = join(scratch, "repository");
const INPUTS = ["src", "package.json"];
const git = (...args: string[]): string => run("git", "-C", repository, ...args);
let head = "";

beforeAll(() => {
  mkdirSync(join(repository, "src"), { recursive: true });
  for (const name of ["src/main.ts", "package.json", "README.md"])
    writeFileSync(join(repository, name), "1\n");
  run("git", "init", "--quiet", repository);
  git("add", "-A");
  const author = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"];
  git(...author, "commit", "--quiet", "-m", "first");
  head = git("rev-parse", "HEAD").trim();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The commit, and what was warned of. */
function told(root: string, environment: Record<string, string> = {}): [string, string[]] {
  const warnings: string[] = [];
  const commit = sourceCommit(root, INPUTS, (text) => warnings.push(text), environment);
  return [commit, warnings];
}

test("is git's, whatever else has changed and whatever the variable holds", () => {
  appendFileSync(join(repository, "README.md"), "2\n");
  expect(head).toMatch(/^[0-9a-f]{40}$/);
  expect(told(repository, { SOURCE_COMMIT: COMMIT })).toEqual([head, []]);
});

test.each([
  ["changed", () => appendFileSync(join(repository, "src/main.ts"), "2\n")],
  ["deleted", () => rmSync(join(repository, "src/main.ts"))],
  ["staged", () => [appendFileSync(join(repository, "package.json"), "2\n"), git("add", "-A")]],
  ["new", () => writeFileSync(join(repository, "src/new.ts"), "1\n")],
])("is dirty with an input that is %s", (_, change) => {
  change();
  expect(told(repository)).toEqual([`${head}-dirty`, []]);
  git("reset", "--hard", "--quiet");
  git("clean", "-dfq");
  expect(told(repository)).toEqual([head, []]);
});

test("is the variable's outside of a repository, also below the folder of another one", () => {
  const inside = join(repository, "vendor");
  mkdirSync(inside);
  for (const named of [COMMIT, `${COMMIT}-dirty`])
    expect(told(inside, { SOURCE_COMMIT: named })).toEqual([named, []]);
  for (const environment of [{}, { SOURCE_COMMIT: "" }])
    expect(told(inside, environment as Record<string, string>)).toEqual(["unknown", []]);
});

test("a variable that names no commit is refused", () => {
  for (const wrong of ["main", COMMIT.slice(1), COMMIT.toUpperCase(), `${COMMIT}-clean`])
    expect(() => told(scratch, { SOURCE_COMMIT: wrong })).toThrow(CommitError);
});

test("is unknown, with the reason, for a repository that git cannot read", () => {
  const broken = join(scratch, "broken");
  mkdirSync(broken);
  writeFileSync(join(broken, ".git"), "gitdir: /nowhere\n");
  const [commit, warnings] = told(broken);
  expect(commit).toBe("unknown");
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toStartWith("the commit is unknown: fatal: not a git repository");
});
