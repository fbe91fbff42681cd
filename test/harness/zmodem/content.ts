import { Random } from "../seeded-random.ts";

/** Every byte value in every neighbourhood, and nothing that a compressing line could shorten. */
export function content(length: number, seed = 1): Uint8Array {
  const random = new Random(seed);
  return Uint8Array.from({ length }, (_, i) => (i < 512 ? i & 255 : random.below(256)));
}
