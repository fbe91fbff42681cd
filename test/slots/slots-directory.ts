/** Parts with a stand-in for the executable, and a directory of slots to install them in. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownTarget } from "../../scripts/build/target.ts";
import { type Answer, answerOf } from "../harness/command.ts";
import { keyPair, standIn } from "../harness/part.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { smallest } from "../harness/smallest-aircraft.ts";

const ROOT = join(import.meta.dir, "../..");
export const WINGMAN = join(ROOT, "dist/wingman");

export class SlotsDirectory {
  readonly path = scratchDirectory("slots");
  readonly slots = join(this.path, "slots");
  readonly keys = [keyPair()].map(({ privateKey, publicKey }) => {
    writeFileSync(this.file("key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(this.file("key.pub.pem"), publicKey.export({ type: "spki", format: "pem" }));
    return publicKey;
  });
  readonly groundInput = this.file("on-ground");

  constructor() {
    this.setGround("1");
    this.configure("aircraft.json", {});
  }

  file(name: string): string {
    return join(this.path, name);
  }

  setGround(text: string): void {
    writeFileSync(this.groundInput, text);
  }

  configure(name: string, changes: object): void {
    writeFileSync(
      this.file(name),
      JSON.stringify({
        partNumber: "WNG5E00010001",
        ...smallest(),
        parts: { trust: ["key.pub.pem"], slots: this.slots },
        maintenance: { groundInput: this.groundInput },
        ...changes,
      }),
    );
  }

  /** A part whose build is `name`. */
  pack(name: string, config = "aircraft.json", ...more: string[]): string {
    writeFileSync(this.file(`${name}.bin`), standIn(4001, name));
    const answer = this.run([
      ...[process.execPath, join(ROOT, "scripts/package.ts"), "--out", name, "--key", "key.pem"],
      ...["--executable", `${name}.bin`, "--build", name, "--config", config],
      ...["--target", ownTarget().name, ...more],
    ]);
    if (answer.code !== 0) throw new Error(answer.err);
    return this.file(name);
  }

  /** With the executable as it is built. */
  packReal(name: string, config = "aircraft.json"): string {
    const answer = this.run([
      ...[process.execPath, join(ROOT, "scripts/package.ts"), "--out", name, "--key", "key.pem"],
      ...["--config", config],
    ]);
    if (answer.code !== 0) throw new Error(answer.err);
    return this.file(name);
  }

  part(...args: string[]): Answer {
    return this.run([WINGMAN, "part", ...args, "--config", "aircraft.json"]);
  }

  run(command: readonly string[]): Answer {
    return answerOf(command, this.path);
  }

  /** No slot has anything in it. */
  clear(): void {
    rmSync(this.slots, { recursive: true, force: true });
    mkdirSync(this.slots);
  }

  close(): void {
    if (existsSync(this.path)) rmSync(this.path, { recursive: true, force: true });
  }
}
