/**
 * The picture of a change: servers as columns, functions as boxes by size, moves as arrows, stopped
 * functions struck out. A pure function from data to the text of an SVG, used by the printed book
 * and the maintenance page. Nothing is shown by colour alone.
 */
import { type Arrow, bandsOf, routesOf } from "./picture-arrows.ts";
import { type Box, boxesOf, type Column, type PictureFunction } from "./picture-columns.ts";

/** "lost": fails in this picture; "back": comes back; "down": is down all the time. */
export type ServerPart = "alive" | "lost" | "back" | "down";

export interface PictureServer {
  id: string;
  resource: number;
  part: ServerPart;
}

/** Maximum columns per row; further servers start a second one. */
const COLUMNS_PER_ROW = 8;
const COLUMN_WIDTH = 176;
const HEAD_HEIGHT = 24;
const ROW_GAP = 14;
const MARGIN = 4;
/** Height of the aircraft's largest server. */
const CAPACITY_HEIGHT = 280;

const INK = "#000";
const ARRIVES = "#dcecff";
const FADED = "#444";
const GONE = "#e4e4e4";

const HEADS: Readonly<Record<ServerPart, string>> = {
  alive: "",
  lost: "✖ FAILS",
  back: "▲ COMES BACK",
  down: "✖ DOWN",
};

/**
 * @param servers in the order of the configuration
 * @param functions the most important first
 * @param words description of the picture for people who cannot see it
 */
export function pictureOf(
  servers: readonly PictureServer[],
  functions: readonly PictureFunction[],
  words: string,
): string {
  const largest = Math.max(1, ...servers.map(({ resource }) => resource));
  const columns = servers.map((server) => boxesOf(server, functions, CAPACITY_HEIGHT / largest));
  const rowOf = (column: number): number => Math.floor(column / COLUMNS_PER_ROW);
  const arrows = arrowsOf(columns, functions, rowOf);
  const bands = bandsOf(arrows, {
    ...{ columnCount: Math.min(servers.length, COLUMNS_PER_ROW), columnWidth: COLUMN_WIDTH },
    rowCount: rowOf(servers.length - 1) + 1,
  });
  let top = MARGIN;
  const tops = bands.heights.map((band, row) => {
    const start = top + band;
    const inRow = columns.filter((_, index) => rowOf(index) === row);
    top = start + HEAD_HEIGHT + Math.max(...inRow.map(({ height }) => height)) + ROW_GAP;
    return { band: start - band, head: start, boxes: start + HEAD_HEIGHT };
  });
  const leftOf = (column: number): number => bands.lefts[column % COLUMNS_PER_ROW] ?? 0;
  const drawn = servers.map((server, index) => {
    const { boxes = 0 } = tops[rowOf(index)] ?? {};
    return columnShape(server, columns[index], leftOf(index), boxes);
  });
  const routes = routesOf(bands, tops, (column) => columns[column]);
  const height = top - ROW_GAP + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${bands.width} ${Math.ceil(height)}" preserveAspectRatio="xMinYMin meet" role="img" aria-label="${escaped(words)}" font-family="'DejaVu Sans', Verdana, Arial, sans-serif" fill="${INK}">`,
    ...drawn,
    ...routes.map(arrowShape),
    "</svg>",
  ].join("\n");
}

/** From each source box to its target box; several functions may share both. */
function arrowsOf(
  columns: readonly Column[],
  functions: readonly PictureFunction[],
  rowOf: (column: number) => number,
): Arrow[] {
  const arrows = new Map<string, Arrow>();
  const find = (id: string, kind: Box["kind"]): { column: number; box: number } | null => {
    for (const [column, { boxes }] of columns.entries()) {
      const box = boxes.findIndex((one) => one.kind === kind && one.ids.includes(id));
      if (box >= 0) return { column, box };
    }
    return null;
  };
  for (const { id, before, after } of functions) {
    if (before === null || after === null || before === after) continue;
    const from = find(id, "leaves");
    const to = find(id, "arrives");
    if (from === null || to === null) continue;
    const key = `${from.column} ${from.box} ${to.column} ${to.box}`;
    arrows.set(key, {
      from: { ...from, row: rowOf(from.column), place: from.column % COLUMNS_PER_ROW },
      to: { ...to, row: rowOf(to.column), place: to.column % COLUMNS_PER_ROW },
    });
  }
  return [...arrows.values()].toSorted(
    ({ from }, { from: other }) => from.column - other.column || from.box - other.box,
  );
}

function columnShape(
  server: PictureServer,
  column: Column | undefined,
  x: number,
  y: number,
): string {
  const { boxes = [], frame = 0, free = null } = column ?? {};
  const isAway = server.part === "lost" || server.part === "down";
  const head = y - HEAD_HEIGHT;
  const mark = HEADS[server.part];
  const ink = isAway ? "#fff" : INK;
  const parts = [
    rect(x, head, COLUMN_WIDTH, HEAD_HEIGHT, isAway ? INK : "#fff", INK, 2),
    text(x + 8, head + 17, server.id, {
      ...{ size: 15, weight: "bold", fill: ink },
      room: COLUMN_WIDTH - 22 - widthOf(mark, "normal") * 13,
    }),
    text(x + COLUMN_WIDTH - 8, head + 17, mark, { size: 13, anchor: "end", fill: ink, room: 110 }),
    ...boxes.map((box) => boxShape(box, x, y)),
  ];
  if (free !== null) {
    const middle = y + free.y + free.height / 2 + 4;
    parts.push(
      text(x + COLUMN_WIDTH / 2, middle, free.words, { size: 12, anchor: "middle", room: 160 }),
    );
  }
  parts.push(rect(x, y, COLUMN_WIDTH, frame, "none", INK, isAway ? 2 : 3, isAway ? "7 4" : ""));
  return `<g>${parts.join("")}</g>`;
}

