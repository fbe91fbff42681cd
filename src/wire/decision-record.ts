/**
 * The inputs of one allocation in maintenance records, each of which holds two words of 32 bits.
 * Servers of functions: nine functions per record, 6 bits each, and the number of the record.
 *
 * | word   | bits  | field                                              |
 * |--------|-------|----------------------------------------------------|
 * | first  | 0…23  | the first four functions of the record             |
 * | first  | 24…30 | number of the record: function ÷ 9                 |
 * | second | 0…29  | the other five                                     |
 *
 * A function: bits 0…4 its server + 1, 0 for none; bit 5: the server has only claimed it.
 */
import { assert } from "../assert.ts";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";

export const OWNERS_PER_RECORD = 9;
const FIRST_WORD = 4;
const BITS = 6;
const CLAIMED = 32;
const SERVER = CLAIMED - 1;
const PLACE_AT = 24;

/** Six bits of one function: `server` from 0, or −1 for none. */
export function ownerBits(server: number, isClaimed: boolean): number {
  return (server + 1) | (isClaimed ? CLAIMED : 0);
}

/**
 * The first word's bits for the function at `place` of its record; 0 when they belong to the other
 * word.
 */
export function ownerInFirst(place: number, bits: number): number {
  return place < FIRST_WORD ? bits << (BITS * place) : 0;
}

export function ownerInSecond(place: number, bits: number): number {
  return place < FIRST_WORD ? 0 : bits << (BITS * (place - FIRST_WORD));
}

/** Number of the record, in its first word. */
export function ownersRecord(record: number): number {
  return record << PLACE_AT;
}

/** Index of the first of the nine functions. */
export function ownersFrom(first: number): number {
  return OWNERS_PER_RECORD * (first >>> PLACE_AT);
}

/** Bits of the function at `place` of the record. */
export function ownerOf(
  first: number,
  second: number,
  place: number,
): { server: number; isClaimed: boolean } {
  const word = place < FIRST_WORD ? first : second;
  const bits = word >>> (BITS * (place < FIRST_WORD ? place : place - FIRST_WORD));
  return { server: (bits & SERVER) - 1, isClaimed: (bits & CLAIMED) !== 0 };
}

// ---- first word of the record that ends a decision

const HOLDS = 1 << SERVERS_MAX;
const RECORDS_AT = SERVERS_MAX + 1;

/**
 * @param operable mask of the servers
 * @param records number of preceding records of this decision
 */
export function decisionWord(operable: number, holds: boolean, records: number): number {
  return operable | (holds ? HOLDS : 0) | (records << RECORDS_AT);
}

export const decisionOperable = (word: number): number => word & (HOLDS - 1);
export const decisionHolds = (word: number): boolean => (word & HOLDS) !== 0;
export const decisionRecords = (word: number): number => word >>> RECORDS_AT;

/**
 * Maximum records of a decision before its last one: owners, functions that cannot run, withheld
 * resource.
 */
export const DECISION_RECORDS_MAX =
  Math.ceil(FUNCTIONS_MAX / OWNERS_PER_RECORD) + FUNCTIONS_MAX + SERVERS_MAX;

assert(SERVERS_MAX < SERVER, "every server and none fit a function's bits");
assert(Math.ceil(FUNCTIONS_MAX / OWNERS_PER_RECORD) < 1 << 7, "every record has its number");
assert(DECISION_RECORDS_MAX < 1 << (32 - RECORDS_AT), "so many can be counted");
