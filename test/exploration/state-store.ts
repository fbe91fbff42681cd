/**
 * States that are gone on from later, in the order in which they came: as differences from the
 * first one, because most of a state is the same in all.
 */

const CHUNK_BYTES = 1 << 24;
/** A state takes no more: five bytes a word and the runs between. */
const STATE_BYTES_MAX = 1 << 18;

export class StateStore {
  count = 0;
  private readonly chunks: Uint8Array[] = [];
  private at = CHUNK_BYTES;
  /** Chunk and place of each state, its index, and its length in words. */
  private places = new Float64Array(1 << 12);
  private indices = new Int32Array(1 << 12);

  constructor(private readonly like: Int32Array) {}

  get bytes(): number {
    return this.chunks.length * CHUNK_BYTES;
  }

  index(entry: number): number {
    return this.indices[entry];
  }

  push(index: number, words: Int32Array, length: number): void {
    if (this.at + STATE_BYTES_MAX > CHUNK_BYTES) {
      this.chunks.push(new Uint8Array(CHUNK_BYTES));
      this.at = 0;
    }
    if (this.count === this.places.length) {
      const places = new Float64Array(2 * this.count);
      places.set(this.places);
      this.places = places;
      const indices = new Int32Array(2 * this.count);
      indices.set(this.indices);
      this.indices = indices;
    }
    this.places[this.count] = (this.chunks.length - 1) * CHUNK_BYTES + this.at;
    this.indices[this.count++] = index;
    this.at = this.write(this.chunks[this.chunks.length - 1] as Uint8Array, words, length);
  }

  /** Runs of words as in the first state, each followed by one word that differs. */
  private write(chunk: Uint8Array, words: Int32Array, length: number): number {
    const { like } = this;
    let at = put(chunk, this.at, length);
    let run = 0;
    for (let place = 0; place < length; place++) {
      const difference = (words[place] - like[place]) | 0;
      if (difference === 0) {
        run++;
        continue;
      }
      at = put(chunk, at, run);
      at = put(chunk, at, (difference << 1) ^ (difference >> 31));
      run = 0;
    }
    return run > 0 ? put(chunk, at, run) : at;
  }

  /** Puts the state of an entry into `words`. @returns its length */
  read(entry: number, words: Int32Array): number {
    const place = this.places[entry];
    const chunk = this.chunks[Math.floor(place / CHUNK_BYTES)] as Uint8Array;
    const { like } = this;
    cursor = place % CHUNK_BYTES;
    const length = take(chunk);
    for (let next = 0; next < length; ) {
      const until = next + take(chunk);
      for (; next < until; next++) words[next] = like[next];
      if (next >= length) break;
      const told = take(chunk);
      words[next] = like[next] + ((told >>> 1) ^ -(told & 1));
      next++;
    }
    return length;
  }
}

/** Seven bits a byte, the lowest first. */
function put(chunk: Uint8Array, from: number, value: number): number {
  let at = from;
  let left = value >>> 0;
  while (left > 127) {
    chunk[at++] = (left & 127) | 128;
    left >>>= 7;
  }
  chunk[at++] = left;
  return at;
}

let cursor = 0;
function take(chunk: Uint8Array): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = chunk[cursor++];
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
  }
}
