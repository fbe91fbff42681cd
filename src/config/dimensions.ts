/**
 * Conversion of resource between the file, which names dimensions, and the model, which numbers
 * them.
 */
import type { AircraftConfig } from "./model.ts";

/** As in a file: one number without a name, or one per named dimension. */
export type WrittenAmount = number | Readonly<Record<string, number>>;

/** Names of the dimensions; empty when the amount is a plain number. */
export function dimensionNames(amount: WrittenAmount): string[] {
  return typeof amount === "number" ? [] : Object.keys(amount);
}

/** One number per dimension; 0 for one that is not named. */
export function amountsOf(amount: WrittenAmount, names: readonly string[]): [number, ...number[]] {
  if (typeof amount === "number") return [amount];
  const [first = 0, ...further] = names.map((name) => amount[name] ?? 0);
  return [first, ...further];
}

/** Inverse of {@link amountsOf}. */
export function writtenAmount(
  amounts: readonly [number, ...number[]],
  { dimensions }: Pick<AircraftConfig, "dimensions">,
): WrittenAmount {
  if (dimensions.length === 0) return amounts[0];
  return Object.fromEntries(dimensions.map((name, place) => [name, amounts[place] ?? 0]));
}

/** `10`, or `10 cpu and 40 streams`. */
export function amountText(
  amounts: readonly number[],
  { dimensions }: Pick<AircraftConfig, "dimensions">,
): string {
  if (dimensions.length === 0) return String(amounts[0]);
  return dimensions.map((name, place) => `${amounts[place]} ${name}`).join(", ");
}
