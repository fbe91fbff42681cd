/** How a target is called, and the files that are named after it. */

/** Endings of the files that a loader reads to begin, and the operation that each begins. */
export const BEGINNINGS = {
  LCI: "information",
  LUI: "upload",
  LNO: "download",
  LND: "media-defined download",
} as const;
export type Beginning = keyof typeof BEGINNINGS;

export interface TargetIdentity {
  /** Hardware identifier, 4 to 15 letters and digits. */
  readonly hardware: string;
  /** At most 8 letters and digits; "" where there is only one of the hardware. */
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

/** The ending of one of this target's protocol files; null: it is none. */
export function endingOf(identity: TargetIdentity, file: string): string | null {
  const beginning = `${targetId(identity)}.`;
  return file.startsWith(beginning) ? file.slice(beginning.length) : null;
}

/** The position of a server whose configuration names none: its identifier in capitals. */
export function positionOf(serverId: string): string {
  return serverId.replaceAll("-", "").toUpperCase().slice(0, 8);
}

/** Why a load cannot have a file of this name, as the words after "found"; null: it can. */
export function fileNameObjection(name: string): string | null {
  if (name === "" || name === "." || name === "..") return "no name";
  if (name.length > 255) return "a name of more than 255 characters";
  return /[^!-~]|[*\\/"<>?|~:']/.test(name) ? "a character that no file name may have" : null;
}
