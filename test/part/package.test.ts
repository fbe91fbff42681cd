/** `npm run package` and `wingman part verify` as people call them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { buildDigest, buildInputs } from "../../scripts/build.ts";
import { answerOf } from "../harness/command.ts";
import { keyPair, standIn } from "../harness/part.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { Random } from "../harness/seeded-random.ts";
import { smallest } from "../harness/smallest-aircraft.ts";

const ROOT = join(import.meta.dir, "../..");
const WINGMAN = join(ROOT, "dist/wingman");
const FLIPS = 6;
const folder = scratchDirectory("part-package");
const { privateKey, publicKey } = keyPair();
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  writeFileSync(file("key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(file("key.pub.pem"), publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(file("other.pub.pem"), keyPair().publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(file("executable"), standIn(6001, "build-1"));
  configuration("aircraft.json", {});
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function configuration(name: string, changes: object): string {
  const parts = { trust: ["key.pub.pem"] };
  writeFileSync(
    file(name),
    JSON.stringify({ partNumber: "WNG5E00010001", ...smallest(), parts, ...changes }),
  );
  return file(name);
}

const run = (command: string[]) => answerOf(command, folder);

/** With a stand-in for the executable. */
const pack = (out: string, ...more: string[]) =>
  run([
    ...[process.execPath, join(ROOT, "scripts/package.ts"), "--out", out, "--key", "key.pem"],
    ...["--executable", "executable", "--build", "build-1", "--config", "aircraft.json", ...more],
  ]);

const verify = (...args: string[]) => run([WINGMAN, "part", "verify", ...args]);

const contentOf = (directory: string) =>
  readdirSync(file(directory))
    .sort()
    .map((name) => [name, readFileSync(join(file(directory), name)).toString("base64")]);

