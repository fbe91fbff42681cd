/**
 * The page: requests the state a few times a second, and draws the changes. Without an answer it
 * says so, and the displayed state looks old.
 * @typedef {import("../page-state.ts").PageState} PageState
 * @typedef {import("../page-state.ts").TimelineEntry} TimelineEntry
 */
import { followBook, showIfs } from "./book.js";
import { codeOf, showFaults } from "./faults.js";
import { showGaps } from "./gaps.js";
import { showKeepAlives } from "./keep-alives.js";
import { element, functionRows, pictureOf, row, serverRows } from "./picture.js";
import { gapWords } from "./words.js";

const ASK_MS = 250;
const ANSWER_MS = 2000;
/** A state of this age is shown as old. */
const STALE_MS = 1500;
/** What became of a button stands so long. */
const SAID_MS = 5000;

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const MARKS = { good: "✔", moving: "▲", bad: "✖" };

/** Content of each part, which is redrawn only when it changes. @type {Map<string, string>} */
const shown = new Map();
let answeredMs = Number.NEGATIVE_INFINITY;
let answeredUtc = "";
let controlsFor = "";

/**
 * @param {string} id
 * @param {unknown} content everything that the part depends on
 * @param {() => (Node | string)[]} make
 */
function part(id, content, make) {
  const key = JSON.stringify(content);
  if (shown.get(id) === key) return;
  shown.set(id, key);
  find(id).replaceChildren(...make());
}

/** @param {string} id @param {string} words */
function say(id, words) {
  part(id, words, () => [words]);
}

/** @param {number | null} utcMs */
function utc(utcMs) {
  return utcMs === null ? "" : new Date(utcMs).toISOString().slice(0, 19).replace("T", " ");
}

/** @param {PageState} state */
function show(state) {
  const nowMs = performance.now();
  const { verdict, servers, functions } = state;
  const self = state.kind === "rig" ? "virtual aircraft" : `server ${state.server}`;
  document.title = `${MARKS[verdict.level]} ${self}: Wingman`;
  say("title", `${self}, ${state.system}`);
  const ground = state.onGround === null ? "" : state.onGround ? "ON GROUND" : "NOT ON GROUND";
  answeredUtc = state.utcMs === null ? "UTC NOT VALID" : `${utc(state.utcMs)} UTC`;
  say("facts", [answeredUtc, ground].filter((word) => word !== "").join("  ·  "));

  find("verdict").dataset.level = verdict.level;
  say("mark", MARKS[verdict.level]);
  say("headline", verdict.headline);
  part("steps", verdict.steps, () => verdict.steps.map((step) => element("li", "", step)));

  const pictured = servers.map(({ lastHeardMs: _, ...rest }) => rest);
  const gaps = functions.map(({ id }) => gapWords(state, id));
  part("columns", [pictured, functions, gaps], () => pictureOf(state));
  // Buttons stand below their server, whether or not there is one more column.
  const hasIdle = find("columns").childElementCount > servers.length;
  for (const id of ["columns", "ifs", "controls"]) {
    find(id).style.setProperty("--servers", String(servers.length));
    find(id).classList.toggle("with-idle", hasIdle);
  }
  showIfs(state);
  part("function-rows", functions, () => functionRows(state));
  part("server-rows", pictured, () => serverRows(state));
  showControls(state);

  find("table-of-functions").hidden = !state.isKnown;
  showGaps(state);
  showFaults(state);
  showTimeline(state);
  followBook(state);
  showLog(state);
  showDataLoad(state);

  showKeepAlives(state, nowMs);
  say("foot", state.partNumber === "" ? "" : `Part number ${state.partNumber}`);
}

/**
 * Without the columns that say nothing here: of the rig everything is of the rig, and no leg.
 * @param {PageState} state
 */
function showTimeline({ timeline, kind, hasDecisions }) {
  for (const id of ["timeline", "timeline-way"])
    find(id).hidden = timeline.length === 0 && !hasDecisions;
  find("decisions-way").hidden = !hasDecisions;
  find("timeline-table").hidden = timeline.length === 0;
  const isRig = kind === "rig";
  say("timeline-title", `${isRig ? "Steps and events" : "Failovers and faults"}, newest first`);
  const columns = COLUMNS.filter(
    ({ name, words }) =>
      !(isRig && ["Server", "Kind"].includes(name)) &&
      timeline.some((entry) => words(entry) !== ""),
  );
  const names = columns.map(({ name }) => name);
  part("timeline-heads", names, () =>
    names.map((name) => {
      const cell = element("th", "", name);
      cell.setAttribute("scope", "col");
      return cell;
    }),
  );
  part("timeline-rows", [names, timeline], () =>
    timeline.map((entry) => {
      const made = row(columns.map(({ words }) => words(entry)));
      for (const [place, { name }] of columns.entries()) {
        const cell = made.children[place];
        if (cell === undefined) continue;
        cell.className = name.toLowerCase();
        if (name === "What")
          cell.replaceChildren(codeOf(entry.label, entry.text), ` ${entry.text}`);
      }
      return made;
    }),
  );
}

