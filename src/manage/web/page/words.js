/**
 * Figures in words.
 * @typedef {import("../page-state.ts").PageState} PageState
 */

/** So long a gap that is over stands at its function in the picture. */
const FRESH_MS = 20_000;

/** @param {number} us */
export function usWords(us) {
  return us < 1000 ? `${us} µs` : msWords(us / 1000);
}

/** In ms as long as that can be read at a glance. @param {number} ms */
export function msWords(ms) {
  if (ms >= 10_000) return `${Math.round(ms / 1000)} s`;
  return ms >= 100 || Number.isInteger(ms) ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/** @param {number} seconds */
export function lengthWords(seconds) {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes === 0) return `${seconds} s`;
  if (hours === 0) return `${minutes} min ${seconds % 60} s`;
  return hours < 24
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/**
 * What a seat sees of a function, for the picture: "" for nothing.
 * @param {PageState} state @param {string} id
 */
export function gapWords({ gaps, utcMs }, id) {
  const gap = gaps?.functions.find((other) => other.id === id);
  if (gap === undefined) return "";
  const { openMs, last } = gap;
  if (openMs !== null) return `▲ no answer for ${msWords(Math.round(openMs / 100) * 100)}`;
  const isFresh = last !== null && (utcMs ?? 0) - last.endedUtcMs < FRESH_MS;
  return isFresh ? `gap ${msWords(last.ms)}` : "";
}
