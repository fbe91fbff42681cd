/**
 * The meaning of a class's fields for a state of flight, and the code derived from it. A table
 * names every field of a class once; saving, restoring and the canonical form are made from it.
 *
 * The canonical form is equal for two flights with the same future: times are relative to now,
 * sequence numbers to the sender's newest, incarnations are ranks, and pure counters are left out.
 * It is also the saved form, so that a continued state is always a restored one.
 */

/** How many entries of a column there are: of the aircraft, whatever the limits are. */
export type Size =
  | "one"
  | "servers"
  | "functions"
  | "words"
  | "networks"
  | "dimensions"
  | "server networks"
  | "directions";

export interface Kind {
  readonly kind: string;
  readonly size: Size;
  /** An expression; where it does not hold, the entry is not read before it is written again. */
  readonly while?: string | undefined;
  /** An expression in µs: anything longer ago is equivalent. */
  readonly past?: string | undefined;
  /** A number that is no time, but stands for none. */
  readonly none?: number | undefined;
  /** Expressions: the server whose number it is, and in which incarnation. */
  readonly of?: string | undefined;
  readonly incarnation?: string | undefined;
  /** An expression: only whether it is the same counts. */
  readonly as?: string | undefined;
  /** A greater number is equivalent. */
  readonly limit?: string | undefined;
  /** Expressions with the code of a class that needs its own. */
  readonly save?: string;
  readonly restore?: string;
}

export type Fields = Readonly<Record<string, Kind>>;

interface Wishes {
  readonly size?: Size;
  readonly while?: string;
}

const plain = (kind: string): Kind => ({ kind, size: "one" });

/** A number of 31 bits and a sign, or a column of numbers. */
export const value = (wishes: Wishes = {}): Kind => ({ kind: "value", size: "one", ...wishes });
/** A whole number of 32 bits. */
export const word = (wishes: Wishes = {}): Kind => ({ kind: "word", size: "one", ...wishes });
export const flag = (wishes: Wishes = {}): Kind => ({ kind: "flag", size: "one", ...wishes });
/** A count of which only the first `limit` steps matter. */
export const count = (limit: string, wishes: Wishes = {}): Kind => ({
  kind: "count",
  size: "one",
  limit,
  ...wishes,
});
/** A time that is compared with others; anything before `past` µs ago is equivalent. */
export const time = (past: string, wishes: Wishes & { none?: number } = {}): Kind => ({
  kind: "time",
  size: "one",
  past,
  ...wishes,
});
/** A time that is waited for: once it has passed, its value does not matter. */
export const deadline = (wishes: Wishes = {}): Kind => ({
  kind: "deadline",
  size: "one",
  ...wishes,
});
/** A sequence number of the server `of` in its incarnation. */
export const sequence = (of: string, incarnation: string, wishes: Wishes = {}): Kind => ({
  kind: "sequence",
  size: "one",
  of,
  incarnation,
  ...wishes,
});
/** A sequence number of this server's own. */
export const ownSequence = (wishes: Wishes = {}): Kind => sequence("k.self", "k.own", wishes);
/** An incarnation of the server `of`. */
export const incarnation = (of: string, wishes: Wishes = {}): Kind => ({
  kind: "incarnation",
  size: "one",
  of,
  ...wishes,
});
/** A number that only grows, of which another server remembers the last seen value. */
export const seen = (as: string, wishes: Wishes = {}): Kind => ({
  kind: "seen",
  size: "one",
  as,
  ...wishes,
});
/** An object of a class with a table of its own. */
export const part = (of: string): Kind => ({ kind: "part", size: "one", of });
/** An object that is a part of another, or of the aircraft. */
export const shared = plain("shared");
/** Never written after the constructor. */
export const fixed = plain("fixed");
/** Written, but never used for decisions. */
export const telemetry = plain("telemetry");
/** Always written before it is read, within one step. */
export const scratch = plain("scratch");
/** Saved by a hand-written part of the class's codec. */
export const byHand = plain("by hand");
/** Restored to the same number whatever it was. */
export const reset = (to: string): Kind => ({ kind: "reset", size: "one", restore: to });
/** Code of its own, once for the whole class: `w[p++]` is the next word. */
export const code = (save: string, restore: string): Kind => ({
  kind: "code",
  size: "one",
  save,
  restore,
});

/** Facts about the aircraft at code generation: counts, limits and times in µs. */
export interface Numbers {
  readonly servers: number;
  readonly functions: number;
  readonly dimensions: number;
  readonly wordCount: number;
  readonly networks: number;
  readonly networksMax: number;
  readonly serversMax: number;
  readonly [name: string]: number;
}

const upTo = (count: number): number[] => [...Array(count).keys()];

/** Code before each entry of a column; loops are unrolled. */
function entriesOf(size: Size, numbers: Numbers): string[] {
  const { servers, functions, dimensions, wordCount, networks, networksMax, serversMax } = numbers;
  const each = (count: number): string[] => upTo(count).map((i) => `const i = ${i};`);
  switch (size) {
    case "one":
      return [""];
    case "servers":
      return each(servers);
    case "functions":
      return each(functions);
    case "dimensions":
      return each(dimensions);
    case "words":
      return each(wordCount);
    case "networks":
      return each(networks);
    case "directions":
      return upTo(servers).flatMap((f) =>
        upTo(servers).map((t) => `const f = ${f}, t = ${t}, i = ${f * serversMax + t};`),
      );
    case "server networks":
      return upTo(servers).flatMap((s) =>
        upTo(networks).map((n) => `const s = ${s}, n = ${n}, i = ${s * networksMax + n};`),
      );
  }
}

