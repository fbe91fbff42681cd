/**
 * `npm start`: builds, then flies the embedded default aircraft on the ground rig; arguments go to
 * `wingman-rig`.
 */
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");

const build = Bun.spawn([process.execPath, "scripts/build.ts"], {
  cwd: ROOT,
  stdio: ["ignore", "inherit", "inherit"],
});
if ((await build.exited) !== 0) process.exit(1);

const rig = Bun.spawn([join(ROOT, "dist", "wingman-rig"), ...process.argv.slice(2)], {
  stdio: ["inherit", "inherit", "inherit"],
});
// Ctrl-C reaches the rig directly; it cleans up, and this process ends with its code.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (signal !== "SIGINT") rig.kill(signal);
  });
}
process.exit(await rig.exited);
