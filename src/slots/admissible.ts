/** Decides whether a verified part is for this machine, now. */
import packageFile from "../../package.json" with { type: "json" };
import type { AircraftConfig } from "../config/model.ts";
import type { Manifest } from "../part/manifest.ts";
import type { VerifiedPart } from "../part/verify.ts";

export interface Machine {
  readonly system: string;
  readonly hardware: string;
  readonly target: string;
  readonly version: string;
}

export function thisMachine(config: AircraftConfig, target: string): Machine {
  const { system, parts } = config;
  return { system, hardware: parts.hardware, target, version: packageFile.version };
}

/**
 * Reasons against installing the part, each with what was found and what is expected; empty when it
 * may be installed.
 * @param before the part that flies; null when none was installed
 * @param mayBeOlder an older release was requested
 */
export function objections(
  part: VerifiedPart,
  machine: Machine,
  before: Manifest | null,
  mayBeOlder: boolean,
): string[] {
  const found: string[] = [];
  const expect = (field: string, value: string, expected: string, isRight: boolean): void => {
    if (!isRight) found.push(`${field}: found ${value}, expected ${expected}`);
  };
  const { hardware, system, target, version, minimumVersion } = part;
  expect("hardware", hardware.join(" "), machine.hardware, hardware.includes(machine.hardware));
  expect("system", system, machine.system, system === machine.system);
  expect("target", target, machine.target, target === machine.target);
  expect(
    "installer",
    `release ${machine.version}`,
    `${minimumVersion} or newer`,
    isAtLeast(machine.version, minimumVersion),
  );
  if (before !== null)
    expect(
      "release",
      version,
      `${before.version} or newer, or --older`,
      mayBeOlder || isAtLeast(version, before.version),
    );
  return found;
}

/** `1.10.0` is newer than `1.9.3`. */
export function isAtLeast(version: string, other: string): boolean {
  const [ours, theirs] = [version, other].map((text) => text.split(".").map(Number));
  for (const [place, number] of (ours as number[]).entries()) {
    const against = (theirs as number[])[place] ?? 0;
    if (number !== against) return number > against;
  }
  return true;
}
