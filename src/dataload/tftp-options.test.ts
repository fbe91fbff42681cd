import { expect, test } from "bun:test";
import { TftpError } from "./tftp-error.ts";
import { accept, agree, NO_AGREEMENT } from "./tftp-options.ts";

const of = (entries: Record<string, string>) => new Map(Object.entries(entries));

test("options are granted as far as possible", () => {
  const { agreement, answer } = accept(of({ blksize: "65464", tsize: "0", timeout: "3" }), 99);
  expect(agreement).toEqual({ blockBytes: 1428, timeoutMs: 3000, sizeBytes: 99 });
  expect(answer).toEqual(of({ blksize: "1428", timeout: "3", tsize: "99" }));
});

test("the size of a file that is written is the writer's", () => {
  const { agreement, answer } = accept(of({ tsize: "12" }), null);
  expect(agreement.sizeBytes).toBe(12);
  expect(answer).toEqual(of({ tsize: "12" }));
});

test.each([
  { blksize: "7" },
  { blksize: "x" },
  { timeout: "0" },
  { timeout: "6" },
  { tsize: "-1" },
  { multicast: "" },
])("not answered: %p", (requested) => {
  expect(accept(of(requested as Record<string, string>), 5)).toEqual({
    agreement: NO_AGREEMENT,
    answer: of({}),
  });
});

test("an answer that is none to the request is an error", () => {
  const requested = of({ blksize: "1428", tsize: "0" });
  expect(agree(requested, of({ blksize: "512" }))).toEqual({ ...NO_AGREEMENT, blockBytes: 512 });
  expect(agree(requested, of({ tsize: "7" })).sizeBytes).toBe(7);
  for (const answered of [{ blksize: "1429" }, { blksize: "4" }, { tsize: "x" }, { timeout: "1" }])
    expect(() => agree(requested, of(answered as Record<string, string>))).toThrow(TftpError);
});

test("WAIT and ABORT", () => {
  const said = (message: string): TftpError => new TftpError("refused", message);
  expect(said("WAIT:5").waitS).toBe(5);
  expect(said("ABORT:1005").abortStatus).toBe(0x1005);
  for (const other of ["WAIT:", "WAIT:5 s", "ABORT", "ABORT:12345", "File not found"])
    expect([said(other).waitS, said(other).abortStatus]).toEqual([null, null]);
  expect(new TftpError("local", "WAIT:5").waitS).toBeNull();
});
