/**
 * The page: asks for the state a few times a second, and draws what has changed. When no answer
 * comes it says so, and what is shown looks old.
 * @typedef {import("../page-state.ts").PageState} PageState
 */
import { element, functionRows, pictureOf, row, serverRows } from "./picture.js";
import { decadeAbove, draw, History } from "./plot.js";

const ASK_MS = 250;
const ANSWER_MS = 2000;
/** A state of this age is shown as old. */
const STALE_MS = 1500;

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const MARKS = { good: "✔", moving: "▲", bad: "✖" };

/** What each part shows, so that it is drawn only when that changes. @type {Map<string, string>} */
const shown = new Map();
const ages = new History();
const lateness = new History();
let answeredMs = Number.NEGATIVE_INFINITY;
let answeredUtc = "";
let controlsFor = "";

/**
 * @param {string} id
 * @param {unknown} content all that the part depends on
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
  const { verdict, servers, functions, keepAlive } = state;
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
  part("columns", [pictured, functions], () => pictureOf(state));
  // Buttons stand below their server, whether or not there is one more column.
  const hasIdle = find("columns").childElementCount > servers.length;
  const template = `repeat(${servers.length}, minmax(9rem, 1fr))${hasIdle ? " minmax(12rem, 1fr)" : ""}`;
  for (const id of ["columns", "controls"]) find(id).style.gridTemplateColumns = template;
  part("function-rows", functions, () => functionRows(state));
  part("server-rows", pictured, () => serverRows(state));
  showControls(state);

  part("fault-list", state.faults, () => faultList(state));
  part("timeline-rows", state.timeline, () =>
    state.timeline.map((entry) =>
      row([
        entry.utcMs === null ? `power-on + ${entry.bootS.toFixed(1)} s` : utc(entry.utcMs),
        entry.leg === 0 ? "–" : String(entry.leg),
        entry.server,
        entry.class === 0 ? "event" : `class ${entry.class} ${entry.kind}`,
        `${entry.label} ${entry.text}`.trim(),
        entry.about,
      ]),
    ),
  );
  say(
    "book-text",
    `None: the allocation policy is "${state.allocation}", which decides when it happens.`,
  );
  showLog(state);
  showDataLoad(state);

  const heard = servers.filter(({ isSelf }) => !isSelf);
  ages.add(
    nowMs,
    heard.map(({ lastHeardMs }) => lastHeardMs),
  );
  const { lateUs } = keepAlive;
  lateness.add(nowMs, lateUs === null ? [null, null, null] : [lateUs.p50, lateUs.p99, lateUs.max]);
  drawPlots(state, nowMs);
  say("foot", state.partNumber === "" ? "" : `Part number ${state.partNumber}`);
}

/** @param {PageState} state @param {number} nowMs */
function drawPlots({ servers, keepAlive }, nowMs) {
  const { lostAfterMs, periodMs, lateUs, rejected, networks, lease } = keepAlive;
  const agesWords = draw(find("ages"), ages, {
    names: servers.filter(({ isSelf }) => !isSelf).map(({ id }) => id),
    least: 1,
    most: decadeAbove(lostAfterMs * 20),
    limit: lostAfterMs,
    limitName: `lost after ${lostAfterMs} ms`,
    unit: "ms",
    nowMs,
  });
  const latenessWords = draw(find("lateness"), lateness, {
    names: ["p50", "p99", "max"],
    least: 10,
    most: decadeAbove(Math.max(periodMs * 1000, lateUs?.max ?? 0) * 2),
    limit: periodMs * 1000,
    limitName: `one period, ${periodMs} ms`,
    unit: "µs",
    nowMs,
  });
  say("ages-words", `Milliseconds since the last keep-alive: ${agesWords}`);
  say("lateness-words", `Lateness of keep-alives: ${latenessWords}`);
  const late =
    lateUs === null ? "not known" : `p50 ${lateUs.p50}, p99 ${lateUs.p99}, max ${lateUs.max} µs`;
  const heard = networks.map(({ interface: name, carrier, heard: ids }) =>
    carrier ? ` ${name}: ${ids.join(" ") || "nobody"} heard.` : ` ${name}: no link.`,
  );
  say(
    "timing",
    `Lateness: ${late}. Keep-alives rejected: ${rejected}.${heard.join("")}${lease === "" ? "" : ` VIP lease ${lease}.`}`,
  );
}

/** @param {PageState} state */
function faultList({ faults, kind }) {
  if (faults.length === 0)
    return [element("p", "", kind === "rig" ? "The rig keeps no log of faults." : "None.")];
  return faults.map((fault) => {
    const {
      label,
      text,
      class: level,
      function: name,
      detail,
      first,
      count,
      cause,
      action,
    } = fault;
    const about = [name, detail].filter((word) => word !== "").join(", ");
    const since = first.utcMs === null ? "" : `since ${utc(first.utcMs)} UTC`;
    return element(
      "div",
      "fault",
      element("h3", "", `${label} ${text}${about === "" ? "" : `: ${about}`}`),
      element("p", "", `Do: ${action}`),
      element("p", "", `Cause: ${cause}`),
      element(
        "p",
        "",
        [`class ${level}`, since, count > 1 ? `${count} times` : ""]
          .filter((word) => word !== "")
          .join(", "),
      ),
    );
  });
}

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
      ? "No operation is under way."
      : [
          `${operation.kind} for ${operation.from}`,
          operation.status,
          `${operation.percent} %`,
          operation.file,
          operation.description,
        ]
          .filter((word) => word !== "")
          .join(", ");
  say("data-load-now", `${place} ${now}`);
  const end = last === null || last.completed ? "completed" : "aborted";
  say(
    "data-load-last",
    last === null
      ? ""
      : `Last: ${last.kind} for ${last.from}, ${end}${last.why === "" ? "" : `: ${last.why}`}`,
  );
}

/** Buttons stay while their words do: what has the focus keeps it. @param {PageState} state */
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
    asked = `${label}, server ${server}: asked for …`;
    try {
      const answer = await fetch("/command", { method: "POST", body: `${verb} ${server}` });
      asked = `${label}, server ${server}: ${answer.ok ? "asked for; the picture shows it" : await answer.text()}`;
    } catch {
      asked = `${label}, server ${server}: no answer`;
    }
  });
  return button;
}

/** Says whether what is shown is of now. */
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
      // No answer: the age of the last one says it.
    }
    judgeAge();
    await new Promise((resolve) =>
      setTimeout(resolve, Math.max(ASK_MS / 2, askedMs + ASK_MS - performance.now())),
    );
  }
}

setInterval(judgeAge, 500);
void watch();
