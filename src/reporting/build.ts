/** Identifies the executable of a server, as reported in its keep-alives. */

// Set by the build; undefined when the program runs from source.
declare const BUILD_DIGEST: string | undefined;
declare const BUILD_COMMIT: string | undefined;
declare const BUILD_TARGET: string | undefined;

const FROM_SOURCE = "development";
/** 16 hexadecimal digits; `development` when run from source, as are the next two. */
export const BUILD = typeof BUILD_DIGEST === "string" ? BUILD_DIGEST : FROM_SOURCE;
/** Commit of the repository. */
export const BUILT_FROM = typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : FROM_SOURCE;
/** Processor and C library, such as `linux-x64-musl`. */
export const BUILT_FOR = typeof BUILD_TARGET === "string" ? BUILD_TARGET : FROM_SOURCE;

const HIGH_DIGITS = 4;
const LOW_DIGITS = 8;
const TOLD = new RegExp(`^[0-9a-f]{${HIGH_DIGITS + LOW_DIGITS}}`);

/** First 16 and next 32 bits of a hexadecimal digest; 0, 0 for anything else. */
export function buildNumbers(digest: string): [number, number] {
  if (!TOLD.test(digest)) return [0, 0];
  const low = digest.slice(HIGH_DIGITS, HIGH_DIGITS + LOW_DIGITS);
  return [Number.parseInt(digest.slice(0, HIGH_DIGITS), 16), Number.parseInt(low, 16)];
}

/** Inverse of {@link buildNumbers}: the 12 digits that were sent; null when unknown. */
export function buildText(high: number, low: number): string | null {
  if (high === 0 && low === 0) return null;
  return high.toString(16).padStart(HIGH_DIGITS, "0") + low.toString(16).padStart(LOW_DIGITS, "0");
}
