/** For which machine an executable is made, from its ELF header. */
import type { Target } from "../../src/part/manifest.ts";

const ELF_MAGIC = 0x7f45_4c46;
const MACHINE_AT = 18;
const HEADER_BYTES = 64;

/** e_machine of each architecture (ELF for x86-64 and for AArch64). */
const MACHINES: Readonly<Record<number, "x64" | "arm64">> = { 62: "x64", 183: "arm64" };

/** The path of the dynamic linker stands near the start, in a segment of its own. */
const LINKER_WITHIN_BYTES = 64 * 1024;

/** null: no executable for a machine that a part can be for. */
export function executableTarget(content: Uint8Array): Target | null {
  if (content.length < HEADER_BYTES) return null;
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const machine = MACHINES[view.getUint16(MACHINE_AT, true)];
  if (view.getUint32(0) !== ELF_MAGIC || machine === undefined) return null;
  const start = Buffer.from(content.subarray(0, LINKER_WITHIN_BYTES));
  return start.includes("/ld-musl-") ? `linux-${machine}-musl` : `linux-${machine}`;
}
