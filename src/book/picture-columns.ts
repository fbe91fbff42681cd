/** Boxes in the column of a server, from the top down, with their heights. */

export interface PictureFunction {
  id: string;
  priority: number;
  required: number;
  /** Its server before and after the change; null: none. */
  before: string | null;
  after: string | null;
}

export interface Box {
  kind: "stays" | "arrives" | "leaves" | "stops";
  /** Functions that the box represents: one, or several that were merged. */
  ids: string[];
  name: string;
  /**
   * Origin or target, shown below the name; or a note beside it that the function stops; "" for one
   * that stays.
   */
  note: string;
  /** `P10`; "" for several. */
  priority: string;
  required: number;
  /** Distance from the top of the column. */
  y: number;
  height: number;
}

export interface Column {
  boxes: Box[];
  /** Height of the server's whole capacity. */
  frame: number;
  /** Free room in the frame. */
  free: { y: number; height: number; words: string } | null;
  /** Total height, including functions that leave, below the frame. */
  height: number;
}

type Entry = Omit<Box, "y" | "height">;

const LINE_HEIGHT = 21;
/** Height with a second line, for the note. */
const NOTED_HEIGHT = 36;
const GAP = 5;
/** Maximum boxes of a kind in a column; beyond it those with the same note are merged. */
const BOXES_MAX = 14;

/** @param scale height per unit of resource */
export function boxesOf(
  server: { id: string; resource: number; part: string },
  functions: readonly PictureFunction[],
  scale: number,
): Column {
  const { id, resource, part } = server;
  const isAway = part === "lost" || part === "down";
  const after = functions.filter((one) => one.after === id);
  const gone = functions.filter(({ before, after }) => before === id && after !== id);
  const stays = together(
    after.filter(({ before }) => before === id).map((one) => entry(one, "stays", "")),
  );
  const arrives = together(
    after
      .filter(({ before }) => before !== id)
      .map((one) => entry(one, "arrives", one.before === null ? "started" : `from ${one.before}`)),
  );
  const leaves = together(
    gone.filter((one) => one.after !== null).map((one) => entry(one, "leaves", `to ${one.after}`)),
  );
  const stops = together(
    gone.filter((one) => one.after === null).map((one) => entry(one, "stops", "STOPPED")),
  );
  const boxes: Box[] = [];
  let y = 0;
  const add = (entries: readonly Entry[], perUnit = scale): void => {
    for (const one of entries) {
      const least = one.kind === "stays" || one.kind === "stops" ? LINE_HEIGHT : NOTED_HEIGHT;
      const height = Math.max(least, one.required * perUnit);
      boxes.push({ ...one, y, height });
      y += height;
    }
  };
  if (isAway) {
    add([...leaves, ...stops]);
    const words = boxes.length > 0 ? "" : "nothing runs here";
    const frame = Math.max(y, resource * scale);
    const free = words === "" ? null : { y: 0, height: frame, words };
    return { boxes, frame, free, height: frame };
  }
  add([...stays, ...arrives]);
  const used = after.reduce((sum, { required }) => sum + required, 0);
  const left = resource - used;
  const least = left > 0 ? y + LINE_HEIGHT : y;
  const frame = Math.max(least, resource * scale);
  const words = `free ${left} of ${resource}`;
  const free = left > 0 ? { y, height: frame - y, words } : null;
  y = frame;
  if (leaves.length + stops.length > 0) y += GAP;
  add([...leaves, ...stops], 0); // it no longer takes anything
  return { boxes, frame, free, height: y };
}

function entry(
  { id, priority, required }: PictureFunction,
  kind: Box["kind"],
  note: string,
): Entry {
  return { kind, ids: [id], name: id, note, priority: `P${priority}`, required };
}

/** Merges the least important entries with the same note when there are too many. */
function together(entries: readonly Entry[]): Entry[] {
  if (entries.length <= BOXES_MAX) return [...entries];
  const groups = [...Map.groupBy(entries, ({ note }) => note).values()];
  const alone = Math.max(1, Math.floor(BOXES_MAX / groups.length) - 1);
  return groups.flatMap((group) => {
    if (group.length <= alone + 1) return group;
    const rest = group.slice(alone);
    const required = rest.reduce((sum, one) => sum + one.required, 0);
    const { kind = "stays", note = "" } = group[0] ?? {};
    const ids = rest.flatMap((one) => one.ids);
    return [
      ...group.slice(0, alone),
      { kind, ids, note, name: `${ids.length} more`, priority: "", required },
    ];
  });
}
