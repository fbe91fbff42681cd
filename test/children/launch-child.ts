/**
 * `launch-child PARENT-PID PROGRAM ARGUMENTS…`: spoils everything that a program inherits as far as
 * it can, then becomes the program. Prints the errno when that fails.
 *
 * `launch-child supervise PROGRAM ARGUMENTS…`: starts itself in that way, prints the process id,
 * works with threads for a while, prints "settled" and stays.
 */
import { openSync, promises } from "node:fs";
import type { ProcessSettings } from "../../src/config/model.ts";
import { launch } from "../../src/io/launch.ts";
import { F_SETFD, libc } from "../../src/io/libc.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";

const SIG_BLOCK = 0;
const SIG_IGN = 1;
const SIGHUP = 1;
const SIGCHLD = 17;

/** The settings of a function that is configured with a user, and nothing else. */
const settingsOf = (user: string): ProcessSettings => ({
  user,
  capabilities: null,
  limits: { nofile: 1024, rtprio: 0 },
  workingDirectory: "/",
  environment: [],
  nice: 0,
  oomScoreAdjust: 0,
  umask: "022",
});

/** Some descriptors that exec would hand on, ignored signals, and every signal blocked. */
function spoil(): void {
  for (let count = 0; count < 3; count++) libc.fcntl(openSync("/dev/null", "r"), F_SETFD, 0);
  const ignored = new NativeMemory(152);
  ignored.view.setUint32(0, SIG_IGN, true);
  for (const signal of [SIGHUP, SIGCHLD]) libc.sigaction(signal, ignored.address, 0);
  const all = new NativeMemory(128);
  all.bytes.fill(0xff);
  libc.sigprocmask(SIG_BLOCK, all.address, 0);
}

const { LAUNCHED_AS: user } = process.env;
const [first, program, ...rest] = process.argv.slice(2);
if (first === "supervise") {
  const itself = process.argv[1].startsWith("/$bunfs/")
    ? [process.execPath]
    : [process.execPath, process.argv[1]];
  const child = Bun.spawn([...itself, String(process.pid), program, ...rest], {
    stdio: ["ignore", "inherit", "inherit", openSync("/dev/null", "r")],
  });
  console.log(child.pid);
  for (let round = 0; round < 200; round++) await promises.readFile("/etc/hostname");
  console.log("settled");
  await Bun.sleep(600_000);
} else {
  spoil();
  console.log(
    launch(
      [program, ...rest],
      { ...process.env, LAUNCHED: "yes", DROPPED: undefined },
      Number(first),
      user === undefined ? null : settingsOf(user),
    ).errno,
  );
}
