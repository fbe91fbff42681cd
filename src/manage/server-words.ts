/**
 * The page's words for a server: one word, one mark that needs no colour, and the mechanic's
 * action.
 */

import {
  LOG_ISOLATED,
  LOG_SERVER_INCOMPATIBLE,
  LOG_SERVER_LOST,
  LOG_SERVER_UNREACHABLE,
} from "../boundary/maintenance-code.ts";
import { CATALOGUE } from "../catalogue/catalogue.ts";

/**
 * `good`: it serves; `moving`: in transition, or as somebody requested; `bad`: somebody has to
 * check it.
 */
export type Level = "good" | "moving" | "bad";

export interface ServerWords {
  level: Level;
  mark: string;
  word: string;
  /** "" when there is nothing to do. */
  action: string;
}

const actionOf = (code: number): string =>
  CATALOGUE.find((entry) => entry.code === code)?.action ?? "";

const WORDS: Readonly<Record<string, ServerWords>> = {
  alive: { level: "good", mark: "✔", word: "RUNNING", action: "" },
  listening: { level: "moving", mark: "…", word: "STARTING", action: "" },
  "held back": {
    level: "moving",
    mark: "…",
    word: "TAKES NO PART",
    action: "It serves when the servers with another table have left: 'wingman help adopt'.",
  },
  joining: { level: "moving", mark: "…", word: "COMING BACK", action: "" },
  draining: {
    level: "moving",
    mark: "▼",
    word: "DRAINED",
    action: "When the work is done: 'wingman resume' on it.",
  },
  leaving: {
    level: "moving",
    mark: "▼",
    word: "HANDED OVER",
    action: "It was drained or stopped in good order: when the work is done, resume or start it.",
  },
  isolated: { level: "bad", mark: "✖", word: "CUT OFF", action: actionOf(LOG_ISOLATED) },
  lost: { level: "bad", mark: "✖", word: "LOST", action: actionOf(LOG_SERVER_LOST) },
  unreachable: {
    level: "bad",
    mark: "✖",
    word: "NOT HEARD HERE",
    action: actionOf(LOG_SERVER_UNREACHABLE),
  },
  incompatible: {
    level: "bad",
    mark: "✖",
    word: "OTHER TABLE",
    action: actionOf(LOG_SERVER_INCOMPATIBLE),
  },
  "no engine": { level: "bad", mark: "✖", word: "NO ENGINE", action: "" },
  "not known": { level: "moving", mark: "?", word: "NOT KNOWN", action: "" },
  unknown: {
    level: "bad",
    mark: "✖",
    word: "NEVER HEARD",
    action: "Check that it has power and its network cables.",
  },
  // The ground rig only.
  off: { level: "bad", mark: "✖", word: "OFF", action: "Press Restore." },
  stopped: { level: "bad", mark: "✖", word: "STOPPED", action: "Press Restore." },
  paused: { level: "bad", mark: "‖", word: "PAUSED", action: "Press Restore." },
};

/**
 * @param state a state of `status --json`; for the server itself its phase, or that it is held
 * back; or a state of the rig's machine
 */
export function serverWords(state: string): ServerWords {
  return WORDS[state] ?? { level: "moving", mark: "?", word: state.toUpperCase(), action: "" };
}
