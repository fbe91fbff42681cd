/**
 * The two supported file layouts, as published in open-source implementations. The third word of a
 * file tells its layout.
 */
import { hexText, PartError } from "./part-error.ts";

export type Layout = "665-2" | "665-3";

export const LAYOUTS: readonly Layout[] = ["665-2", "665-3"];

/** The word of a kind of file in each layout. */
export type FormatVersions = Readonly<Record<Layout, number>>;

export const LOAD_HEADER_VERSIONS: FormatVersions = { "665-2": 0x8003, "665-3": 0x8004 };
export const LIST_VERSIONS: FormatVersions = { "665-2": 0xa003, "665-3": 0xa004 };

/** @throws PartError when the word belongs to no layout */
export function layoutOf(version: number, versions: FormatVersions, file: string): Layout {
  const layout = LAYOUTS.find((name) => versions[name] === version);
  if (layout !== undefined) return layout;
  const expected = LAYOUTS.map((name) => `${hexText(versions[name], 4)} (${name})`).join(" or ");
  throw new PartError(file, "format version", hexText(version, 4), expected);
}
