/**
 * What arithmetic says about an even load, whatever may run where: how even it can be at best, and
 * the fewest moves that takes.
 */

/**
 * n·Σr² − (Σr)² over the remaining resources r of n servers: n² times their variance, a whole
 * number, 0 when all are equal.
 */
export function spreadOf(remaining: readonly number[]): number {
  const total = sum(remaining);
  return remaining.length * sum(remaining.map((each) => each * each)) - total * total;
}

/**
 * A row of remaining resources that is at least as even as any placement. Each differs from what it
 * is now by a multiple of the greatest common divisor of what may move; it is at least 0, and at
 * most what is left when everything is elsewhere. Units of that size go to whoever has least. In no
 * row as even as this one is the greatest greater, or the smallest smaller.
 *
 * @param remaining of each server now, none below 0
 * @param loads for each server the required resources of what runs there
 */
export function mostEvenRow(
  remaining: readonly number[],
  loads: readonly (readonly number[])[],
): number[] {
  const unit = loads.flat().reduce(greatestCommonDivisor, 0);
  if (unit === 0) return [...remaining];
  const lowest = remaining.map((each) => each % unit);
  const unitsMax = remaining.map(
    (each, place) => (each + sum(loads[place] ?? []) - (lowest[place] ?? 0)) / unit,
  );
  /** Units of each server if none has more than `level` left. */
  const unitsAt = (level: number): number[] =>
    lowest.map((low, place) =>
      Math.max(0, Math.min(unitsMax[place] ?? 0, Math.floor((level - low) / unit))),
    );
  const units = (sum(remaining) - sum(lowest)) / unit;
  let level = 0;
  let tooHigh = 1 + unit * (1 + Math.max(...unitsMax));
  while (tooHigh - level > 1) {
    const middle = Math.floor((level + tooHigh) / 2);
    if (sum(unitsAt(middle)) <= units) level = middle;
    else tooHigh = middle;
  }
  const given = unitsAt(level);
  const oneMore = unitsAt(level + 1);
  let rest = units - sum(given);
  return given.map((count, place) => {
    const more = rest > 0 && (oneMore[place] ?? 0) > count ? 1 : 0;
    rest -= more;
    return (lowest[place] ?? 0) + unit * (count + more);
  });
}

/**
 * The fewest moves to a row as even as `row`: a server with more left than the greatest in it takes
 * the largest functions of others, and one with less than the smallest gives its largest away.
 */
export function movesNeeded(
  remaining: readonly number[],
  loads: readonly (readonly number[])[],
  row: readonly number[],
): number {
  const most = Math.max(...row);
  const least = Math.min(...row);
  const taken = remaining.map((each, place) => {
    const others = loads.filter((_, other) => other !== place).flat();
    return largestFor(each - most, others);
  });
  const given = remaining.map((each, place) => largestFor(least - each, loads[place] ?? []));
  return Math.max(sum(taken), sum(given));
}

/** How many of the largest `sizes` add up to at least `need`; all of them if they do not. */
function largestFor(need: number, sizes: readonly number[]): number {
  let count = 0;
  let left = need;
  for (const size of sizes.toSorted((one, other) => other - one)) {
    if (left <= 0) break;
    left -= size;
    count++;
  }
  return count;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
