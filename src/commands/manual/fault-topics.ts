/** The topic faults, and the text of `wingman help` for one code. */

import { PHASE_NAMES } from "../../boundary/phase.ts";
import { CATALOGUE, catalogueEntry } from "../../catalogue/catalogue.ts";
import type { CatalogueEntry } from "../../catalogue/entry.ts";
import { codeLabel } from "../../catalogue/record-text.ts";
import { paragraph } from "../../command-line/paragraph.ts";
import { SYMPTOMS, type Symptom } from "./symptoms.ts";

const CLASSES = [
  "event, no fault",
  "class 1: seen in cabin or cockpit",
  "class 2: maintenance status only",
  "class 3: in this report only",
] as const;

export const FAULTS = (): string =>
  [
    paragraph(
      "What you see, the codes to look for ('show faults' on the console, Active faults on the page), and what to do first. 'wingman help WNG-0111' explains one code.",
    ),
    ...SYMPTOMS.map(symptomText),
    paragraph(
      "Maintenance events by code: in the log, and in the output of 'wingman run'. Faults have a class (see the topic maintenance-log).",
    ),
    ...CATALOGUE.toSorted((a, b) => a.code - b.code).map((entry) => {
      const { code, text, cause, action, class: faultClass } = entry;
      return [
        `${codeLabel(code)}  ${faultClass === 0 ? text : `${text}  (class ${faultClass})`}`,
        paragraph(cause, "          "),
        paragraph(`Action: ${action}`, "          "),
        ...(faultClass === 0 ? [] : [paragraph(endOfFault(entry), "          ")]),
      ].join("\n");
    }),
  ].join("\n\n");

function symptomText({ seen, codes, first }: Symptom): string {
  return [
    seen,
    paragraph(codes.map(codeLabel).join(" "), "  "),
    paragraph(`First: ${first}`, "  "),
  ].join("\n");
}

function endOfFault({ code, lasts }: CatalogueEntry): string {
  if (lasts === null) return "Over at once.";
  if (lasts === "start") return "Lasts until the next start of the daemon.";
  const clearing = CATALOGUE.filter(({ clears }) => clears.includes(code));
  return `Cleared by ${clearing.map((entry) => codeLabel(entry.code)).join(", ")}.`;
}

/** The code given as `WNG-0111`, `wng-111` or `111`; null if it is no code. */
export function askedCode(name: string): number | null {
  const digits = /^(?:wng-?)?(\d{1,4})$/i.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Labels of all codes, to find the nearest name. */
export const codeLabels = (): string[] => CATALOGUE.map(({ code }) => codeLabel(code));

/**
 * The label that differs from this code in one digit or by two neighbours exchanged, that of the
 * nearest number first; null when there is none.
 */
export function nearestCode(code: number): string | null {
  const label = codeLabel(code);
  const [nearest] = CATALOGUE.filter((entry) => isMistyped(label, codeLabel(entry.code))).toSorted(
    (a, b) => Math.abs(a.code - code) - Math.abs(b.code - code),
  );
  return nearest === undefined ? null : codeLabel(nearest.code);
}

/** Both of the same length. */
function isMistyped(typed: string, meant: string): boolean {
  const wrong = [...typed].flatMap((letter, place) => (letter === meant[place] ? [] : [place]));
  const [first = 0, second] = wrong;
  if (second === undefined) return wrong.length === 1;
  const isSwap = typed[first] === meant[second] && typed[second] === meant[first];
  return wrong.length === 2 && second === first + 1 && isSwap;
}

/** Everything about one code; null if there is no such code. */
export function codeText(code: number): string | null {
  const known = catalogueEntry(code);
  if (known === undefined) return null;
  const { text, cause, action, class: faultClass, clears } = known;
  const seen = SYMPTOMS.filter(({ codes }) => codes.includes(code));
  return [
    `${codeLabel(code)}  ${text}`,
    [
      row("Class", CLASSES[faultClass]),
      row("Cause", cause),
      row("Action", action),
      ...(faultClass === 0 ? [] : [row("Ends", ends(known))]),
      ...(clears.length === 0 ? [] : [row("Clears", `${named(clears)}${condition(known)}`)]),
      ...(known.inhibited
        ? [
            row(
              "Held back",
              "within maintenance.log.inhibitSeconds of a power-up it is an event; if it persists, the fault is set",
            ),
          ]
        : []),
      ...(seen.length === 0
        ? []
        : [row("Seen as", seen.map((symptom) => symptom.seen).join("; "))]),
    ].join("\n"),
    "All codes: 'wingman help faults'.",
  ].join("\n\n");
}

const row = (word: string, text: string): string =>
  paragraph(`${word.padEnd(11)}${text}`, "  ", " ".repeat(13));

const named = (codes: readonly number[]): string =>
  codes.map((code) => `${codeLabel(code)} ${catalogueEntry(code)?.text ?? ""}`).join(", ");

function ends({ code, lasts }: CatalogueEntry): string {
  if (lasts === null) return "at once";
  if (lasts === "start") return "with the next start of the daemon";
  const clearing = CATALOGUE.filter(({ clears }) => clears.includes(code));
  const by = clearing
    .map((entry) => `${codeLabel(entry.code)} ${entry.text}${condition(entry)}`)
    .join(", ");
  const engine = lasts === "engine" ? ", the start of the next engine" : "";
  return `with ${by}${engine}, or the next start of the daemon; a fault that persists is set again`;
}

/** The only phases with which an entry clears. */
function condition({ clearsWith }: CatalogueEntry): string {
  if (clearsWith === null) return "";
  return ` (${clearsWith.map((phase) => PHASE_NAMES[phase]?.toUpperCase()).join(" or ")})`;
}
