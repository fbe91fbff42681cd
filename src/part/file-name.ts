/** Names of files on a medium, and of the files that every part has. */

export const FILES_LIST = "FILES.LUM";
export const LOADS_LIST = "LOADS.LUM";
export const MANIFEST_FILE = "MANIFEST.JSN";
export const SIGNATURE_FILE = "MANIFEST.SIG";

/** Limit of a medium; its file system may allow less. */
const FILE_NAME_MAX = 255;

/** Published readers refuse these; the first and last are the printable range of ASCII. */
const FORBIDDEN = /[^!-~]|[*\\/"<>?|~:']/;

export const FILE_NAME_EXPECTED = `a name of 1 to ${FILE_NAME_MAX} printable characters, none of them a space or * \\ / " < > ? | ~ : '`;

/** The problem with the name of a file on a medium, in words; null when there is none. */
export function fileNameObjection(name: string): string | null {
  if (name === "") return "an empty name";
  if (name === "." || name === "..") return `${JSON.stringify(name)}, which is a directory`;
  if (name.length > FILE_NAME_MAX) return `a name of ${name.length} characters`;
  const [character] = FORBIDDEN.exec(name) ?? [];
  return character === undefined
    ? null
    : `${JSON.stringify(name)} with ${JSON.stringify(character)} in it`;
}

/** The load header file of a part. */
export function headerFileName(partNumber: string): string {
  return `${partNumber}.LUH`;
}
