import { readFileSync } from "node:fs";

export interface Mount {
  /** Where it is mounted. */
  readonly point: string;
  /** `ext4`, `tmpfs` … */
  readonly type: string;
  /** Device or server: `/dev/sda3`. */
  readonly source: string;
}

/**
 * The file system on which a path lies that has no symbolic links in it. Asks no disk.
 * @param path absolute
 * @param table text of /proc/self/mountinfo (proc(5)): id, parent, device, root, mount point,
 * options, optional fields, a dash, type, source, options
 */
export function mountOf(
  path: string,
  table = readFileSync("/proc/self/mountinfo", "utf8"),
): Mount | null {
  let found: Mount | null = null;
  for (const line of table.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const point = unescaped(before.split(" ")[4] ?? "");
    if (point === "" || !isInside(path, point)) continue;
    // The last one of a point lies on top.
    if (found !== null && point.length < found.point.length) continue;
    const [type = "", source = ""] = after.split(" ");
    found = { point, type, source: unescaped(source) };
  }
  return found;
}

function isInside(path: string, point: string): boolean {
  return point === "/" || path === point || path.startsWith(`${point}/`);
}

/** Space, tab, line feed and backslash stand as octal numbers. */
function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}
