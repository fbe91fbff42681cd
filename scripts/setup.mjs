// Installs what is missing, in plain JavaScript because it runs before anything is installed.
//   node scripts/setup.mjs [start|test|bench|vm] npm packages from the lock file; system packages with
//   apt-get when we are root, otherwise they are named.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STAMP = join(ROOT, "node_modules", ".wingman-setup");

/** Commands that a task needs, and the Debian package of each. */
const COMMANDS = {
  start: [
    ["ip", "iproute2"],
    ["unshare", "util-linux"],
    ["nsenter", "util-linux"],
  ],
  test: [
    ["ip", "iproute2"],
    ["unshare", "util-linux"],
    ["nsenter", "util-linux"],
    ["setpriv", "util-linux"],
    ["chrt", "util-linux"],
    ["nft", "nftables"],
    ["rz", "lrzsz"],
    ["chromium", "chromium"],
  ],
  vm: [
    ["ip", "iproute2"],
    ["unshare", "util-linux"],
    ["setpriv", "util-linux"],
    ["qemu-system-x86_64", "qemu-system-x86"],
    ["mksquashfs", "squashfs-tools"],
    ["mkfs.ext4", "e2fsprogs"],
    ["e2fsck", "e2fsprogs"],
    ["debugfs", "e2fsprogs"],
    ["xz", "xz-utils"],
    ["rz", "lrzsz"],
  ],
  bench: [
    ["ip", "iproute2"],
    ["unshare", "util-linux"],
    ["nsenter", "util-linux"],
    ["keepalived", "keepalived"],
  ],
};

function fail(message) {
  process.stderr.write(`setup: ${message}\n`);
  process.exit(1);
}

function run(command, args, env = process.env) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env,
  });
  return result.error === undefined && result.status === 0;
}

function installPackages() {
  const wanted = createHash("sha256")
    .update(readFileSync(join(ROOT, "package-lock.json")))
    .digest("hex");
  const installed = existsSync(STAMP) ? readFileSync(STAMP, "utf8") : "";
  if (installed === wanted) return;
  process.stderr.write("setup: installing npm packages\n");
  const install = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  if (!run("npm", install)) fail("npm ci failed; see above");
  writeFileSync(STAMP, wanted);
}

function isOnPath(command) {
  const folders = (process.env.PATH ?? "").split(":").concat(["/usr/sbin", "/sbin"]);
  return folders.some((folder) => folder !== "" && existsSync(join(folder, command)));
}

function installCommands(task) {
  const missing = COMMANDS[task].filter(([command]) => !isOnPath(command));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))];
  const named = missing.map(([command, name]) => `${command} (Debian package ${name})`).join(", ");
  if (process.getuid?.() !== 0 || !isOnPath("apt-get"))
    fail(`missing: ${named}. Install and try again.`);
  process.stderr.write(`setup: installing ${packages.join(", ")}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // A service that a package brings along is not to be started here.
  const install = ["install", "-y", "--no-install-recommends", "-qq", ...packages];
  if (!run("apt-get", install, env)) {
    if (!run("apt-get", ["update", "-qq"], env) || !run("apt-get", install, env))
      fail(`could not install: ${named}`);
  }
}

const task = process.argv[2];
if (task !== undefined && !(task in COMMANDS))
  fail(`unknown task "${task}"; expected ${Object.keys(COMMANDS).join(", ")}`);
if (process.platform !== "linux")
  fail(`found ${process.platform}; Wingman needs Linux (network namespaces, netlink)`);
installPackages();
if (task !== undefined) installCommands(task);
