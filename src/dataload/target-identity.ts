/** Identity of a target, and the names of its files. */

/** Endings of the files that a loader reads to begin, and the operation that each begins. */
export const INITIATING_ENDINGS = {
  LCI: "information",
  LUI: "upload",
  LNO: "download",
  LND: "media-defined download",
} as const;
export type Beginning = keyof typeof INITIATING_ENDINGS;

export interface TargetIdentity {
  /** Hardware identifier, 4 to 15 letters and digits. */
  readonly hardware: string;
  /** At most 8 letters and digits; "" where there is only one of this hardware. */
  readonly position: string;
  /** Three characters. */
  readonly manufacturer: string;
}

/** `WINGHESA_L` */
export function targetId({ hardware, position }: TargetIdentity): string {
  return `${hardware}_${position}`;
}

/** `WINGHESA_L.LUS` */
export function protocolFile(identity: TargetIdentity, ending: string): string {
  return `${targetId(identity)}.${ending}`;
}

/** Ending of one of this target's protocol files; null when it is none. */
export function endingOf(identity: TargetIdentity, file: string): string | null {
  const beginning = `${targetId(identity)}.`;
  return file.startsWith(beginning) ? file.slice(beginning.length) : null;
}

/** Position of a server without a configured one: its identifier in capitals. */
export function positionOf(serverId: string): string {
  return serverId.replaceAll("-", "").toUpperCase().slice(0, 8);
}

/**
 * Reason why a load cannot have a file of this name, as the words after "found"; null when it can.
 */
export function fileNameObjection(name: string): string | null {
  if (name === "" || name === "." || name === "..") return "no name";
  if (name.length > 255) return "a name of more than 255 characters";
  return /[^!-~]|[*\\/"<>?|~:']/.test(name) ? "a character that no file name may have" : null;
}