describe("npm run package", () => {
  test.each(["665-2", "665-3"])("%s: the same inputs give the same bytes", (layout) => {
    const [one, two] = [`one-${layout}`, `two-${layout}`];
    expect(pack(one, "--layout", layout).err).toBe("");
    const { code, out } = pack(two, "--layout", layout);
    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(
        `^packaged WNG5E00010001 \\(linux-x64, ${layout}, build build-1\\) in two-${layout}: \\d+ files, [\\d,]+ bytes\\n$`,
      ),
    );
    expect(contentOf(two)).toEqual(contentOf(one));
    expect(verify(two, "--trust", "key.pub.pem").code).toBe(0);
  });

  test("holds executable, configuration, its public keys and the units", () => {
    expect(pack("content").code).toBe(0);
    const { out } = verify("content", "--config", "aircraft.json", "--json");
    const { files, ...about } = JSON.parse(out);
    expect(about).toMatchObject({
      ...{ ok: true, partNumber: "WNG5E00010001", system: "test", target: "linux-x64" },
      ...{ hardware: ["WINGHESA"], build: "build-1", layout: "665-3" },
    });
    const tableDigest = run([WINGMAN, "version", "--config", "aircraft.json", "--json"]).out;
    expect(about.tableDigest).toBe(JSON.parse(tableDigest).tableDigest);
    const modes = files.map(({ installName, mode }: { installName: string; mode: number }) => [
      installName,
      mode.toString(8),
    ]);
    expect(modes).toEqual(
      expect.arrayContaining([
        ["wingman", "755"],
        ["aircraft.json", "644"],
        ["key.pub.pem", "644"],
        ["wingman@.service", "644"],
      ]),
    );
    for (const { path, bytes, sha256 } of files) {
      const content = readFileSync(join(folder, path)).subarray(0, bytes);
      expect(new Bun.CryptoHasher("sha256").update(content).digest("hex")).toBe(sha256);
    }
  });

  test("names the files that a configuration needs and that no part carries", () => {
    configuration("keyed.json", { keepAlive: { keyFile: "keep-alive.key" } });
    const keyed = run([
      ...[process.execPath, join(ROOT, "scripts/package.ts"), "--out", "keyed", "--key", "key.pem"],
      ...["--executable", "executable", "--build", "build-1", "--config", "keyed.json"],
    ]);
    expect(keyed).toMatchObject({ code: 0 });
    expect(keyed.err).toBe(
      'package: keepAlive.keyFile: "keep-alive.key" is not in the part: name it by an absolute path\n',
    );
  });

  /** Arguments replace those of the same name. */
  test.each<[string, Record<string, string | null>, () => void, string]>([
    ["no key", { key: null }, () => {}, "--key is missing, expected the file of the private key"],
    ["no directory", { out: null }, () => {}, "--out is missing, expected the directory"],
    [
      "another target",
      { target: "linux-ppc" },
      () => {},
      '--target: found "linux-ppc", expected linux-x64,',
    ],
    [
      "another layout",
      { layout: "665-9" },
      () => {},
      '--layout: found "665-9", expected 665-2 or 665-3',
    ],
    [
      "a target without its executable",
      { target: "linux-arm64", executable: null },
      () => {},
      "dist/linux-arm64/wingman, expected the executable for linux-arm64: npm run build -- --target linux-arm64",
    ],
    [
      "an executable for another target",
      { target: "linux-arm64" },
      () => {},
      "executable: found one for linux-x64, expected one for linux-arm64",
    ],
    [
      "no executable",
      { executable: "key.pem" },
      () => {},
      "key.pem: found no executable, expected one for linux-x64",
    ],
    [
      "an executable that is not there",
      { executable: "none" },
      () => {},
      "found no none, expected the executable for linux-x64",
    ],
    [
      "an executable of another build",
      { build: "build-2" },
      () => {},
      "executable: found no build digest build-2 in it, expected an executable of this source",
    ],
    [
      "a public key",
      { key: "key.pub.pem" },
      () => {},
      "key.pub.pem: found a public key, expected an Ed25519 private key",
    ],
    [
      "no key in the file",
      { key: "aircraft.json" },
      () => {},
      "aircraft.json: found no key in PEM, expected an Ed25519 private key",
    ],
    [
      "no part number",
      { config: "x.json" },
      () => configuration("x.json", { partNumber: undefined }),
      "x.json: partNumber: found nothing, expected the part number of the part",
    ],
    [
      "wrong check characters",
      { config: "x.json" },
      () => configuration("x.json", { partNumber: "WNG5F00010001" }),
      'x.json: partNumber: found "WNG5F00010001", check characters 5F in place of 5E, expected 13 characters',
    ],
    [
      "a trusted key that is not there",
      { config: "x.json" },
      () => configuration("x.json", { parts: { trust: ["none.pem"] } }),
      "x.json: parts.trust[0]: found no such file at ",
    ],
    [
      "a trusted key elsewhere",
      { config: "x.json" },
      () => configuration("x.json", { parts: { trust: ["../key.pem"] } }),
      'x.json: parts.trust[0]: found "../key.pem", expected an absolute path, or a name beside',
    ],
    [
      "a directory that is full",
      { out: "full" },
      () => mkdirSync(file("full/x"), { recursive: true }),
      '--out: found a directory with files at "full", expected an empty one or none',
    ],
    [
      "a file",
      { out: "key.pem" },
      () => {},
      '--out: found something that is no directory at "key.pem"',
    ],
  ])("%s is refused, and nothing is written", (_, changes, prepare, expected) => {
    prepare();
    const options = {
      ...{ key: "key.pem", out: "refused", config: "aircraft.json", executable: "executable" },
      ...{ build: "build-1", ...changes },
    };
    const args = Object.entries(options).flatMap(([name, value]) =>
      value === null ? [] : [`--${name}`, value],
    );
    const before = readdirSync(folder).sort();
    const { code, out, err } = run([process.execPath, join(ROOT, "scripts/package.ts"), ...args]);
    expect(err).toStartWith("package: ");
    expect(err).toContain(expected);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(readdirSync(folder).sort()).toEqual(before);
    expect(existsSync(file("refused"))).toBe(false);
  });

  test("an empty directory is filled", () => {
    mkdirSync(file("empty"));
    expect(pack("empty").code).toBe(0);
    expect(verify("empty", "--trust", "key.pub.pem").code).toBe(0);
  });
});

