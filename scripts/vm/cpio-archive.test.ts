import { expect, test } from "bun:test";
import { CPIO_DIRECTORY, CPIO_FILE, cpioArchive } from "./cpio-archive.ts";

/** Header fields of 8 hexadecimal digits behind the magic, and the name. */
function entryAt(archive: Buffer, at: number) {
  const field = (index: number): number =>
    Number.parseInt(archive.toString("latin1", at + 6 + 8 * index, at + 14 + 8 * index), 16);
  const [mode, size, nameBytes] = [field(1), field(6), field(11)] as const;
  const name = archive.toString("latin1", at + 110, at + 110 + nameBytes - 1);
  const dataAt = (at + 110 + nameBytes + 3) & ~3;
  const content = archive.toString("latin1", dataAt, dataAt + size);
  return { mode, name, content, next: (dataAt + size + 3) & ~3 };
}

test.each([0, 1, 2, 3, 4, 5])(
  "an entry with a name of %d more letters begins at a multiple of 4",
  (more) => {
    const name = `init${"x".repeat(more)}`;
    const archive = cpioArchive([
      { name: "dev", mode: CPIO_DIRECTORY },
      { name, mode: CPIO_FILE, content: "#!/bin/sh" },
    ]);
    expect(archive.toString("latin1", 0, 6)).toBe("070701");
    const first = entryAt(archive, 0);
    const second = entryAt(archive, first.next);
    expect(first).toMatchObject({ name: "dev", mode: CPIO_DIRECTORY, content: "" });
    expect(second).toMatchObject({ name, mode: CPIO_FILE, content: "#!/bin/sh" });
    expect(entryAt(archive, second.next).name).toBe("TRAILER!!!");
  },
);
