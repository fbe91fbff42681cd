import { LOG_NO_REDUNDANCY, LOG_NO_REDUNDANCY_CRITICAL } from "../boundary/maintenance-code.ts";
import { codeLabel } from "../catalogue/record-text.ts";

const FOLDED = [LOG_NO_REDUNDANCY_CRITICAL, LOG_NO_REDUNDANCY].map(codeLabel);

/** Of these codes one missing server sets a fault for each function: people see one with a list. */
export const isFolded = (label: string): boolean => FOLDED.includes(label);
