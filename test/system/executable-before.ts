/**
 * An executable as of before keep-alives carried their build: from the same source, but it only
 * uses and understands layout 5, and knows nothing of layout 6.
 */
import { join } from "node:path";
import { mutated } from "../canaries/mutated-copy.ts";

const KEEP_ALIVE = "src/wire/keep-alive.ts";

/** Code of layout 5 in place of layout 6, as in the last release that used it. */
const CHANGES = [
  {
    file: KEEP_ALIVE,
    from: "export const KEEP_ALIVE_VERSION = 6;",
    to: "export const KEEP_ALIVE_VERSION = 5;",
  },
  {
    file: KEEP_ALIVE,
    from: "isAboutNobody ? message.understands : message.successorServer",
    to: "isAboutNobody ? 0 : message.successorServer",
  },
  {
    file: KEEP_ALIVE,
    from: `const tellsBuild = message.faultCode === 0 && message.version === KEEP_ALIVE_VERSION;
           view.setUint16(`,
    to: `const tellsBuild = false;
           view.setUint16(`,
  },
  {
    file: KEEP_ALIVE,
    from: `const tellsBuild = message.faultCode === 0 && message.version === KEEP_ALIVE_VERSION;
           message.faultFunction`,
    to: `const tellsBuild = false;
         message.faultFunction`,
  },
] as const;

/** Builds it below `directory`. Returns the path of the flight executable. */
export function buildExecutableBefore(directory: string): string {
  const copy = mutated(directory, { changes: CHANGES }, "source-before");
  const outdir = join(directory, "before");
  const command = [process.execPath, join(copy, "scripts/build.ts"), "--outdir", outdir];
  const { exitCode, stdout, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`building the version before:\n${stdout}${stderr}`);
  return join(outdir, "wingman");
}
