/** Small loadable parts for tests: made by the writer of `npm run package`, of a few kB. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileList } from "../../scripts/package/list-writers.ts";
import { listedFile, type Medium, mediumOf } from "../../scripts/package/media-set-writer.ts";
import { type PartAbout, type PartFile, partOf } from "../../scripts/package/part-writer.ts";
import type { Layout } from "../../src/part/layout.ts";
import { PartError, type VerifiedPart, verifyPart } from "../../src/part/verify.ts";
import { Random } from "./seeded-random.ts";

export interface KeyPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

export const keyPair = (): KeyPair => generateKeyPairSync("ed25519");

export const ABOUT: PartAbout = {
  partNumber: "WNG5E00010001",
  system: "test",
  target: "linux-x64",
  hardware: ["WINGHESA"],
  version: "0.1.0",
  minimumVersion: "0.1.0",
  protocol: 5,
  build: "0123456789abcdef",
  tableDigest: "ab".repeat(32),
};

/** Bytes without a pattern. */
export function noise(bytes: number, seed = 1): Uint8Array {
  const random = new Random(seed);
  return Uint8Array.from({ length: bytes }, () => random.below(256));
}

/** The head of an executable for x86-64 and noise: so much of it as is looked at on the ground. */
export function standIn(bytes: number, mark = ABOUT.build): Uint8Array {
  const content = noise(bytes, 7);
  content.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
  content.set([62, 0], 18);
  content.set(Buffer.from(mark), 64);
  return content;
}

/** Sizes odd and even. */
export const FILES: readonly PartFile[] = [
  { installName: "wingman", mode: 0o755, content: standIn(5001) },
  { installName: "aircraft.json", mode: 0o644, content: Buffer.from('{"system":"test"}\n') },
  { installName: "wingman@.service", mode: 0o644, content: Buffer.from("[Unit]\n") },
];

export function smallPart(key: KeyObject, layout: Layout, about = ABOUT, files = FILES): Medium {
  return partOf(about, files, key, layout);
}

/** A medium whose lists and header agree with `dataFiles`, whatever those are. */
export function mediumWith(medium: Medium, layout: Layout, changes: Medium, about = ABOUT): Medium {
  const isIndex = (name: string): boolean => /\.(LUM|LUH)$/.test(name);
  const dataFiles = new Map([...medium].filter(([name]) => !isIndex(name)));
  for (const [name, content] of changes) dataFiles.set(name, content);
  return mediumOf({ ...about, dataFiles }, layout);
}

/** With a FILES.LUM that agrees with all the others, whatever those are. */
export function relisted(medium: Medium, layout: Layout, about = ABOUT): Medium {
  const { partNumber: mediaSet } = about;
  const files = [...medium].flatMap(([name, content]) =>
    name === "FILES.LUM" ? [] : [listedFile(name, content, layout)],
  );
  const list = writeFileList({ layout, mediaSet, sequence: 1, members: 1, files });
  return new Map([...medium, ["FILES.LUM", list]]);
}

/** Makes the directory hold these files and nothing else. */
export function putMedium(directory: string, medium: Medium): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, content] of medium) writeFileSync(join(directory, name), content);
}

/** The error of the part; null: it is valid. Any other error is a defect and is rethrown. */
export function objectionTo(directory: string, ...keys: KeyObject[]): PartError | null {
  try {
    verifyPart(directory, keys);
    return null;
  } catch (error) {
    if (error instanceof PartError) return error;
    throw error;
  }
}

export type { Medium, VerifiedPart };
