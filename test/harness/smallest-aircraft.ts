/** For tests: a minimal configuration, and its problems after a change. */
import { formatProblems, parseConfig } from "../../src/config/load.ts";

/** The least that a configuration must say. */
export const smallest = () => ({
  system: "test",
  servers: [
    { id: "a", resource: 100 },
    { id: "b", resource: 50 },
  ],
  functions: [
    { id: "f", required: 5, priority: 10, vips: ["10.44.1.1/16"] },
    { id: "g", required: 5, priority: 1, vips: ["10.44.1.2/16", "fd44::1:2/64"] },
  ],
});

export type Changed = Record<string, unknown>;

/** The lines about the smallest configuration with the keys of `changes` in place of its own. */
export const linesAbout = (changes: Changed): string[] =>
  linesAboutText(JSON.stringify({ ...smallest(), ...changes }));

export const linesAboutText = (text: string): string[] => {
  const result = parseConfig(text, "x", "/");
  return result.ok ? [] : formatProblems(result).split("\n");
};

/** The smallest configuration with other keys in its first function. */
export const withFunction = (changes: Changed): Changed => ({
  functions: [{ ...smallest().functions[0], ...changes }, smallest().functions[1]],
});
