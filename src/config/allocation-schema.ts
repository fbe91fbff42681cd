/** Part of schema.ts: the keys that determine the allocation of a function. */
import * as v from "valibot";
import { DIMENSIONS_MAX, PARTNERS_MAX, REQUIRED_MIN, RESOURCE_MAX } from "../limits.ts";
import { IdSchema, list, text, wholeNumber, wholeNumberWords } from "./schema-values.ts";

/**
 * Starts with a letter, because JavaScript puts numeric keys before all others; and is neither of
 * the two words that valibot skips.
 */
const DimensionName = text(
  /^(?!(?:constructor|prototype)$)[a-z][a-z0-9-]{0,31}$/,
  'a dimension: a name of 1 to 32 characters "a" to "z", "0" to "9" and "-", starting with a letter',
  "Name of a dimension of resource.",
);

/** One whole number, or one per named dimension. `min` only applies to the single number. */
function amount(min: number, description: string) {
  const number = wholeNumber(min, RESOURCE_MAX, description);
  const names = `an object with 1 to ${DIMENSIONS_MAX} dimensions`;
  return v.pipe(
    v.union(
      [
        number,
        v.pipe(
          v.record(DimensionName, wholeNumber(0, RESOURCE_MAX, "Amount of one dimension."), names),
          v.minEntries(1, names),
          v.maxEntries(DIMENSIONS_MAX, names),
        ),
      ],
      `${wholeNumberWords(min, RESOURCE_MAX)}, or ${names}, such as {"cpu": 10, "streams": 40}`,
    ),
    v.description(description),
  );
}

export const ResourceSchema = amount(
  0,
  "Resource of the server, in the integrator's own units, less what the system itself needs. Wingman only adds up: it neither measures nor limits what a process uses. See the topic allocation.",
);

export const RequiredSchema = amount(
  REQUIRED_MIN,
  "Resource that the function takes of its server.",
);

const partners = (description: string) =>
  v.optional(list(IdSchema, 0, PARTNERS_MAX, "functions", description), []);

export const PARTNER_ENTRIES = {
  apartFrom: partners(
    "Functions that never run on the same server as this one. One of the two has to name the other.",
  ),
  with: partners(
    "Functions that only run on the same server as this one. One of the two has to name the other.",
  ),
};
