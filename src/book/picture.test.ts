/** The picture as geometry: what is drawn where, and that nothing lies upon another thing. */
import { expect, test } from "bun:test";
import { type PictureServer, pictureOf } from "./picture.ts";
import type { PictureFunction } from "./picture-columns.ts";

const server = (id: string, part: PictureServer["part"] = "alive"): PictureServer => ({
  ...{ id, resource: 100, part },
});

const moving = (id: string, before: string | null, after: string | null): PictureFunction => ({
  ...{ id, priority: 5, required: 10, before, after },
});

type Point = [x: number, y: number];

/** Corners of every arrow. */
const arrowsIn = (svg: string): Point[][] =>
  [...svg.matchAll(/<polyline points="([^"]+)" fill="none" stroke="#000"/g)].map(
    ([, points = ""]) => points.split(" ").map((pair) => pair.split(",").map(Number) as Point),
  );

/** Boxes of functions and heads of columns: those that are filled. */
const boxesIn = (svg: string): { x: number; y: number; width: number; height: number }[] =>
  [
    ...svg.matchAll(
      /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="(?!none)/g,
    ),
  ].map(([, x, y, width, height]) => ({
    ...{ x: Number(x), y: Number(y), width: Number(width), height: Number(height) },
  }));

/** Whether a line between two corners goes through the inside of a box. */
const crosses = (
  [[x1, y1], [x2, y2]]: [Point, Point],
  box: ReturnType<typeof boxesIn>[number],
): boolean =>
  Math.max(x1, x2) > box.x + 1 &&
  Math.min(x1, x2) < box.x + box.width - 1 &&
  Math.max(y1, y2) > box.y + 1 &&
  Math.min(y1, y2) < box.y + box.height - 1;

test("what moves has one arrow, what stops is struck out, and both say so in words", () => {
  const svg = pictureOf(
    [server("a", "lost"), server("b")],
    [
      moving("tv", "a", "b"),
      moving("map", "a", null),
      moving("pa", "b", "b"),
      moving("new", null, "b"),
    ],
    "words for <all>",
  );
  expect(arrowsIn(svg)).toHaveLength(1);
  expect(svg).toContain('aria-label="words for &lt;all&gt;"');
  expect(svg).toMatch(/text-decoration="line-through">map<\/text><text [^>]+>STOPPED 10</);
  expect(svg.match(/line-through/g)).toHaveLength(1);
  for (const words of ["✖ FAILS", "to b", "from a", "started", "free 70 of 100"])
    expect(svg).toContain(`>${words}<`);
});

test.each([
  ["two servers", 2, 8],
  ["four", 4, 20],
  ["six", 6, 38],
  ["sixteen in two rows", 16, 120],
])("%s: no arrow crosses a box, and no two run in one another", (_, count, functions) => {
  const ids = Array.from({ length: count }, (_, index) => `s${index}`);
  for (const lost of [
    ids.slice(0, 1),
    ids.slice(-1),
    ids.slice(0, -1),
    ids.filter((_, at) => at % 2 === 0),
  ]) {
    const left = ids.filter((id) => !lost.includes(id));
    const rows = Array.from({ length: functions }, (_, index) => {
      const before = ids[index % count] ?? "";
      const after = lost.includes(before) ? (left[(index * 7) % left.length] ?? null) : before;
      return moving(`f${index}`, before, after);
    });
    const svg = pictureOf(
      ids.map((id) => server(id, lost.includes(id) ? "lost" : "alive")),
      rows,
      "",
    );
    const arrows = arrowsIn(svg);
    const boxes = boxesIn(svg);
    expect(arrows.length).toBeGreaterThan(0);
    const upright = new Map<number, [number, number][]>();
    for (const corners of arrows) {
      for (const [index, corner] of corners.slice(1).entries()) {
        const line: [Point, Point] = [corners[index] as Point, corner];
        expect(boxes.filter((box) => crosses(line, box))).toEqual([]);
        const [[x1, y1], [x2, y2]] = line;
        if (x1 !== x2) continue;
        const span: [number, number] = [Math.min(y1, y2), Math.max(y1, y2)];
        const others = upright.get(x1) ?? [];
        expect(others.filter(([top, bottom]) => span[0] < bottom && span[1] > top)).toEqual([]);
        upright.set(x1, [...others, span]);
      }
    }
    const [, width = "", height = ""] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
    for (const box of boxes) {
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(Number(width));
      expect(box.y + box.height).toBeLessThanOrEqual(Number(height));
    }
  }
});

test("a thousand functions are put together, with their number and what they take", () => {
  const rows = Array.from({ length: 1000 }, (_, index) => ({
    ...moving(`f${index}`, "a", index < 500 ? "b" : null),
    required: 1,
  }));
  const svg = pictureOf([server("a", "lost"), server("b")], rows, "");
  expect(boxesIn(svg).length).toBeLessThan(50);
  expect(svg).toMatch(/>487 more<\/text><text [^>]+>487<\/text><text [^>]+>to b</);
  expect(arrowsIn(svg)).toHaveLength(14);
});

test("a long name is squeezed, then cut, and never wider than its room", () => {
  const svg = pictureOf([server("a")], [moving("w".repeat(32), "a", "a")], "");
  const [, length, name = ""] = /textLength="(\d+)"[^>]*>(w+…)</.exec(svg) ?? [];
  expect(Number(length)).toBe(108);
  expect(name.length).toBeLessThan(20);
});
