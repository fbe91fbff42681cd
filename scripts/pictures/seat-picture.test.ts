import { expect, test } from "bun:test";
import { type SeatRow, seatPicture } from "./seat-picture.ts";

/** Answers over some time, one per millisecond; null: none. */
const during = (fromMs: number, toMs: number, server: string | null): SeatRow["answers"] =>
  Array.from({ length: toMs - fromMs }, (_, index) => ({ ms: fromMs + index, server }));

const row = (id: string, ...answers: SeatRow["answers"][]): SeatRow => ({
  ...{ id, address: "10.44.1.1" },
  answers: answers.flat(),
});

test("how long each function was away, and which had to stop", () => {
  const svg = seatPicture(
    [
      row("moved", during(-60, 1, "a"), during(1, 46, null), during(46, 200, "b")),
      row("stayed", during(-60, 200, "b")),
      row("stopped", during(-60, 45, "b"), during(45, 200, null)),
    ],
    "a",
  );
  expect(svg).toContain("server a loses its power");
  expect(svg).toContain(">away for 46 ms<");
  expect(svg).toContain(">not interrupted<");
  expect(svg).toContain(">stopped to make room<");
  expect(svg.match(/<path d="M[^"]+v24/g)).toHaveLength(4);
});
