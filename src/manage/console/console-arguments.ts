/** Parses the arguments of a command, or refuses them with what is expected. */
import { alternatives, quoted } from "../../config/problem.ts";
import { MaintenanceError } from "../maintenance.ts";

/** Maximum functions or servers listed to choose from. */
const NAMES_MAX = 16;

/**
 * Names to choose from; only some of many: a list of a thousand takes half a minute at 9600 baud.
 */
function some(ids: readonly string[]): string {
  const more = ids.length - NAMES_MAX;
  return more <= 0
    ? alternatives(ids)
    : `${ids.slice(0, NAMES_MAX).join(", ")} or one of ${more} more`;
}

/** The entry whose identifier is `text`, or the only one whose identifier begins with it. */
export function named<Entry extends { readonly id: string }>(
  text: string | undefined,
  entries: readonly Entry[],
  what: string,
): Entry {
  const ids = entries.map(({ id }) => id);
  if (text === undefined)
    throw new MaintenanceError("SYNTAX", `found nothing, expected a ${what}: ${some(ids)}`);
  const wanted = text.toLowerCase();
  const beginning = entries.filter(({ id }) => id.startsWith(wanted));
  const matching = entries.filter(({ id }) => id === wanted).concat(beginning);
  const [entry] = matching;
  if (entry === undefined) {
    throw new MaintenanceError(
      "UNKNOWN",
      `found ${quoted(text)}, expected a ${what}: ${some(ids)}`,
    );
  }
  if (entry.id !== wanted && beginning.length > 1) {
    const found = some(beginning.map(({ id }) => id));
    throw new MaintenanceError("AMBIGUOUS", `found ${quoted(text)}, expected ${found}`);
  }
  return entry;
}

/** Values of options that each take a whole number, by their names without dashes. */
export function numbersOf<
  const Limits extends Readonly<Record<string, readonly [min: number, max: number]>>,
>(args: readonly string[], limits: Limits, command: string): { n?: number; leg?: number } {
  const values: Record<string, number> = {};
  for (let at = 0; at < args.length; at += 2) {
    const option = args[at] ?? "";
    const range = Object.hasOwn(limits, option) ? limits[option] : undefined;
    const name = option.replace(/^-+/, "");
    if (range === undefined || Object.hasOwn(values, name)) {
      const known = alternatives(Object.keys(limits));
      throw new MaintenanceError(
        "SYNTAX",
        `found ${quoted(option)} after ${command}, expected ${known}, each once`,
      );
    }
    values[name] = wholeNumber(args[at + 1], option, range[0], range[1]);
  }
  return values;
}

export function wholeNumber(
  text: string | undefined,
  after: string,
  min: number,
  max: number,
): number {
  const value = Number(text);
  if (text !== undefined && /^\d{1,10}$/.test(text) && value >= min && value <= max) return value;
  const found = text === undefined ? "nothing" : quoted(text);
  throw new MaintenanceError(
    "SYNTAX",
    `found ${found} after ${after}, expected a whole number from ${min} to ${max}`,
  );
}
