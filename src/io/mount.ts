import { readFileSync } from "node:fs";

export interface Mount {
  /** Mount point. */
  readonly point: string;
  /** `ext4`, `tmpfs` … */
  readonly type: string;
  /** Device or server: `/dev/sda3`. */
  readonly source: string;
}

/**
 * File system of a path without symbolic links. Does not access the disk.
 * @param path absolute
 * @param table content of /proc/self/mountinfo (proc(5)): id, parent, device, root, mount point,
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
    // The last mount at a point hides the earlier ones.
    if (found !== null && point.length < found.point.length) continue;
    const [type = "", source = ""] = after.split(" ");
    found = { point, type, source: unescaped(source) };
  }
  return found;
}

function isInside(path: string, point: string): boolean {
  return point === "/" || path === point || path.startsWith(`${point}/`);
}

/** Space, tab, line feed and backslash are encoded as octal numbers. */
function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}
