/**
 * States to continue later, stored as differences from a similar one, because most of a state is
 * the same in all. First in, first out with {@link read}, last in, first out with {@link pop}.
 */
import type { Part } from "./frontier-file.ts";

const CHUNK_WORDS = 1 << 22;
/** A state takes no more: two words for each of its own, and its head. */
const STATE_WORDS_MAX = 1 << 17;

// A difference is the place of a word and by how much it is greater, in one word where that fits.
const DELTA_BITS = 18;
const DELTA_MAX = 1 << (DELTA_BITS - 1);
/** The whole word follows. */
const WHOLE = 0;
const PLACES_MAX = 1 << (32 - DELTA_BITS);

export class StateStore {
  count = 0;
  private readonly chunks: Int32Array[] = [];
  /** Place of the next state: its chunk and its offset there. */
  private chunk = 0;
  private at = 0;
  private places = new Int32Array(1 << 12);
  private ofChunk = new Uint16Array(1 << 12);
  private indices = new Int32Array(1 << 12);

  constructor(private readonly like: Int32Array) {}

  get bytes(): number {
    return this.chunks.length * CHUNK_WORDS * 4;
  }

  /** The state's index among all. */
  index(entry: number): number {
    return this.indices[entry];
  }

  push(index: number, words: Int32Array, length: number): void {
    if (length > PLACES_MAX) throw new Error("a state is too long");
    if (this.at + STATE_WORDS_MAX > CHUNK_WORDS) {
      this.chunk++;
      this.at = 0;
    }
    while (this.chunks.length <= this.chunk) this.chunks.push(new Int32Array(CHUNK_WORDS));
    if (this.count === this.places.length) this.grow();
    this.places[this.count] = this.at;
    this.ofChunk[this.count] = this.chunk;
    this.indices[this.count++] = index;
    this.at = this.write(this.chunks[this.chunk] as Int32Array, words, length);
  }

  private grow(): void {
    const { places, ofChunk, indices } = this;
    this.places = new Int32Array(2 * this.count);
    this.places.set(places);
    this.ofChunk = new Uint16Array(2 * this.count);
    this.ofChunk.set(ofChunk);
    this.indices = new Int32Array(2 * this.count);
    this.indices.set(indices);
  }

  /** The length, how many words follow, and these. */
  private write(chunk: Int32Array, words: Int32Array, length: number): number {
    const { like } = this;
    const begin = this.at + 2;
    let at = begin;
    for (let place = 0; place < length; place++) {
      const word = words[place];
      const delta = (word - like[place]) | 0;
      if (delta === 0) continue;
      if (delta > -DELTA_MAX && delta < DELTA_MAX) {
        chunk[at++] = (place << DELTA_BITS) | (delta + DELTA_MAX);
      } else {
        chunk[at++] = (place << DELTA_BITS) | WHOLE;
        chunk[at++] = word;
      }
    }
    chunk[begin - 2] = length;
    chunk[begin - 1] = at - begin;
    return at;
  }

  /** Puts the state of an entry into `words`. @returns its length */
  read(entry: number, words: Int32Array): number {
    const chunk = this.chunks[this.ofChunk[entry]] as Int32Array;
    const { like } = this;
    let at = this.places[entry];
    const length = chunk[at++];
    const end = at + 1 + chunk[at];
    at++;
    for (let place = 0; place < length; place++) words[place] = like[place];
    while (at < end) {
      const told = chunk[at++];
      const place = told >>> DELTA_BITS;
      const delta = told & (2 * DELTA_MAX - 1);
      words[place] = delta === WHOLE ? chunk[at++] : like[place] + delta - DELTA_MAX;
    }
    return length;
  }

  /** Takes the last state away, into `words`. @returns its index, −1 when there is none */
  pop(words: Int32Array): number {
    if (this.count === 0) return -1;
    this.read(--this.count, words);
    this.chunk = this.ofChunk[this.count];
    this.at = this.places[this.count];
    return this.indices[this.count];
  }

  part(): Part {
    const { count, chunk, at } = this;
    const columns = [this.places, this.ofChunk, this.indices];
    return {
      numbers: { count, chunk, at },
      columns: [...columns.map((column) => column.subarray(0, count)), ...this.chunks],
    };
  }

  /** As it was when `part` was asked for. */
  take({ numbers, columns }: Part): void {
    const [places, ofChunk, indices, ...chunks] = columns;
    this.count = numbers.count as number;
    this.chunk = numbers.chunk as number;
    this.at = numbers.at as number;
    this.places = places as typeof this.places;
    this.ofChunk = ofChunk as typeof this.ofChunk;
    this.indices = indices as typeof this.places;
    this.chunks.splice(0, this.chunks.length, ...(chunks as Int32Array[]));
  }
}
