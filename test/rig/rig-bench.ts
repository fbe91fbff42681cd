/** Loadable parts of a small aircraft, and the commands of the rig that try them. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rigCommand } from "../../src/rig/executables.ts";
import { rigDirectory } from "../../src/rig/rig-directory.ts";
import { keyPair } from "../harness/part.ts";
import { scratchDirectory } from "../harness/run-mark.ts";

const ROOT = join(import.meta.dir, "../..");
export const WINGMAN = join(ROOT, "dist/wingman");
export const SERVERS = ["a", "b"];

/** A detection time of 500 ms: a machine that stalls for 30 ms is no failed server here. */
export function patientAircraft() {
  const aircraft = JSON.parse(readFileSync("firmware-config/single-aisle-180.json", "utf8"));
  const servers = SERVERS.map((id) => ({ id, resource: 100 }));
  const keepAlive = { ...aircraft.keepAlive, lostAfterPeriods: 50 };
  return { ...aircraft, servers, keepAlive };
}

export class RigBench {
  private readonly directory: string;
  private rig: Bun.Subprocess<"ignore", "pipe", "pipe"> | null = null;

  constructor(name: string) {
    this.directory = scratchDirectory(name);
    const { privateKey, publicKey } = keyPair();
    const { file } = this;
    writeFileSync(file("key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(file("key.pub.pem"), publicKey.export({ type: "spki", format: "pem" }));
    const stranger = keyPair().publicKey.export({ type: "spki", format: "pem" });
    writeFileSync(file("stranger.pub.pem"), stranger);
  }

  readonly file = (name: string): string => join(this.directory, name);

  /** Options that name two parts. */
  readonly parts = (to = "to", trust = "key.pub.pem", from = "from"): string[] => [
    ...["--from", this.file(from), "--to", this.file(to), "--trust", this.file(trust)],
  ];

  /** Digest of the build of the present executable. */
  get build(): string {
    return JSON.parse(outputOf([WINGMAN, "version", "--json"])).buildDigest;
  }

  /** A part of that configuration. */
  pack(name: string, config: string, executable = WINGMAN, build = this.build): void {
    outputOf([
      ...[process.execPath, join(ROOT, "scripts/package.ts"), "--key", this.file("key.pem")],
      ...["--out", this.file(name), "--executable", executable, "--build", build],
      ...["--config", this.file(config)],
    ]);
  }

  /** Runs a command of the rig to its end. `isGone`: its directory is. */
  async run(...command: string[]) {
    const child = Bun.spawn([...rigCommand(), ...command], { stdio: ["ignore", "pipe", "pipe"] });
    this.rig = child;
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { code: await child.exited, out, err, isGone: !existsSync(rigDirectory(child.pid)) };
  }

  async stop(): Promise<void> {
    this.rig?.kill("SIGKILL");
    await this.rig?.exited;
    this.rig = null;
  }

  close(): void {
    rmSync(this.directory, { recursive: true });
  }
}

function outputOf(command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command[1]}: ${stderr}`);
  return stdout.toString();
}
