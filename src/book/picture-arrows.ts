/**
 * Routes of the arrows: through the gutters beside the columns and, beyond the next column, through
 * a band above them, so that none crosses a box. Each has its own lane in every gutter and band.
 */
import type { Column } from "./picture-columns.ts";

/** A box of a column; `place` is the column's place in its row. */
interface End {
  column: number;
  box: number;
  row: number;
  place: number;
}

export interface Arrow {
  from: End;
  to: End;
}

/** Route of an arrow. */
interface Way {
  arrow: Arrow;
  /** The arrow goes to a column further right in the same row. */
  isRightwards: boolean;
  /** It leads from a column to the next one, only through the gutter between them. */
  isDirect: boolean;
  /** Gutter beside the source, and beside the target: the same one for neighbours. */
  leaves: number;
  enters: number;
}

export interface Bands {
  ways: Way[];
  /** x of every column of a row. */
  lefts: number[];
  /** x of the route in the gutter beside its source, and beside its target. */
  leaveX: (way: Way) => number;
  enterX: (way: Way) => number;
  /** x in the trunk at the left, through which a route gets from one row to another. */
  trunkX: (way: Way) => number;
  /** Distance from the top of the band above `row`. */
  bandY: (way: Way, row: number) => number;
  /** Height of the band above each row. */
  heights: number[];
  width: number;
  columnWidth: number;
}

const GUTTER_MIN = 34;
/** Margin without lanes beside a column: room for arrow heads. */
const GUTTER_EDGE = 11;
/** Margin without lanes outside the first and the last column of a row. */
const MARGIN = 4;
const LANE = 5;

/** @param arrows in the order of the boxes that they leave */
export function bandsOf(
  arrows: readonly Arrow[],
  grid: { columnCount: number; columnWidth: number; rowCount: number },
): Bands {
  const { columnCount, columnWidth, rowCount } = grid;
  const ways = arrows.map(wayOf);
  const rows = Array.from({ length: rowCount }, (_, row) => row);
  const gutters = Array.from({ length: columnCount + 1 }, (_, gutter) => gutter);
  const lanes = new Map(
    rows.flatMap((row) =>
      gutters.map((gutter) => [`${row} ${gutter}`, lanesOf(ways, row, gutter)]),
    ),
  );
  const lanesIn = (row: number, gutter: number): readonly Way[] =>
    lanes.get(`${row} ${gutter}`) ?? [];
  const most = (gutter: number): number =>
    Math.max(...rows.map((row) => lanesIn(row, gutter).length));
  const widths = gutters.map((gutter) => {
    const isInner = gutter > 0 && gutter < columnCount;
    if (most(gutter) === 0) return isInner ? GUTTER_MIN : MARGIN;
    return Math.max(GUTTER_MIN, 2 * GUTTER_EDGE + (most(gutter) - 1) * LANE);
  });
  const inTrunk = ways.filter(({ arrow: { from, to } }) => from.row !== to.row);
  const inBand = (row: number): Way[] =>
    ways.filter(
      ({ isDirect, arrow: { from, to } }) => !isDirect && (from.row === row || to.row === row),
    );
  const starts: number[] = [];
  let x = inTrunk.length * LANE;
  for (const width of widths) {
    starts.push(x);
    x += width + columnWidth;
  }
  const laneX = (way: Way, row: number, gutter: number): number => {
    const those = lanesIn(row, gutter);
    const middle = (starts[gutter] ?? 0) + (widths[gutter] ?? 0) / 2;
    return middle + (those.indexOf(way) - (those.length - 1) / 2) * LANE;
  };
  return {
    ways,
    lefts: starts.slice(0, columnCount).map((start, gutter) => start + (widths[gutter] ?? 0)),
    leaveX: (way) => laneX(way, way.arrow.from.row, way.leaves),
    enterX: (way) => laneX(way, way.arrow.to.row, way.enters),
    trunkX: (way) => 2 + inTrunk.indexOf(way) * LANE,
    bandY: (way, row) => 6 + inBand(row).indexOf(way) * LANE,
    heights: rows.map((row) => {
      const { length } = inBand(row);
      return length === 0 ? 0 : 8 + length * LANE;
    }),
    width: x - columnWidth,
    columnWidth,
  };
}

function wayOf(arrow: Arrow): Way {
  const { from, to } = arrow;
  const isSameRow = from.row === to.row;
  const isRightwards = isSameRow && from.place < to.place;
  const leaves = isRightwards ? from.place + 1 : from.place;
  const enters = isSameRow && !isRightwards ? to.place + 1 : to.place;
  return { arrow, isRightwards, isDirect: isSameRow && leaves === enters, leaves, enters };
}

/**
 * The routes in one gutter, from left to right, ordered to avoid crossings. Each is near the column
 * that it leaves or enters. Of two that leave, the upper one is nearer to its column; the same
 * applies to two that enter, and to two between neighbours that go down.
 */
function lanesOf(ways: readonly Way[], row: number, gutter: number): Way[] {
  const placed = ways.flatMap((way, index) => {
    const { arrow, isDirect, isRightwards } = way;
    const isLeaving = way.leaves === gutter && arrow.from.row === row;
    const isEntering = way.enters === gutter && arrow.to.row === row;
    if (!isLeaving && !isEntering) return [];
    // Written for a route to the right, and mirrored for one to the left.
    const side = isDirect ? 0 : isLeaving ? -1 : 1;
    const goesDown = isDirect ? arrow.to.box > arrow.from.box : !isLeaving;
    const within = goesDown ? -index : index;
    const sign = isRightwards || arrow.from.row !== arrow.to.row ? 1 : -1;
    return [{ way, side: sign * side, within: sign * within }];
  });
  return placed
    .toSorted((one, other) => one.side - other.side || one.within - other.within)
    .map(({ way }) => way);
}

/** Corners of each route, from the source box to the target box. */
export function routesOf(
  bands: Bands,
  tops: readonly { band: number; boxes: number }[],
  columnOf: (column: number) => Column | undefined,
): [number, number][][] {
  const { lefts, columnWidth } = bands;
  const edge = ({ place }: End, gutter: number): number =>
    (lefts[place] ?? 0) + (gutter > place ? columnWidth : 0);
  const middle = ({ column, box, row }: End): number => {
    const { y = 0, height = 0 } = columnOf(column)?.boxes[box] ?? {};
    return (tops[row]?.boxes ?? 0) + y + height / 2;
  };
  return bands.ways.map((way) => {
    const { from, to } = way.arrow;
    const bandY = (row: number): number => (tops[row]?.band ?? 0) + bands.bandY(way, row);
    const leaveX = bands.leaveX(way);
    const enterX = bands.enterX(way);
    const start: [number, number][] = [
      [edge(from, way.leaves), middle(from)],
      [leaveX, middle(from)],
    ];
    const end: [number, number][] = [
      [enterX, middle(to)],
      [edge(to, way.enters), middle(to)],
    ];
    if (way.isDirect) return [...start, ...end];
    const up = bandY(from.row);
    if (from.row === to.row) return [...start, [leaveX, up], [enterX, up], ...end];
    const trunk = bands.trunkX(way);
    const down = bandY(to.row);
    return [...start, [leaveX, up], [trunk, up], [trunk, down], [enterX, down], ...end];
  });
}
