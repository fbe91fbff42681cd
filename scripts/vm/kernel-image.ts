/**
 * Extracts the kernel proper from a bzImage (Linux documentation, arch/x86/boot): QEMU starts an
 * ELF with a PVH note at once, while a bzImage unpacks itself first, slowly on an emulated
 * processor.
 */
import { RuntimeError } from "../../src/command-line/errors.ts";

// The boot protocol's header.
const SECTOR_BYTES = 512;
const SETUP_SECTORS_AT = 0x1f1;
const HEADER_MAGIC_AT = 0x202;
const HEADER_MAGIC = 0x53726448; // "HdrS"
const PAYLOAD_OFFSET_AT = 0x248;
const PAYLOAD_LENGTH_AT = 0x24c;
/** The unpacked size follows the payload's last byte. */
const SIZE_BYTES = 4;

/** Magic numbers of packed streams, and their unpackers. */
const PACKERS = [
  ["fd377a585a00", ["xz", "-dc"]],
  ["28b52ffd", ["zstd", "-dcq"]],
  ["1f8b", ["gzip", "-dc"]],
] as const;

/**
 * @param image content of a `vmlinuz`
 * @throws RuntimeError when it is none, or packed in an unknown way
 */
export async function unpackKernel(image: Uint8Array): Promise<Uint8Array> {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (image.length < 1024 || view.getUint32(HEADER_MAGIC_AT, true) !== HEADER_MAGIC)
    throw new RuntimeError("kernel: found no boot header, expected a bzImage");
  const setupSectors = image[SETUP_SECTORS_AT] || 4;
  const begin = (setupSectors + 1) * SECTOR_BYTES + view.getUint32(PAYLOAD_OFFSET_AT, true);
  const end = begin + view.getUint32(PAYLOAD_LENGTH_AT, true);
  const packed = image.subarray(begin, end - SIZE_BYTES);
  const beginning = Buffer.from(packed.subarray(0, 6)).toString("hex");
  const command = PACKERS.find(([magic]) => beginning.startsWith(magic))?.[1];
  if (command === undefined)
    throw new RuntimeError(
      `kernel: found a payload that begins ${beginning}, expected xz, zstd or gzip`,
    );
  const unpacker = Bun.spawn([...command], { stdin: packed, stdout: "pipe", stderr: "ignore" });
  const kernel = new Uint8Array(await new Response(unpacker.stdout).arrayBuffer());
  const size = view.getUint32(end - SIZE_BYTES, true);
  if (kernel.length !== size)
    throw new RuntimeError(`kernel: ${command[0]} gave ${kernel.length} bytes, expected ${size}`);
  return kernel;
}
