/** Requirements of the rig on the machine. A missing one is reported in one line. */
import { existsSync } from "node:fs";
import { RuntimeError } from "../command-line/errors.ts";
import { runCommand, tryCommand } from "./command-run.ts";

/** Programs with their package on Debian and its derivatives. */
const PROGRAMS: readonly (readonly [string, string])[] = [
  ["ip", "iproute2"],
  ["unshare", "util-linux"],
  ["nsenter", "util-linux"],
];

const NAMESPACES = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
const AS_USER = ["--user", "--map-root-user"];

/**
 * Command prefix that starts a program in its own namespaces: as root, or in a user namespace where
 * the kernel permits it to an unprivileged user.
 *
 * @throws RuntimeError naming what is missing.
 */
export async function namespacePrefix(wingman: readonly string[]): Promise<string[]> {
  const missing = PROGRAMS.filter(([program]) => Bun.which(program) === null);
  if (missing.length > 0) {
    const wanted = missing.map(([program, pack]) => `${program} (package ${pack})`);
    throw new RuntimeError(`missing on this machine: ${wanted.join(", ")}`);
  }
  const [program = ""] = wingman;
  if (!existsSync(program))
    throw new RuntimeError(`the flight executable ${program} is not there; give it with --wingman`);

  const ways = process.getuid?.() === 0 ? [[], AS_USER] : [AS_USER];
  let refusal = "";
  for (const way of ways) {
    const prefix = ["unshare", ...way, ...NAMESPACES];
    const { exitCode, stderr } = await tryCommand([...prefix, "true"]);
    if (exitCode === 0) {
      await requireLinks(prefix);
      return prefix;
    }
    refusal = refusal || stderr.trim().split("\n")[0] || `exit code ${exitCode}`;
  }
  throw new RuntimeError(
    `this user may not make network namespaces (${refusal}): run it as root (in a container with CAP_SYS_ADMIN and CAP_NET_ADMIN), or let the kernel allow unprivileged user namespaces`,
  );
}

async function requireLinks(prefix: readonly string[]): Promise<void> {
  const script = "ip link add br0 type bridge && ip link add v0 type veth peer name v1";
  try {
    await runCommand([...prefix, "sh", "-c", script]);
  } catch (error) {
    const reason =
      error instanceof RuntimeError
        ? error.message.slice(error.message.lastIndexOf(": ") + 2)
        : String(error);
    throw new RuntimeError(`this kernel cannot make a bridge and a veth pair: ${reason}`);
  }
}
