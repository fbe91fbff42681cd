/** Changes of files that a power cut leaves either done or not done, never half done. */
import {
  chownSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory, if missing, owned by the owner of its parent: the service can remove what root
 * made there.
 */
export function makeDirectory(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: 0o755 });
  if (made === undefined || process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(path));
  chownSync(path, uid, gid);
}

/** Makes sure that the directory's entries are on the disk. */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Replaces the content of a file atomically. */
export function replaceFile(file: string, content: string): void {
  const fresh = `${file}.new`;
  const descriptor = openSync(fresh, "w", 0o644);
  try {
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  moveInto(fresh, file);
}

/** Points a link to `target` atomically. */
export function replaceLink(link: string, target: string): void {
  const fresh = `${link}.new`;
  rmSync(fresh, { force: true });
  symlinkSync(target, fresh);
  moveInto(fresh, link);
}

/** Target of a link; null when there is none. */
export function linkTarget(link: string): string | null {
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return null;
  return readlinkSync(link);
}

/** Both must be in one directory. */
export function moveInto(from: string, to: string): void {
  renameSync(from, to);
  syncDirectory(dirname(to));
}
