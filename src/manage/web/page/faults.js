/**
 * The active faults of every server, and what each code means: one click on a code, wherever it
 * stands, shows cause and action from the list of codes.
 * @typedef {import("../page-state.ts").PageState} PageState
 * @typedef {import("../page-state.ts").PageFault} PageFault
 */
import { element } from "./picture.js";
import { lengthWords } from "./words.js";

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const dialog = () => /** @type {HTMLDialogElement} */ (find("code"));

let shownFor = "";

/** @param {PageState} state */
export function showFaults(state) {
  const { faults, unlistedFaults, isKnown } = state;
  const listed = faults.reduce((sum, { folded }) => sum + folded, 0);
  const count = listed + unlistedFaults.reduce((sum, [, more]) => sum + more, 0);
  const way = count === 0 ? "Faults" : `Faults (${count})`;
  if (find("faults-way").textContent !== way) find("faults-way").textContent = way;
  const key = JSON.stringify([faults.map(({ ageS: _, ...rest }) => rest), unlistedFaults, isKnown]);
  if (key !== shownFor) {
    shownFor = key;
    find("fault-list").replaceChildren(...faultList(state));
  }
  const ages = find("fault-list").querySelectorAll(".age");
  for (const [place, { sinceMs, ageS }] of faults.entries()) {
    const words = ageWords(sinceMs, ageS);
    const shown = ages[place];
    if (shown !== undefined && shown.textContent !== words) shown.textContent = words;
  }
}

/** @param {PageState} state */
function faultList({ faults, unlistedFaults, kind, isKnown, server }) {
  if (faults.length + unlistedFaults.length === 0) {
    const who = isKnown ? "on any server that is heard" : `in the log of server ${server}`;
    return [element("p", "", `No fault is active ${who}.`)];
  }
  const more = unlistedFaults.map(([id, count]) => {
    const words = `server ${id}: ${count} more active ${count === 1 ? "fault" : "faults"}. ${kind === "rig" ? "Its log" : "Its page, console or log"} names ${count === 1 ? "it" : "them"}.`;
    return element("p", "fault", words);
  });
  // Faults of one code stand together, and what is done about them is said once.
  return [
    ...faults.map((fault, place) => {
      const before = faults[place - 1];
      const isAlike = before?.server === fault.server && before.label === fault.label;
      return faultBox(fault, server, isAlike);
    }),
    ...more,
  ];
}

/** @param {PageFault} fault @param {string} self @param {boolean} isAlike */
function faultBox({ server, label, text, class: level, about, count }, self, isAlike) {
  const who = `server ${server}${server === self ? " (this)" : ""}`;
  const facts = [who, level === 0 ? "" : `class ${level}`, count > 1 ? `${count} times` : ""];
  const { action = "" } = meaningOf(label) ?? {};
  const made = element(
    "div",
    "fault",
    element(
      "h3",
      "fault-title",
      codeOf(label, text),
      ` ${text}${about === "" ? "" : `: ${about}`}`,
    ),
    element(
      "p",
      "fault-facts",
      facts.filter((word) => word !== "").join(", "),
      element("span", "age", ""),
    ),
  );
  if (!isAlike && action !== "" && action !== "None.")
    made.append(element("p", "", `Do: ${action}`));
  made.dataset.class = String(level);
  return made;
}

/** @param {number | null} sinceMs @param {number | null} ageS */
function ageWords(sinceMs, ageS) {
  const utc =
    sinceMs === null
      ? ""
      : `, since ${new Date(sinceMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return `${ageS === null ? "" : `, for ${lengthWords(ageS)}`}${utc}`;
}

/** The code to click on, or its letters alone when this release does not know it. @param {string} label @param {string} text */
export function codeOf(label, text) {
  if (meaningOf(label) === null) return element("span", "", label);
  const button = element("button", "code", label);
  button.setAttribute("aria-haspopup", "dialog");
  button.setAttribute("aria-label", `${label} ${text}: cause and action`);
  button.addEventListener("click", () => open(label));
  return button;
}

/** From the list of codes, which the page has from the start. @param {string} label */
function meaningOf(label) {
  const row = document.getElementById(label);
  if (row === null) return null;
  const [level = "", text = "", cause = "", action = ""] = [...row.querySelectorAll("td")].map(
    (cell) => cell.textContent ?? "",
  );
  return { level, text, cause, action };
}

/** @param {string} label */
function open(label) {
  const meaning = meaningOf(label);
  if (meaning === null) return;
  const { level, text, cause, action } = meaning;
  find("code-title").textContent = `${label} ${text}`;
  find("code-class").textContent = level === "event" ? "Event, no fault" : `Class ${level}`;
  find("code-cause").textContent = cause;
  find("code-action").textContent = action;
  dialog().showModal();
}

find("code-close").addEventListener("click", () => dialog().close());
