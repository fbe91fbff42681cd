/**
 * A machine with a read-only file system except for a few directories, as seen by one program, and
 * the attempts of the program and its children to change anything else.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/** Every mount but devices and what the kernel shows of itself; then what is listed last. */
const SCRIPT = `set -e
trace=$1; count=$2; shift 2
while [ "$count" -gt 0 ]; do mount --bind "$1" "$1"; writable="$writable $1 "; shift; count=$((count - 1)); done
cut -d ' ' -f 5 /proc/self/mountinfo | while read -r place; do
  case "$writable" in *" $place "*) continue ;; esac
  case "$place" in /dev | /dev/* | /proc | /proc/*) ;; *) mount -o remount,bind,ro "$place" ;; esac
done
if touch /etc/wingman-writes 2>/dev/null; then echo "the root file system is not read-only" >&2; exit 1; fi
exec strace -D -f --seccomp-bpf -qq -y -s 300 -o "$trace" -e trace=${[
  ...[
    "open",
    "openat",
    "creat",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "link",
    "linkat",
    "symlink",
  ],
  ...["symlinkat", "unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2", "truncate"],
  ...["chmod", "fchmodat", "chown", "lchown", "fchownat", "utimensat", "setxattr", "lsetxattr"],
].join(",")} "$@"`;

/**
 * Command prefix that runs a program so: `writable` directories can be written, /dev and /proc are
 * as they are. Writes what it sees to `trace`, which lies in one of the directories.
 */
export function readOnlyMachine(trace: string, writable: readonly string[]): string[] {
  const directories = [...writable, dirname(trace)];
  return [
    ...["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", SCRIPT, "sh", trace],
    ...[String(directories.length), ...directories],
  ];
}

const CHANGES_BY_FLAG = /\bO_(WRONLY|RDWR|CREAT|TRUNC|APPEND)\b/;

/**
 * Attempts to change files of a trace, refused ones too, whose path is none of these and lies in
 * none of them: each as its line.
 */
export function changesElsewhere(trace: string, places: readonly string[]): string[] {
  if (!existsSync(trace)) throw new Error(`nothing was traced in ${trace}`);
  return readFileSync(trace, "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, call = "", words = ""] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? [];
      if (call === "") return [];
      if (/^open(at)?$/.test(call) && !CHANGES_BY_FLAG.test(words)) return [];
      const paths = pathsOf(words);
      return paths.every((path) => places.some((one) => path === one || path.startsWith(`${one}/`)))
        ? []
        : [line];
    });
}

/** The paths that a call names; one that starts at a directory's descriptor has it before it. */
function pathsOf(words: string): string[] {
  const found: string[] = [];
  for (const [, at, path = ""] of words.matchAll(
    /(?:\d+<([^>]*)>, |AT_FDCWD(?:<[^>]*>)?, )?"([^"]*)"/g,
  ))
    found.push(path.startsWith("/") ? path : `${at ?? "?"}/${path}`);
  return found;
}
