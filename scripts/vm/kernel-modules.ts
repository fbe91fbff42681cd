/** Drivers of the guest's kernel: files of a kernel package, in loading order. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { RuntimeError } from "../../src/command-line/errors.ts";

/** Names with `-` and `_` are the same module. */
const nameOf = (text: string): string => text.replaceAll("-", "_");

/**
 * Files of `wanted` and all their dependencies, each after its own dependencies. Built-in modules
 * have no file and are left out.
 * @param directory `lib/modules/VERSION` of an unpacked package
 * @throws RuntimeError when a wanted one is neither there nor built in
 */
export function modulesInOrder(directory: string, wanted: readonly string[]): string[] {
  const files = new Map<string, string>();
  for (const file of readdirSync(directory, { recursive: true, encoding: "utf8" }))
    if (file.endsWith(".ko")) files.set(nameOf(basename(file, ".ko")), join(directory, file));
  const builtIn = new Set(
    readFileSync(join(directory, "modules.builtin"), "utf8")
      .split("\n")
      .map((line) => nameOf(basename(line, ".ko"))),
  );
  const ordered = new Set<string>();
  const add = (name: string): void => {
    const file = files.get(name);
    if (file === undefined) {
      if (builtIn.has(name)) return;
      throw new RuntimeError(`kernel: found no module ${name} in ${directory}`);
    }
    for (const needed of dependenciesOf(readFileSync(file))) add(needed);
    ordered.add(file);
  };
  for (const name of wanted) add(nameOf(name));
  return [...ordered];
}

/** Dependencies in a module's section `.modinfo`. */
export function dependenciesOf(module: Buffer): string[] {
  const key = Buffer.from("\0depends=", "latin1");
  const at = module.indexOf(key);
  if (at < 0) return [];
  const begin = at + key.length;
  const text = module.toString("latin1", begin, module.indexOf(0, begin));
  return text === "" ? [] : text.split(",").map(nameOf);
}
