/**
 * Configuration text of the default aircraft, bundled into the executable; it flies when no
 * configuration is given.
 */
import text from "../../firmware-config/single-aisle-180.json" with { type: "text" };

// TypeScript expects the parsed content of a .json import; the attribute makes the bundler give the
// text.
export const DEFAULT_AIRCRAFT = text as unknown as string;
