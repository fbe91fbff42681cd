/** The machines that Wingman is built for: processor and C library. */
import { readFileSync } from "node:fs";
import { TARGETS as NAMES, type Target as Name } from "../../src/part/manifest.ts";

export interface Target {
  /** Name for users, in Bun and in `wingman version`. */
  readonly name: Name;
  /** npm package with Bun for this target, as `bin/bun`. */
  readonly package: string;
}

export const TARGETS: readonly Target[] = NAMES.map((name) => ({
  name,
  package: `@oven/bun-${name.replace("arm64", "aarch64")}`,
}));

/** The target of this name; null when there is none. */
export function targetNamed(name: string): Target | null {
  return TARGETS.find((target) => target.name === name) ?? null;
}

/** The target that this process runs on. @throws Error on any other machine */
export function ownTarget(): Target {
  // Only musl's loader is mapped under this name, and it stays mapped.
  const isMusl = /\/ld-musl-|\/libc\.musl-|-linux-musl\//.test(
    readFileSync("/proc/self/maps", "utf8"),
  );
  const name = `${process.platform}-${process.arch}${isMusl ? "-musl" : ""}`;
  const target = targetNamed(name);
  if (target === null) throw new Error(`this machine is ${name}, expected ${targetNames()}`);
  return target;
}

export function targetNames(): string {
  const names = TARGETS.map(({ name }) => name);
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
