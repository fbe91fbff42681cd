/** The commit that an executable is built from. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Names the commit where there is no repository: in a tarball of the sources. */
export const COMMIT_VARIABLE = "SOURCE_COMMIT";

const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?(?:-dirty)?$/;

/** `SOURCE_COMMIT` is no commit: the command line is wrong, not the machine. */
export class CommitError extends Error {}

/**
 * The commit in hexadecimal, with `-dirty` when one of `files` (paths from `root`) differs from it
 * or is not in it. In a repository it comes from git, outside of one from the variable
 * SOURCE_COMMIT; without both the commit is `unknown`.
 *
 * For a repository that git cannot read it is also `unknown`, and `warn` gets the reason.
 *
 * @throws CommitError for a variable that names no commit
 */
export function sourceCommit(
  root: string,
  files: readonly string[],
  warn: (text: string) => void,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const named = environment[COMMIT_VARIABLE] ?? "";
  if (named !== "" && !COMMIT.test(named))
    throw new CommitError(
      `${COMMIT_VARIABLE}: found ${JSON.stringify(named)}, expected 40 or 64 hexadecimal digits, lower case, and "-dirty" or nothing`,
    );
  // A tarball unpacked inside another project belongs to no commit of that project.
  if (!existsSync(join(root, ".git"))) return named === "" ? "unknown" : named;
  try {
    const commit = git(root, "rev-parse", "--verify", "HEAD");
    const changes = git(root, "status", "--porcelain", "--untracked-files=all", "--", ...files);
    return changes === "" ? commit : `${commit}-dirty`;
  } catch (error) {
    warn(`the commit is unknown: ${(error as Error).message}`);
    return "unknown";
  }
}

/** Output of git without the last line end. @throws Error */
function git(root: string, ...args: string[]): string {
  const command = ["git", "--no-optional-locks", "-C", root, ...args];
  const environment = { ...process.env };
  // Set by git when it runs this from a hook: they would name another repository or index.
  for (const name of ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"]) delete environment[name];
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { env: environment });
  if (exitCode !== 0) throw new Error(stderr.toString().trim() || `git ends with ${exitCode}`);
  return stdout.toString().trimEnd();
}
