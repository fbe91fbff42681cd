/**
 * What the seats of the ground rig see of the functions: how long nobody answered.
 * @typedef {import("../page-state.ts").PageState} PageState
 * @typedef {import("../page-state.ts").PageGap} PageGap
 */
import { row } from "./picture.js";
import { lengthWords, msWords } from "./words.js";

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

let shownFor = "";

/** @param {PageState} state */
export function showGaps(state) {
  const { gaps, functions } = state;
  for (const id of ["gaps", "gaps-way"]) find(id).hidden = gaps === null;
  if (gaps === null) return;
  const nowMs = state.utcMs ?? Date.now();
  const rows = functions
    .toSorted((a, b) => b.priority - a.priority)
    .flatMap(({ id, owner }) => {
      const gap = gaps.functions.find((other) => other.id === id);
      if (gap === undefined) return [];
      const { openMs, last, worst } = gap;
      const open = openMs === null ? "answers" : `▲ no answer for ${msWords(openMs)}`;
      const state = openMs !== null && owner === null ? `${open}, does not run` : open;
      return [[id, state, endedWords(last, nowMs), endedWords(worst, nowMs)]];
    });
  const since = `${new Date(gaps.sinceUtcMs).toISOString().slice(11, 19)} UTC`;
  const quiet = functions.length - rows.length;
  const others = rows.length === 0 ? `of the ${quiet} functions` : `of the other ${quiet}`;
  const words = [
    `Each seat calls every address every ${gaps.everyMs} ms. Counted since ${since}.`,
    quiet === 0 ? "" : `No gap ${others}.`,
  ];
  const key = JSON.stringify([rows, words]);
  if (key === shownFor) return;
  shownFor = key;
  find("gaps-words").textContent = words.filter((word) => word !== "").join(" ");
  find("gaps-table").hidden = rows.length === 0;
  find("gaps-worst").textContent = `Worst since ${since}`;
  find("gap-rows").replaceChildren(
    ...rows.map((cells) => {
      const made = row(cells);
      if (cells[1] !== "answers") made.className = "open";
      return made;
    }),
  );
}

/** @param {PageGap | null} gap @param {number} nowMs */
function endedWords(gap, nowMs) {
  if (gap === null) return "";
  const agoS = Math.max(0, Math.round((nowMs - gap.endedUtcMs) / 1000));
  return `${msWords(gap.ms)}, ${lengthWords(agoS)} ago`;
}
