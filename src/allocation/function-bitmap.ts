/**
 * Sets of functions, one bit each, in 32-bit words. Several sets may share an array, each at its
 * `offset` in words.
 */
export function hasFunction(words: Uint32Array, offset: number, index: number): boolean {
  return (words[offset + (index >>> 5)] & (1 << (index & 31))) !== 0;
}

export function addFunction(words: Uint32Array, offset: number, index: number): void {
  words[offset + (index >>> 5)] |= 1 << (index & 31);
}

export function removeFunction(words: Uint32Array, offset: number, index: number): void {
  words[offset + (index >>> 5)] &= ~(1 << (index & 31));
}
