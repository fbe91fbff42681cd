/** `capacity` and `hold`: requests to a server beside its work. */
import { quoted } from "../../config/problem.ts";
import { CAPACITY_MAX } from "../../limits.ts";
import { inputsTexts } from "../../supervisor/status-document.ts";
import { type Maintenance, MaintenanceError } from "../maintenance.ts";
import type { CommandResult, ConsoleCommand } from "./console-command.ts";
import { CONFIRM, confirmation, requireNoMore, unconfirmed } from "./console-confirmation.ts";

export const CAPACITY: ConsoleCommand = {
  words: ["capacity"],
  synopsis: `[PERCENT [${CONFIRM}]]`,
  summary: "give only a part of this server's resource",
  text: "100: all. Allowed in the air, too: an overheated server fails as a whole. If a function would stop, confirm is needed. Without a number the value is shown.",
  isChange: true,
  hasDocument: false,
  run: async (maintenance, _settings, [text, ...rest]) => {
    if (text === undefined) return shown(maintenance);
    const percent = Number(text);
    if (!/^\d{1,3}$/.test(text) || percent > CAPACITY_MAX) {
      throw new MaintenanceError(
        "SYNTAX",
        `found ${quoted(text)} after capacity, expected a whole number from 0 to ${CAPACITY_MAX}`,
      );
    }
    const order = `capacity ${percent}`;
    const stops = maintenance.stops({ capacity: percent });
    if (!confirmation(rest, order) && stops !== "") throw unconfirmed(`it ${stops}`, order);
    await maintenance.capacity(percent);
    return { lines: () => ["STORED; show servers shows the value"] };
  },
};

export const HOLD: ConsoleCommand = {
  words: ["hold"],
  synopsis: "[on|off]",
  summary: "keep running functions in place",
  text: "On every server, until hold off here; for announcements. Allowed in the air, too. Without a word the state is shown.",
  isChange: true,
  hasDocument: false,
  run: async (maintenance, _settings, [word, ...rest]) => {
    if (word === undefined) return shown(maintenance);
    requireNoMore(rest, "hold on|off");
    if (word !== "on" && word !== "off") {
      throw new MaintenanceError("SYNTAX", `found ${quoted(word)} after hold, expected on or off`);
    }
    await maintenance.hold(word === "on");
    return { lines: () => ["STORED; hold shows who holds"] };
  },
};

function shown(maintenance: Maintenance): CommandResult {
  const status = maintenance.status();
  if (status === null)
    throw new MaintenanceError(
      "ENGINE",
      "found no state of this server, expected a running engine",
    );
  const texts = inputsTexts(status);
  return {
    lines: () => (texts.length === 0 ? ["FULL CAPACITY EVERYWHERE, NOTHING HELD"] : texts),
  };
}
