import { Random } from "../seeded-random.ts";

/** Damages one byte in about `oneIn`, at places that the seed alone decides. */
export class Noise {
  flips = 0;
  readonly #random: Random;
  readonly #oneIn: number;
  #left: number;

  constructor(seed: number, oneIn: number) {
    this.#random = new Random(seed);
    this.#oneIn = oneIn;
    this.#left = this.#random.below(2 * oneIn);
  }

  pass(bytes: Uint8Array): Uint8Array {
    const damaged = bytes.slice();
    while (this.#left < damaged.length) {
      damaged[this.#left] ^= 1 << this.#random.below(8);
      this.flips++;
      this.#left += 1 + this.#random.below(2 * this.#oneIn);
    }
    this.#left -= damaged.length;
    return damaged;
  }
}