/** @type {{ name: string, words: (entry: TimelineEntry) => string }[]} */
const COLUMNS = [
  {
    name: "UTC",
    words: ({ utcMs, bootS }) => (utcMs === null ? `power-on + ${bootS.toFixed(1)} s` : utc(utcMs)),
  },
  { name: "Leg", words: ({ leg }) => (leg === 0 ? "" : String(leg)) },
  { name: "Server", words: ({ server }) => server },
  {
    name: "Kind",
    words: (entry) => (entry.class === 0 ? "event" : `class ${entry.class} ${entry.kind}`),
  },
  { name: "What", words: ({ label, text }) => `${label} ${text}` },
  { name: "About", words: ({ about }) => about },
];

/** @param {PageState} state */
function showLog({ storage }) {
  for (const id of ["log", "log-way"]) find(id).hidden = storage === null;
  if (storage === null) return;
  const {
    records,
    capacity,
    sizeBytes,
    damaged,
    lost,
    legBytes,
    legBytesBudget,
    legSyncs,
    legSyncsBudget,
  } = storage;
  say(
    "log-facts",
    `${records} of ${capacity} records in ${Math.round(sizeBytes / 1024)} KiB; damaged ${damaged}, lost ${lost}. ` +
      `Written on this leg: ${legBytes} of ${legBytesBudget} bytes, ${legSyncs} of ${legSyncsBudget} syncs. ` +
      "The last line of a text, CSV or JSON file is its SHA-256: 'wingman log verify FILE' checks it.",
  );
}

/** @param {PageState} state */
function showDataLoad({ dataLoad }) {
  find("data-load").hidden = dataLoad === null;
  if (dataLoad === null) return;
  const { target, address, operation, last } = dataLoad;
  const bar = /** @type {HTMLProgressElement} */ (find("data-load-done"));
  bar.hidden = operation === null;
  bar.value = operation?.percent ?? 0;
  const place =
    address === null ? `${target} is not open: see the faults.` : `${target} at ${address}.`;
  const now =
    operation === null
      ? ""
      : [
          `${operation.kind} for ${operation.from}`,
          operation.status,
          `${operation.percent} %`,
          operation.file,
          operation.description,
        ]
          .filter((word) => word !== "")
          .join(", ");
  say("data-load-now", `${place} ${now}`.trim());
  const end = last === null || last.completed ? "completed" : "aborted";
  say(
    "data-load-last",
    last === null
      ? ""
      : `Last: ${last.kind} for ${last.from}, ${end}${last.why === "" ? "" : `: ${last.why}`}`,
  );
}

/** Unchanged buttons stay, so that the focus is kept. @param {PageState} state */
function showControls({ actions, actionsWait, servers }) {
  find("controls").hidden = actions.length === 0;
  if (actions.length === 0) return;
  const key = JSON.stringify([actions, servers.map(({ id }) => id)]);
  if (key !== controlsFor) {
    controlsFor = key;
    find("controls").replaceChildren(
      ...servers.map(({ id }) => {
        const group = element(
          "div",
          "buttons",
          ...actions.map(([verb, label]) => commandButton(verb, label, id)),
        );
        group.setAttribute("role", "group");
        group.setAttribute("aria-label", `Server ${id}`);
        return group;
      }),
    );
  }
  for (const button of find("controls").querySelectorAll("button"))
    button.disabled = actionsWait !== "";
  if (actionsWait !== "") say("controls-note", actionsWait);
  else if (shown.get("controls-note") !== JSON.stringify(asked)) say("controls-note", asked);
}

let asked = "";

/** @param {string} verb @param {string} label @param {string} server */
function commandButton(verb, label, server) {
  const button = element("button", "", label);
  button.setAttribute("aria-label", `${label}: server ${server}`);
  button.addEventListener("click", async () => {
    asked = `${label}, server ${server}: requested …`;
    try {
      const answer = await fetch("/command", { method: "POST", body: `${verb} ${server}` });
      const said = `${label}, server ${server}: ${answer.ok ? "requested; the picture shows the result" : await answer.text()}`;
      asked = said;
      setTimeout(() => {
        if (asked === said) asked = "";
      }, SAID_MS);
    } catch {
      asked = `${label}, server ${server}: no answer`;
    }
  });
  return button;
}

/** Shows whether the displayed state is current. */
function judgeAge() {
  const ageMs = performance.now() - answeredMs;
  const isStale = ageMs > STALE_MS;
  document.body.classList.toggle("stale", isStale);
  find("connection").hidden = !isStale;
  if (!isStale) return;
  say("mark", "?");
  const since = Number.isFinite(ageMs)
    ? ` FOR ${Math.round(ageMs / 1000)} s. BELOW IS THE STATE OF ${answeredUtc}`
    : "";
  say(
    "connection",
    `NO CONNECTION TO THE SERVER${since}. Check the cable; the page tries again by itself.`,
  );
}

async function watch() {
  for (;;) {
    const askedMs = performance.now();
    try {
      const answer = await fetch("/state.json", { signal: AbortSignal.timeout(ANSWER_MS) });
      if (answer.status === 401) location.reload(); // the token was changed
      if (answer.ok) {
        const state = await answer.json();
        answeredMs = performance.now();
        show(state);
      }
    } catch {
      // No answer: the age of the last one shows.
    }
    judgeAge();
    await new Promise((resolve) =>
      setTimeout(resolve, Math.max(ASK_MS / 2, askedMs + ASK_MS - performance.now())),
    );
  }
}

setInterval(judgeAge, 500);
void watch();