// ---- codes of what is no number of µs
const NEVER = 0x7fffffff;
const ALWAYS = -0x80000000;
/** The newest sequence number has this code; 0 is none. */
const NEWEST = 1000;

function saveOne({ kind, past, none, of, incarnation: of2, as, limit }: Kind, at: string): string {
  switch (kind) {
    case "value":
    case "word":
      return at;
    case "flag":
      return `${at} ? 1 : 0`;
    case "count":
      return `Math.min(${at}, ${limit})`;
    case "time": {
      const told =
        `${at} === Infinity ? ${NEVER} : ${at} === -Infinity ? ${ALWAYS} ` +
        `: Math.max(${at} - now, -(${past}))`;
      return none === undefined ? told : `${at} === ${none} ? ${NEVER} : ${told}`;
    }
    case "deadline":
      return `${at} <= now ? ${ALWAYS} : ${at} === Infinity ? ${NEVER} : ${at} - now`;
    case "sequence":
      return `${at} === 0 ? 0 : Math.max(${at} - k.base(${of}, ${of2}), -k.window) + ${NEWEST}`;
    case "incarnation":
      return `k.rank(${of}, ${at})`;
    case "seen":
      return `${at} === ${as} ? 1 : 0`;
    default:
      throw new Error(`no code for ${kind}`);
  }
}

function restoreOne({ kind, none, of, as }: Kind, read: string): string {
  switch (kind) {
    case "value":
    case "count":
      return read;
    case "word":
      return `${read} >>> 0`;
    case "flag":
      return `${read} !== 0`;
    case "time":
      return (
        `(c = ${read}) === ${NEVER} ? ${none ?? "Infinity"} ` +
        `: c === ${ALWAYS} ? -Infinity : now + c`
      );
    case "deadline":
      return `(c = ${read}) === ${NEVER} ? Infinity : c === ${ALWAYS} ? -Infinity : now + c`;
    case "sequence":
      return `(c = ${read}) === 0 ? 0 : k.newest + c - ${NEWEST}`;
    case "incarnation":
      return `k.number(${of}, ${read})`;
    case "seen":
      return `${read} !== 0 ? ${as} : ${as} - 1`;
    default:
      throw new Error(`no code for ${kind}`);
  }
}

const UNSAVED = new Set(["shared", "fixed", "telemetry", "scratch", "by hand"]);

/** The functions of a class's generated code. */
export interface Codec {
  save(object: object, ink: object): void;
  restore(object: object, ink: object): void;
}

/**
 * Makes the code of all classes.
 * @param tables by the names of the classes
 * @param numbers what the tables call `k.NAME` and stays the same
 * @param isNamed saving tells which field each word is of, by `ink.name(CLASS.FIELD, from, to)`
 */
export function codecsOf(
  tables: Readonly<Record<string, Fields>>,
  numbers: Numbers,
  isNamed = false,
): Record<string, Codec> {
  const codecs: Record<string, Codec> = {};
  for (const [name, fields] of Object.entries(tables)) {
    const saving: string[] = [];
    const restoring: string[] = [];
    for (const [field, kind] of Object.entries(fields)) {
      if (isNamed) saving.push(`const from${field} = p;`);
      addCode(field, kind, numbers, saving, restoring);
      if (isNamed) saving.push(`k.name("${name}.${field}", from${field}, p);`);
    }
    const make = (lines: string[], which: string): string =>
      `function ${which}${name}(o, k) { const w = k.words, now = k.nowUs; let p = k.at, c = 0;\n` +
      `${lines.join("\n")}\nk.at = p; }`;
    const lines =
      `${make(saving, "save")}\n${make(restoring, "restore")}\n` +
      `return { save: save${name}, restore: restore${name} };`;
    const told = lines.replace(/\bk\.(\w+)/g, (k, known) => `${numbers[known] ?? k}`);
    codecs[name] = new Function("codecs", told)(codecs) as Codec;
  }
  return codecs;
}

function addCode(
  field: string,
  kind: Kind,
  numbers: Numbers,
  saving: string[],
  restoring: string[],
): void {
  if (UNSAVED.has(kind.kind)) return;
  if (kind.kind === "part") {
    const call = (which: string): string =>
      `k.at = p; codecs.${kind.of}.${which}(o.${field}, k); p = k.at;`;
    saving.push(call("save"));
    restoring.push(call("restore"));
    return;
  }
  if (kind.kind === "reset") {
    restoring.push(`o.${field} = ${kind.restore};`);
    return;
  }
  if (kind.kind === "code") {
    saving.push(kind.save as string);
    restoring.push(kind.restore as string);
    return;
  }
  const at = kind.size === "one" ? `o.${field}` : `o.${field}[i]`;
  const told = saveOne(kind, at);
  const unread = kind.kind === "time" ? `-(${kind.past})` : "0"; // long ago
  const one = kind.while === undefined ? told : `(${kind.while}) ? (${told}) : ${unread}`;
  for (const entry of entriesOf(kind.size, numbers)) {
    saving.push(`{ ${entry} w[p++] = ${one}; }`);
    restoring.push(`{ ${entry} ${at} = ${restoreOne(kind, "w[p++]")}; }`);
  }
}
