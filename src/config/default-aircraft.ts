/**
 * The aircraft that flies when no configuration is given: its text, bundled into the executable.
 */
import text from "../../firmware-config/single-aisle-180.json" with { type: "text" };

// TypeScript takes every .json import for its parsed content; the attribute makes the bundler give
// the text.
export const DEFAULT_AIRCRAFT = text as unknown as string;
