/** Minimum, median and maximum, and the ratio of medians. */
export interface Summary {
  min: number;
  median: number;
  max: number;
  count: number;
}

/** @throws RangeError without values: a figure that was not measured must not look like one. */
export function summaryOf(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError("no values to summarise");
  const sorted = [...values].sort((one, other) => one - other);
  return {
    min: sorted[0] as number,
    median: medianOfSorted(sorted),
    max: sorted.at(-1) as number,
    count: sorted.length,
  };
}

export function medianOf(values: readonly number[]): number {
  return summaryOf(values).median;
}

/** Ours divided by the peer's median; null when the peer's is 0. */
export function ratioOf(ours: readonly number[], peers: readonly number[]): number | null {
  const peer = medianOf(peers);
  return peer === 0 ? null : medianOf(ours) / peer;
}

function medianOfSorted(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}
