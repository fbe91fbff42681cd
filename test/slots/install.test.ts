/**
 * Parts are installed in the inactive slot, started, kept and rolled back, with real calls of
 * `wingman part`.
 */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { readlinkSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TRIAL_STARTS } from "../../src/catalogue/roll-back-reason.ts";
import { SlotsDirectory } from "./slots-directory.ts";

const directory = new SlotsDirectory();
const one = directory.pack("build-1");
const two = directory.pack("build-2");
beforeEach(() => {
  directory.setGround("1");
  directory.clear();
});
afterAll(() => directory.close());

const current = (): string => readlinkSync(join(directory.slots, "current"));
const done = { code: 0, err: "" };

/** The first part flies and is good, the second is installed. */
function flown(): void {
  expect(directory.part("install", one)).toMatchObject(done);
  expect(directory.part("activate")).toMatchObject(done);
  expect(directory.part("good")).toMatchObject(done);
  expect(directory.part("install", two)).toMatchObject(done);
}

test("installed, started, good; the next one comes into the other slot, and what flies is not touched", () => {
  expect(directory.part("install", one).out).toBe(
    "installed WNG5E00010001, release 0.1.0, in slot a\n",
  );
  expect(directory.part("boot")).toEqual({ code: 0, out: "", err: "" }); // nothing is activated yet
  expect(directory.part("activate").out).toBe("slot a is started next, on trial\n");
  expect(directory.part("boot").out).toBe(`${join(directory.slots, "a/wingman")}\n`);
  expect(directory.part("good").out).toBe("slot a is good\n");
  expect(directory.part("install", two).out).toContain("in slot b");
  expect(current()).toBe("a");
  const { out } = directory.part("status", "--json");
  expect(JSON.parse(out)).toEqual({
    current: "a",
    trial: null,
    rolledBack: null,
    slots: [
      ...["build-1", "build-2"].map((build, place) => ({
        slot: "ab"[place],
        partNumber: "WNG5E00010001",
        version: "0.1.0",
        build,
        problem: null,
      })),
    ],
  });
});

test("a part that is never healthy is given up after its starts, which is reported", () => {
  flown();
  expect(directory.part("activate")).toMatchObject(done);
  for (let start = 0; start < TRIAL_STARTS; start++)
    expect(directory.part("boot").out).toBe(`${join(directory.slots, "b/wingman")}\n`);
  const last = directory.part("boot");
  expect(last.out).toBe(`${join(directory.slots, "a/wingman")}\n`);
  expect(last.err).toContain("back to slot a: not healthy after 3 starts");
  expect(current()).toBe("a");
  expect(directory.part("status").out).toContain(
    "slot b: WNG5E00010001 release 0.1.0 build build-2, rolled back: not healthy after 3 starts",
  );
});

test("the state says whether the part on trial was started, and who rolled it back", () => {
  flown();
  const line = (slot: string): string =>
    directory
      .part("status")
      .out.split("\n")
      .find((text) => text.startsWith(`slot ${slot}: `)) ?? "";
  expect(directory.part("activate")).toMatchObject(done);
  expect(line("b")).toEndWith(" build build-2, selected for the next start, on trial");
  for (const left of ["2 starts", "1 start", "0 starts"]) {
    expect(directory.part("boot")).toMatchObject(done);
    expect(line("b")).toEndWith(` build build-2, started, on trial, ${left} left`);
  }
  expect(directory.part("rollback")).toMatchObject(done);
  expect(line("a")).toEndWith(" build build-1, started");
  expect(line("b")).toEndWith(" build build-2, rolled back by hand");
});

test.each(["wingman", "aircraft.json", "MANIFEST.JSN", "MANIFEST.SIG"])(
  "a slot with a damaged %s is not started",
  (name) => {
    flown();
    expect(directory.part("activate")).toMatchObject(done);
    truncateSync(join(directory.slots, "b", name), 40);
    const boot = directory.part("boot");
    expect(boot.out).toBe(`${join(directory.slots, "a/wingman")}\n`);
    expect(boot.err).toContain("back to slot a: its files are damaged");
  },
);

test("no slot is whole: that is an error, and nothing is changed", () => {
  flown();
  for (const slot of ["a", "b"]) truncateSync(join(directory.slots, slot, "wingman"), 40);
  const boot = directory.part("boot");
  expect(boot.code).toBe(1);
  expect(boot.err).toContain("no slot is whole: slot b: wingman: size: found 40 bytes");
  expect(current()).toBe("a");
});

describe("refused", () => {
  test("in the air: install, activate and rollback", () => {
    flown();
    for (const text of ["0", "", "x"]) {
      directory.setGround(text);
      for (const command of [["install", two], ["activate"], ["rollback"]]) {
        const { code, err } = directory.part(...command);
        expect(code).toBe(1);
        expect(err).toContain("on ground only");
      }
    }
    expect(current()).toBe("a");
  });

  test("while another part is on trial: the part to roll back to is not overwritten", () => {
    flown();
    expect(directory.part("activate")).toMatchObject(done);
    expect(directory.part("install", one).err).toContain("slot b is on trial, and slot a is what");
    expect(directory.part("activate").err).toContain("slot b is on trial already");
  });

  test("while the first part is on trial, which has nothing to go back to", () => {
    expect(directory.part("install", one)).toMatchObject(done);
    expect(directory.part("activate")).toMatchObject(done);
    expect(directory.part("install", two).err).toContain(
      "slot a is on trial: wait until it is kept, or 'wingman part good' first\n",
    );
    expect(directory.part("rollback").err).toContain("slot b is empty");
  });

  test("for other hardware, another system, another target; an older one unless asked for", () => {
    expect(directory.part("install", one)).toMatchObject(done);
    expect(directory.part("activate")).toMatchObject(done);
    expect(directory.part("good")).toMatchObject(done);
    const parts = { trust: ["key.pub.pem"], slots: directory.slots };
    directory.configure("hardware.json", { parts: { ...parts, hardware: "OTHER" } });
    directory.configure("system.json", { system: "another" });
    for (const [name, why] of [
      ["hardware", "hardware: found OTHER, expected WINGHESA"],
      ["system", "system: found another, expected test"],
    ] as const) {
      const { code, err } = directory.part("install", directory.pack(name, `${name}.json`));
      expect(code).toBe(1);
      expect(err).toContain(`not for this server: ${why}`);
    }
    expect(directory.part("status").out).toContain("slot b: empty");
  });

  test("without a trusted signature, and nothing is left of it", () => {
    const stranger = new SlotsDirectory();
    const { code, err } = directory.part("install", stranger.pack("foreign"));
    stranger.close();
    expect(code).toBe(1);
    expect(err).toContain("MANIFEST.SIG: signature: found one of another key");
    expect(directory.part("status").out).toBe("slot a: empty\nslot b: empty\n");
  });

  test("missing parts and slots", () => {
    expect(directory.part("activate").err).toContain("slot a: ");
    expect(directory.part("good").err).toContain("nothing is on trial");
    expect(directory.part("rollback").err).toContain("there is nothing to go back from");
    expect(directory.part("install").err).toContain("expected the directory of a part");
  });
});

test("a state that is no state, and a link that leads nowhere, start nothing and keep nothing from being installed", () => {
  writeFileSync(join(directory.slots, "state.json"), "{");
  symlinkSync("c", join(directory.slots, "current"));
  expect(directory.part("boot")).toEqual({ code: 0, out: "", err: "" });
  flown();
  expect(current()).toBe("a");
});