function boxShape(box: Box, x: number, top: number): string {
  const { kind, name, note, priority, required, height } = box;
  const y = top + box.y;
  const isGone = kind === "leaves" || kind === "stops";
  const fill = { stays: "#fff", arrives: ARRIVES, leaves: "#fff", stops: GONE }[kind];
  const middle = y + height / 2;
  const isStruck = kind === "stops";
  const isNoted = note !== "" && !isStruck;
  const line = isNoted ? middle - 3 : middle + 5;
  const ink = kind === "leaves" ? FADED : INK;
  const right = { size: 11, anchor: "end", fill: ink } as const;
  const parts = [
    rect(x, y, COLUMN_WIDTH, height, fill, INK, 1, isGone ? "4 3" : ""),
    text(x + 6, line, priority, { size: 11, fill: ink, room: 26 }),
    text(x + 34, line, name, {
      ...{ size: 13, fill: ink, room: isStruck ? 78 : 108, isStruck },
      weight: isGone ? "normal" : "bold",
    }),
    isStruck
      ? text(x + COLUMN_WIDTH - 6, line, `${note} ${required}`, {
          ...right,
          ...{ room: 54, weight: "bold" },
        })
      : text(x + COLUMN_WIDTH - 6, line, String(required), { ...right, room: 30 }),
  ];
  if (isNoted) parts.push(text(x + 34, middle + 11, note, { size: 11, room: 136 }));
  if (kind === "arrives")
    parts.push(rect(x + 2, y + 2, COLUMN_WIDTH - 4, height - 4, "none", INK, 2));
  return parts.join("");
}

/** A white seam separates crossing lines; the head is a triangle. */
function arrowShape(points: readonly (readonly [number, number])[]): string {
  const way = points.map(([x, y]) => `${round(x)},${round(y)}`).join(" ");
  const [endX, endY] = points.at(-1) ?? [0, 0];
  const [beforeX] = points.at(-2) ?? [0, 0];
  const back = beforeX < endX ? -8 : 8;
  const head = `${round(endX)},${round(endY)} ${round(endX + back)},${round(endY - 4)} ${round(endX + back)},${round(endY + 4)}`;
  const line = (color: string, width: number): string =>
    `<polyline points="${way}" fill="none" stroke="${color}" stroke-width="${width}" stroke-linejoin="round"/>`;
  return `${line("#fff", 4)}${line(INK, 1.5)}<polygon points="${head}"/>`;
}

function rect(
  ...[x, y, width, height, fill, stroke, strokeWidth, dashes = ""]: [
    ...[x: number, y: number, width: number, height: number],
    ...[fill: string, stroke: string, strokeWidth: number, dashes?: string],
  ]
): string {
  const dash = dashes === "" ? "" : ` stroke-dasharray="${dashes}"`;
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}" stroke="${stroke}" stroke-width="${strokeWidth}"${dash}/>`;
}

interface TextStyle {
  size: number;
  /** Maximum width: text is squeezed into it, and cut below two thirds of its natural width. */
  room: number;
  anchor?: "start" | "middle" | "end";
  weight?: "normal" | "bold";
  fill?: string;
  isStruck?: boolean;
}

/**
 * Relative widths of letters in DejaVu Sans, the widest of the fonts: text that is wider than its
 * room is squeezed.
 */
const LETTER_WIDTHS = [
  [/[ijl.,·]/, 0.3, 0.36],
  [/[frt()\- ]/, 0.4, 0.47],
  [/[mwMW✖▲…]/, 0.92, 1.02],
  [/./, 0.62, 0.71],
] as const;
const SQUEEZE_MIN = 2 / 3;

function text(x: number, y: number, words: string, style: TextStyle): string {
  if (words === "") return "";
  const { size, room, anchor = "start", weight = "normal", fill = INK, isStruck = false } = style;
  let shown = words;
  while (widthOf(shown, weight) * size * SQUEEZE_MIN > room) shown = `${shown.slice(0, -2)}…`;
  const attributes = [
    `x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${fill}"`,
    ...(anchor === "start" ? [] : [`text-anchor="${anchor}"`]),
    ...(weight === "bold" ? ['font-weight="bold"'] : []),
    ...(isStruck ? ['text-decoration="line-through"'] : []),
    ...(widthOf(shown, weight) * size > room
      ? [`textLength="${room}" lengthAdjust="spacingAndGlyphs"`]
      : []),
  ];
  return `<text ${attributes.join(" ")}>${escaped(shown)}</text>`;
}

function widthOf(words: string, weight: "normal" | "bold"): number {
  return [...words].reduce((sum, letter) => {
    const [, normal, bold] = LETTER_WIDTHS.find(([letters]) => letters.test(letter)) ?? [/./, 1, 1];
    return sum + (weight === "bold" ? bold : normal);
  }, 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Escapes text for markup, also in attributes. */
export function escaped(words: string): string {
  return words
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
