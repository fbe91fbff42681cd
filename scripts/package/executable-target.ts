/** Target machine of an executable, from its ELF header. */
import type { Target } from "../../src/part/manifest.ts";

const ELF_MAGIC = 0x7f45_4c46;
const MACHINE_AT = 18;
const HEADER_BYTES = 64;

/** e_machine of each architecture (ELF for x86-64 and for AArch64). */
const MACHINES: Readonly<Record<number, "x64" | "arm64">> = { 62: "x64", 183: "arm64" };

/** The path of the dynamic linker is near the start, in its own segment. */
const LINKER_WITHIN_BYTES = 64 * 1024;

/** null for an executable of a machine without parts. */
export function executableTarget(content: Uint8Array): Target | null {
  if (content.length < HEADER_BYTES) return null;
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const machine = MACHINES[view.getUint16(MACHINE_AT, true)];
  if (view.getUint32(0) !== ELF_MAGIC || machine === undefined) return null;
  const start = Buffer.from(content.subarray(0, LINKER_WITHIN_BYTES));
  return start.includes("/ld-musl-") ? `linux-${machine}-musl` : `linux-${machine}`;
}
