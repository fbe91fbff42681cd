import { describe, expect, test } from "bun:test";
import { constants } from "node:os";
import * as errnos from "./errno.ts";
import { errno, errnoName, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";
import { nativeString } from "./native-memory.ts";

describe("errno", () => {
  test("is that of the call before, in hot code too", () => {
    const missing = nativeString("/nonexistent/file");
    let wrong = 0;
    for (let round = 0; round < 50_000; round++) {
      libc.close(-1);
      if (errno() !== 9) wrong++;
      libc.open(missing.address, 0, 0);
      if (errno() !== errnos.ENOENT) wrong++;
    }
    expect(wrong).toBe(0);
  });

  test("every number we name is the system's", () => {
    const names = Object.entries(errnos).filter(([name]) => /^E[A-Z]+$/.test(name));
    expect(names.length).toBeGreaterThan(15);
    for (const [name, value] of names) {
      const known = Object.entries(constants.errno).find(([systemName]) => systemName === name);
      expect([name, value as number]).toEqual([name, known?.[1] ?? -1]);
      expect(errnoName(value as number)).toBe(name);
    }
  });

  test("SystemError says which call, why, and what it was about", () => {
    const error = new SystemError("bind", 98, "239.192.44.1:44100");
    expect(error.message).toBe("bind: Address already in use (EADDRINUSE): 239.192.44.1:44100");
    expect([error.call, error.errno, error.name]).toEqual(["bind", 98, "SystemError"]);
    expect(new SystemError("send", 4000).message).toBe("send: Unknown error 4000 (errno 4000)");
  });
});