describe("wingman part", () => {
  beforeAll(() => {
    expect(pack("part").code).toBe(0);
  });

  test("verify: exit 0 and what the part is", () => {
    const { code, out, err } = verify("part", "--trust", "key.pub.pem");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toStartWith("part number    WNG5E00010001\nsystem         test\n");
    expect(out).toEndWith("\nwhole, and signed by a trusted key\n");
  });

  test("verify: exit 1 and what is wrong", () => {
    cpSync(file("part"), file("damaged"), { recursive: true });
    writeFileSync(file("damaged/WINGMAN@.SERVICE"), "");
    const text = verify("damaged", "--trust", "key.pub.pem");
    expect({ code: text.code, out: text.out }).toEqual({ code: 1, out: "" });
    expect(text.err).toMatch(
      /^wingman: part verify: WINGMAN@\.SERVICE: size: found 0 bytes, expected \d+, as WNG5E00010001\.LUH says\n$/,
    );
    const json = verify("damaged", "--trust", "key.pub.pem", "--json");
    expect({ code: json.code, err: json.err }).toEqual({ code: 1, err: "" });
    expect(JSON.parse(json.out)).toMatchObject({
      ok: false,
      problem: { file: "WINGMAN@.SERVICE", field: "size", found: "0 bytes" },
    });
    const stranger = verify("part", "--trust", "other.pub.pem");
    expect(stranger.code).toBe(1);
    expect(stranger.err).toStartWith("wingman: part verify: MANIFEST.SIG: signature: found one of");
  });

  test.each<[string[], string]>([
    [["part", "verify"], "part verify: expected the directory of a part"],
    [["part", "verify", "part"], "part: no key to verify with: found no parts.trust in embedded"],
    [
      ["part", "verify", "part", "--trust", "none"],
      "1 problem in none\nnone: found no such file, expected an Ed25519 public key",
    ],
    [
      ["part", "verify", "part", "--trust", "key.pem"],
      "key.pem: found a private key, which belongs on no aircraft, expected",
    ],
    [
      ["part", "verify", "part", "--trust", "aircraft.json"],
      "aircraft.json: found no key in PEM, expected",
    ],
    [["part", "verify", "part", "more"], 'part verify: found "more", expected no more'],
    [["part"], "part: expected verify, install, activate, good, rollback, boot or status"],
    [["part", "verfy"], 'part: found "verfy"; did you mean verify?'],
  ])("%j is a wrong command line", (args, expected) => {
    const { code, out, err } = run([WINGMAN, ...args]);
    expect(err).toContain(expected);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });
});

test("the real executable, as it is built: it verifies itself, and finds every flipped byte", async () => {
  const config = configuration("real.json", {});
  const { code, err } = run([
    ...[process.execPath, join(ROOT, "scripts/package.ts"), "--out", "real", "--key", "key.pem"],
    ...["--config", config],
  ]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const whole = verify("real", "--config", "real.json", "--json");
  expect(whole.err).toBe("");
  const { build, files } = JSON.parse(whole.out);
  expect(build).toBe(buildDigest(await buildInputs()));
  expect(files[0]).toMatchObject({ installName: "wingman", bytes: statSync(WINGMAN).size });

  const path = file("real/WINGMAN");
  chmodSync(path, 0o644);
  const descriptor = openSync(path, "r+");
  const random = new Random(9);
  for (let flip = 0; flip < FLIPS; flip++) {
    const at = random.below(statSync(path).size);
    const byte = new Uint8Array(1);
    readSync(descriptor, byte, 0, 1, at);
    writeSync(descriptor, Uint8Array.of((byte[0] ?? 0) ^ random.between(1, 255)), 0, 1, at);
    const refused = verify("real", "--config", "real.json");
    expect({ at, code: refused.code }).toEqual({ at, code: 1 });
    expect(refused.err).toMatch(/^wingman: part verify: WINGMAN: CRC-16: found 0x/);
    writeSync(descriptor, byte, 0, 1, at);
  }
  closeSync(descriptor);
  expect(verify("real", "--config", "real.json").code).toBe(0);
});
