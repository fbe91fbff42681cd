/** Changes of files that a power cut leaves done or not done, and never half done. */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** What a directory names is on the disk. */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A whole new content, or the old one. */
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

/** A link that points to `target`, or still where it did. */
export function replaceLink(link: string, target: string): void {
  const fresh = `${link}.new`;
  rmSync(fresh, { force: true });
  symlinkSync(target, fresh);
  moveInto(fresh, link);
}

/** Where a link points to; null: there is none. */
export function linkTarget(link: string): string | null {
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return null;
  return readlinkSync(link);
}

/** Both lie in one directory. */
export function moveInto(from: string, to: string): void {
  renameSync(from, to);
  syncDirectory(dirname(to));
}
