/** A seat's view of a server's death, as an SVG: one row per function, one tick per answer. */

/** One function as the seat called it, once a millisecond. */
export interface SeatRow {
  readonly id: string;
  readonly address: string;
  /**
   * Each call in ms after the last answer of the dead server; `server`: the server that answered,
   * null for none.
   */
  readonly answers: readonly { readonly ms: number; readonly server: string | null }[];
}

const FROM_MS = -40;
const TO_MS = 120;
const LEFT = 120;
const RIGHT = 170;
const WIDTH = 900;
const TOP = 66;
const ROW = 46;
const TICK = 24;
const AXIS_MS = 20;
/** A seat that is a little late itself is no interruption. */
const GAP_MS_MIN = 5;
/** Shown by place and letter as well, not only by colour. */
const COLOURS = ["#1f5fa8", "#d0731b"];

const scale = (WIDTH - LEFT - RIGHT) / (TO_MS - FROM_MS);
const at = (ms: number): string => (LEFT + (ms - FROM_MS) * scale).toFixed(1);

/** @param victim the server that was switched off */
export function seatPicture(rows: readonly SeatRow[], victim: string): string {
  const height = TOP + rows.length * ROW + 34;
  const end = TOP + rows.length * ROW;
  const axis = [];
  for (let ms = FROM_MS; ms <= TO_MS; ms += AXIS_MS)
    axis.push(
      `<path d="M${at(ms)} ${end}v5" stroke="#444"/><text x="${at(ms)}" y="${end + 19}" text-anchor="middle">${ms} ms</text>`,
    );
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>What a seat sees when server ${victim} loses its power</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="22" font-size="15" font-weight="bold">A seat calls four functions once per millisecond; server ${victim} loses its power</text>`,
    `<text x="12" y="42" fill="#444">One tick per call answered. Measured in one run of npm run pictures; detection time 50 ms.</text>`,
    ...rows.flatMap((row, index) => rowOf(row, TOP + index * ROW, victim)),
    `<path d="M${LEFT} ${end}H${WIDTH - RIGHT}" stroke="#444"/>`,
    ...axis,
    `<path d="M${at(0)} ${TOP - 14}V${end}" stroke="#b00020" stroke-width="1.5" stroke-dasharray="4 3"/>`,
    `<text x="${at(0)}" y="${TOP - 4}" dx="5" fill="#b00020">last answer of ${victim}</text>`,
    "</svg>",
    "",
  ];
  return lines.join("\n");
}

function rowOf(row: SeatRow, top: number, victim: string): string[] {
  const shown = row.answers.filter(({ ms }) => ms >= FROM_MS && ms <= TO_MS);
  const middle = top + 8 + TICK / 2;
  const servers = [...new Set(shown.flatMap(({ server }) => server ?? []))];
  const ticks = servers.map((server) => {
    const path = shown
      .filter((answer) => answer.server === server)
      .map(({ ms }) => `M${at(ms)} ${top + 8}v${TICK}`)
      .join("");
    return `<path d="${path}" stroke="${COLOURS[server === victim ? 0 : 1]}" stroke-width="2"/>`;
  });
  return [
    `<text x="12" y="${middle}" font-weight="bold">${row.id}</text>`,
    `<text x="12" y="${middle + 14}" fill="#444">${row.address}</text>`,
    ...ticks,
    ...servers.map((server) => labelOf(shown, server, middle)),
    `<text x="${WIDTH - RIGHT + 14}" y="${middle + 4}">${awayText(shown)}</text>`,
  ];
}

/** The letter of the server in the middle of what it answers. */
function labelOf(shown: SeatRow["answers"], server: string, middle: number): string {
  const times = shown.filter((answer) => answer.server === server).map(({ ms }) => ms);
  const centre = at(((times[0] ?? 0) + (times.at(-1) ?? 0)) / 2);
  return `<rect x="${Number(centre) - 9}" y="${middle - 9}" width="18" height="18" rx="3" fill="#fff"/><text x="${centre}" y="${middle + 4}" text-anchor="middle" font-weight="bold">${server}</text>`;
}

/** Length of the longest silence, between the answers before and after it. */
function awayText(shown: SeatRow["answers"]): string {
  const times = shown.filter(({ server }) => server !== null).map(({ ms }) => ms);
  const gaps = times.map((ms, index) => ms - (times[index - 1] ?? ms));
  const gapMs = Math.max(...gaps);
  // Silent to the end: it runs nowhere any more.
  if (TO_MS - (times.at(-1) ?? FROM_MS) > gapMs) return "stopped to make room";
  return gapMs < GAP_MS_MIN ? "not interrupted" : `away for ${Math.round(gapMs)} ms`;
}
