/** Checks whether the key files are the same as at the start of the server. */
import { readFile, stat } from "node:fs/promises";
import { LOG_KEY_CHANGED, LOG_KEY_UNCHANGED } from "../../catalogue/supervisor-code.ts";
import { checkKey } from "../../config/key-file.ts";
import { fileIdentity, type KeyFileMark, keyDigest } from "../../config/start-keys.ts";
import type { WatchedThing } from "./machine-watch.ts";

export class KeyWatch implements WatchedThing {
  readonly faultCode = LOG_KEY_CHANGED;
  readonly endCode = LOG_KEY_UNCHANGED;

  constructor(private readonly marks: readonly KeyFileMark[]) {}

  async look(): Promise<string | null> {
    for (const mark of this.marks) {
      const found = await changeOf(mark);
      if (found !== null) return `${found}: ${mark.path}`;
    }
    return null;
  }
}

/** null when there is no relevant change. */
async function changeOf({ path, identity, salt, digest }: KeyFileMark): Promise<string | null> {
  try {
    const status = await stat(path);
    if (fileIdentity(status) === identity) return null;
    if (!status.isFile()) return "no regular file";
    const judged = checkKey(status.mode, await readFile(path));
    if (!judged.ok) return judged.found;
    return keyDigest(judged.key, salt) === digest ? null : "another key";
  } catch (error) {
    const { code = "unreadable" } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "no such file" : code;
  }
}
