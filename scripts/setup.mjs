// Installs what is missing, in plain JavaScript because it runs before anything is installed.
//   node scripts/setup.mjs [start|test|bench|vm] installs npm packages from the lock file, and system
//   packages with apt-get as root; otherwise it names them.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STAMP = join(ROOT, "node_modules", ".wingman-setup");

/**
 * To run the executables for other targets: user-mode emulation and libraries for arm64; musl's
 * loader, and the tools to build a library of the few glibc functions that musl lacks.
 */
const TARGET_COMMANDS = [
  ["qemu-aarch64", "qemu-user"],
  ["/usr/aarch64-linux-gnu/lib/libc.so.6", "libc6-arm64-cross"],
  ["/usr/aarch64-linux-gnu/lib/libstdc++.so.6", "libstdc++6-arm64-cross"],
  ["/usr/aarch64-linux-gnu/lib/libgcc_s.so.1", "libgcc-s1-arm64-cross"],
  ["aarch64-linux-gnu-ld", "binutils-aarch64-linux-gnu"],
  ["/lib/ld-musl-x86_64.so.1", "musl"],
  ["tcc", "tcc"],
];

/** Commands that a task needs, or files by their whole path, and the Debian package of each. */
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
    ["git", "git"],
    ["chromium", "chromium"],
    ...(process.arch === "x64" ? TARGET_COMMANDS : []),
    ["openssl", "openssl"],
    ["/usr/lib/python3/dist-packages/crcmod", "python3-crcmod"],
    ["strace", "strace"],
    ["systemd-analyze", "systemd"],
    ["curl", "curl"],
    ["tftp", "tftp-hpa"],
    ["tshark", "tshark"],
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
    ["tftp", "tftp-hpa"],
  ],
  bench: [
    ["ip", "iproute2"],
    ["unshare", "util-linux"],
    ["nsenter", "util-linux"],
    ["keepalived", "keepalived"],
  ],
};

/**
 * Files that a task needs without what their packages do beside: installing the first one starts a
 * TFTP server for everybody, and the second one is for another processor. They are unpacked into
 * node_modules/.debian.
 */
const TFTP_SERVER = ["usr/sbin/in.tftpd", "tftpd-hpa"];
const MUSL_ARM64 = ["lib/ld-musl-aarch64.so.1", "musl:arm64"];
const UNPACKED = {
  test: [TFTP_SERVER, ...(process.arch === "x64" ? [MUSL_ARM64] : [])],
  vm: [TFTP_SERVER],
};
/** The libraries of those, as files and packages. */
const TFTP_LIBRARY = ["libwrap.so.0", "libwrap0"];
const LIBRARIES = { test: [TFTP_LIBRARY], vm: [TFTP_LIBRARY] };
const UNPACKED_FOLDER = join(ROOT, "node_modules", ".debian");

function fail(message) {
  process.stderr.write(`setup: ${message}\n`);
  process.exit(1);
}

function run(command, args, env = process.env, cwd = ROOT) {
  const result = spawnSync(command, args, {
    cwd,
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
  if (command.startsWith("/")) return existsSync(command);
  const folders = (process.env.PATH ?? "").split(":").concat(["/usr/sbin", "/sbin"]);
  return folders.some((folder) => folder !== "" && existsSync(join(folder, command)));
}

function isLibrary(name) {
  const known = spawnSync("ldconfig", ["-p"], { encoding: "utf8" }).stdout ?? "";
  return known.includes(`${name} `);
}

function unpackPrograms(task) {
  const missing = (UNPACKED[task] ?? []).filter(
    ([file]) => !existsSync(join(UNPACKED_FOLDER, file)),
  );
  for (const [file, name] of missing) {
    process.stderr.write(`setup: unpacking ${name}\n`);
    const folder = mkdtempSync(join(tmpdir(), "wingman-setup-"));
    const isThere = download(name, folder);
    const archive = isThere ? readdirSync(folder).find((file) => file.endsWith(".deb")) : undefined;
    const isUnpacked =
      archive !== undefined && run("dpkg", ["-x", join(folder, archive), UNPACKED_FOLDER]);
    rmSync(folder, { recursive: true, force: true });
    if (!isUnpacked) fail(`could not unpack ${file} of the Debian package ${name}`);
  }
}

/** The archive of a package into a folder. Whether it is there. */
function download(name, folder) {
  const [, architecture] = name.split(":");
  const options = architecture === undefined ? [] : foreign(architecture, folder);
  const fetch = () => run("apt-get", [...options, "-q", "download", name], process.env, folder);
  const update = () => run("apt-get", [...options, "update", "-qq"]);
  return (architecture === undefined && fetch()) || (update() && fetch());
}

/** Options of apt-get for another processor: its lists lie in the folder, and no setting changes. */
function foreign(architecture, folder) {
  const [lists, cache] = [join(folder, "lists"), join(folder, "cache")];
  for (const place of [join(lists, "partial"), join(cache, "archives", "partial")])
    mkdirSync(place, { recursive: true });
  return [
    ...["amd64", architecture].flatMap((name) => ["-o", `APT::Architectures::=${name}`]),
    ...["-o", `Dir::State::lists=${lists}`, "-o", `Dir::Cache=${cache}`],
  ];
}

function installCommands(task) {
  const missing = [
    ...COMMANDS[task].filter(([command]) => !isOnPath(command)),
    ...(LIBRARIES[task] ?? []).filter(([library]) => !isLibrary(library)),
  ];
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
if (task !== undefined) {
  installCommands(task);
  unpackPrograms(task);
}
