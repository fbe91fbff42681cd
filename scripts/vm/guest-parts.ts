/**
 * Components of the guest other than Wingman: kernel, drivers and busybox of Debian. Fetched once
 * with apt-get, unpacked but not installed, and kept where git ignores it.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, join } from "node:path";
import { RuntimeError } from "../../src/command-line/errors.ts";
import { runCommand, tryCommand } from "../../src/rig/command-run.ts";
import { unpackKernel } from "./kernel-image.ts";
import { modulesInOrder } from "./kernel-modules.ts";

/** In `node_modules`, which git ignores. */
export const CACHE = join(import.meta.dir, "../../node_modules/.cache/vm");

/** Package that depends on Debian's current kernel. Its cloud kernel lacks i6300esb. */
const KERNEL_PACKAGE = "linux-image-amd64";
const BUSYBOX_PACKAGE = "busybox-static";

/** For the root; the file system's checksums request crc32c by name, which is no dependency. */
const DRIVERS = [
  ...["virtio_pci", "virtio_blk", "squashfs", "crc32c_generic", "ext4"],
  ...["virtio_net", "virtio_console", "i6300esb", "nf_tables", "sch_ingress", "cls_bpf"],
];

/** Prefix of a directory, followed by the number of the process that fills it. */
const FETCHING = "fetching-";

export interface GuestParts {
  /** Uncompressed, with its PVH note. */
  readonly kernel: string;
  /** In loading order. */
  readonly modules: readonly string[];
  readonly busybox: string;
  /** Packages fetched now, with their versions. */
  readonly fetched: readonly string[];
}

/**
 * @param say reports slow steps, for people
 * @throws RuntimeError when Debian's packages are not available
 */
export async function guestParts(say: (text: string) => void): Promise<GuestParts> {
  const directory = join(CACHE, "guest");
  const fetched = existsSync(directory) ? [] : await fetchParts(directory, say);
  const order = readFileSync(join(directory, "modules", "order"), "utf8")
    .trim()
    .split("\n");
  return {
    kernel: join(directory, "vmlinux"),
    modules: order.map((name) => join(directory, "modules", name)),
    busybox: join(directory, "busybox"),
    fetched,
  };
}

/** The directory appears whole or not at all. */
async function fetchParts(directory: string, say: (text: string) => void): Promise<string[]> {
  if (Bun.which("apt-get") === null || Bun.which("dpkg") === null)
    throw new RuntimeError(
      "found no apt-get and dpkg, expected Debian: the guest's kernel is Debian's",
    );
  sweep();
  const work = join(CACHE, `${FETCHING}${process.pid}`);
  mkdirSync(join(work, "tree"), { recursive: true });
  try {
    const packages = [await kernelOfTheDay(), BUSYBOX_PACKAGE];
    say(`fetching ${packages.join(" and ")} from Debian (about 70 MB), once`);
    await inDirectory(work, [
      "apt-get",
      "download",
      "-qq",
      "-o",
      "APT::Sandbox::User=root",
      ...packages,
    ]);
    const archives = readdirSync(work).filter((name) => name.endsWith(".deb"));
    for (const archive of archives)
      await runCommand(["dpkg", "-x", join(work, archive), join(work, "tree")]);
    await keepWhatIsNeeded(join(work, "tree"), join(work, "guest"));
    mkdirSync(CACHE, { recursive: true });
    // Another run may have been quicker.
    if (!existsSync(directory)) renameSync(join(work, "guest"), directory);
    const versions = archives.map((name) => decodeURIComponent(basename(name, ".deb")));
    say(`fetched ${versions.join(", ")}`);
    return versions;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Removes partial downloads of killed runs. */
function sweep(): void {
  if (!existsSync(CACHE)) return;
  for (const name of readdirSync(CACHE)) {
    const pid = name.startsWith(FETCHING) ? name.slice(FETCHING.length) : null;
    if (pid === null || (existsSync(`/proc/${pid}`) && pid !== String(process.pid))) continue;
    rmSync(join(CACHE, name), { recursive: true, force: true });
  }
}

async function kernelOfTheDay(): Promise<string> {
  const ask = async (): Promise<string | undefined> =>
    /Depends: (linux-image-\S+)/.exec(
      (await tryCommand(["apt-cache", "depends", KERNEL_PACKAGE])).stdout,
    )?.[1];
  const known = await ask();
  if (known !== undefined) return known;
  await runCommand(["apt-get", "update", "-qq"]);
  const name = await ask();
  if (name === undefined)
    throw new RuntimeError(`apt-get: found no package ${KERNEL_PACKAGE}, expected Debian's kernel`);
  return name;
}

/** Package lists may be older than the archive: then retry with fresh ones. */
async function inDirectory(cwd: string, command: string[]): Promise<void> {
  const script = ["sh", "-c", 'cd "$0" && exec "$@"', cwd];
  if ((await tryCommand([...script, ...command])).exitCode === 0) return;
  await runCommand(["apt-get", "update", "-qq"]);
  await runCommand([...script, ...command]);
}

async function keepWhatIsNeeded(tree: string, guest: string): Promise<void> {
  mkdirSync(join(guest, "modules"), { recursive: true });
  const boot = join(tree, "boot");
  const image = readdirSync(boot).find((name) => name.startsWith("vmlinuz-"));
  if (image === undefined) throw new RuntimeError("kernel package: found no boot/vmlinuz-*");
  await Bun.write(join(guest, "vmlinux"), await unpackKernel(readFileSync(join(boot, image))));
  const version = image.slice("vmlinuz-".length);
  const modules = join(tree, "lib/modules", version);
  const inOrder = modulesInOrder(modules, DRIVERS);
  for (const file of inOrder) copyFileSync(file, join(guest, "modules", basename(file)));
  const names = inOrder.map((file) => basename(file));
  await Bun.write(join(guest, "modules", "order"), `${names.join("\n")}\n`);
  copyFileSync(join(tree, "bin/busybox"), join(guest, "busybox"));
}
