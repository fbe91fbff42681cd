/** Names behind their numbers, from 1. */
export const numbered = (names: readonly string[]): string =>
  names
    .map((name, number) => `${number} ${name}`)
    .slice(1)
    .join(", ");
