/** Loads for tests: a header file of the layout of supplement 3, and its data files. */

import { crc16 } from "../../src/part/crc.ts";

export interface TestFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * Header file of a load. The checksums over its files are zero: the receiver of the load judges
 * them, not its carrier.
 */
export function loadHeader(
  partNumber: string,
  hardware: readonly string[],
  files: readonly TestFile[],
  supportFiles: readonly TestFile[] = [],
): Uint8Array {
  const fixed = 40;
  const sections: Buffer[] = [];
  let at = fixed;
  const add = (section: Buffer): number => {
    sections.push(section);
    at += section.length;
    return (at - section.length) / 2;
  };
  const partNumberAt = add(text(partNumber));
  const hardwareAt = add(Buffer.concat([u16(hardware.length), ...hardware.map(text)]));
  const filesAt = add(list(files, dataFile));
  const supportAt = supportFiles.length === 0 ? 0 : add(list(supportFiles, supportFile));
  const checkValueAt = add(u16(0));
  const trailer = Buffer.alloc(6);
  const head = Buffer.alloc(fixed);
  head.writeUInt32BE((at + trailer.length) / 2, 0);
  head.writeUInt16BE(0x8004, 4);
  const pointers = [partNumberAt, hardwareAt, filesAt, supportAt, 0, 0, 0, checkValueAt];
  for (const [index, pointer] of pointers.entries()) head.writeUInt32BE(pointer, 8 + 4 * index);
  const body = Buffer.concat([head, ...sections]);
  trailer.writeUInt16BE(crc16(body), 0);
  return Buffer.concat([body, trailer]);
}

function list(files: readonly TestFile[], entry: (file: TestFile) => Buffer): Buffer {
  const entries = files.map((file, index) => {
    const body = entry(file);
    return Buffer.concat([u16(index === files.length - 1 ? 0 : (2 + body.length) / 2), body]);
  });
  return Buffer.concat([u16(files.length), ...entries]);
}

function dataFile({ name, content }: TestFile): Buffer {
  const lengths = Buffer.alloc(14);
  lengths.writeUInt32BE(Math.ceil(content.length / 2), 0);
  lengths.writeBigUInt64BE(BigInt(content.length), 6);
  return Buffer.concat([text(name), text("WNG5E00010001"), lengths, u16(0)]);
}

function supportFile({ name, content }: TestFile): Buffer {
  const length = Buffer.alloc(6);
  length.writeUInt32BE(content.length, 0);
  return Buffer.concat([text(name), text("WNG5E00010001"), length, u16(0)]);
}

function text(value: string): Buffer {
  return Buffer.concat([
    u16(value.length),
    Buffer.from(value, "latin1"),
    Buffer.alloc(value.length % 2),
  ]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
