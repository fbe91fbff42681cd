/**
 * Kinds of values in the firmware configuration: numbers, texts and lists with their expectations,
 * addresses, names and paths. schema.ts combines them.
 */
import * as v from "valibot";
import { PORT_MAX, parseAddress, parseVip, specialAddress, vipObjection } from "./address.ts";
import { checkCharacters, hasCorrectCheckCharacters, PART_NUMBER } from "./part-number.ts";
import { quoted } from "./problem.ts";

/** A port below 1024 would need a privilege that nothing else here needs. */
const PORT_MIN = 1024;

const grouped = (value: number): string => value.toLocaleString("en-US");

/** The words of {@link wholeNumber} after "expected". */
export function wholeNumberWords(min: number, max: number): string {
  return `a whole number from ${grouped(min)} to ${grouped(max)}`;
}

/** Both ends are allowed. */
export function wholeNumber(min: number, max: number, description: string) {
  const message = wholeNumberWords(min, max);
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(min, message),
    v.maxValue(max, message),
    v.description(description),
  );
}

/** Text that matches `pattern`; `message` describes it in words. */
export function text(pattern: RegExp, message: string, description: string) {
  return v.pipe(v.string(message), v.regex(pattern, message), v.description(description));
}

/** From `min` to `max` items, both allowed; `of` is their name in the plural. */
export function list<const Item extends v.GenericSchema>(
  item: Item,
  min: number,
  max: number,
  of: string,
  description: string,
) {
  const message = `a list of ${min} to ${grouped(max)} ${of}`;
  return v.pipe(
    v.array(item, message),
    v.minLength(min, message),
    v.maxLength(max, message),
    v.description(description),
  );
}

/** Text without an `objection`; the objection's words follow "found" and the text. */
export function checkedText(
  message: string,
  description: string,
  objection: (value: string) => string | null,
) {
  return v.pipe(
    v.string(message),
    v.check((value) => objection(value) === null, message),
    v.metadata({ objection }),
    v.description(description),
  );
}

/** The objection to a text that {@link checkedText} refuses, without the text itself. */
export function objectionTo(schema: v.GenericSchema, value: unknown): string | null {
  const { objection } = v.getMetadata(schema) as { objection?: (value: string) => string | null };
  if (typeof value !== "string" || objection === undefined) return null;
  const words = objection(value);
  return words === null ? null : `${quoted(value)}, ${words}`;
}

export const IdSchema = text(
  /^[a-z0-9][a-z0-9-]{0,31}$/,
  'an identifier of 1 to 32 characters "a" to "z", "0" to "9" and "-", not starting with "-"',
  "Identifier, unique among its kind.",
);

/** IFNAMSIZ leaves 15 characters. */
export const INTERFACE_NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,15}$/;

export const interfaceName = (description: string) =>
  text(INTERFACE_NAME, "the name of a network interface, at most 15 characters", description);

export const port = (description: string) => wholeNumber(PORT_MIN, PORT_MAX, description);

export const multicastGroup = (description: string) =>
  checkedText(
    "an IPv4 multicast address from 224.0.1.0 to 239.255.255.255",
    description,
    (value) => {
      const address = parseAddress(value);
      const [first = 0, second, third] = address?.bytes ?? [];
      if (address?.family !== 4) return "no IPv4 address";
      if (first < 224 || first > 239) return "no multicast address";
      // 224.0.0.0/24 belongs to routing protocols; switches flood it (RFC 5771, RFC 4541).
      return first === 224 && second === 0 && third === 0 ? "a reserved group" : null;
    },
  );

export const VipSchema = checkedText(
  'a unicast address with its prefix length, such as "10.44.1.1/16" or "fd44::1:1/64"',
  "Virtual IP address, IPv4 or IPv6, with the prefix length of the client network.",
  (value) => {
    const vip = parseVip(value);
    return vip === null ? "no address with a prefix length" : vipObjection(vip);
  },
);

export const WitnessSchema = checkedText(
  'a unicast IPv4 address, such as "10.44.0.1"',
  "Address on the client network that answers ARP, such as a switch or the crew panel.",
  (value) => {
    const address = parseAddress(value);
    return address?.family === 4 ? specialAddress(address) : "no IPv4 address";
  },
);

export const PartNumberSchema = checkedText(
  "13 characters: supplier code (3), check characters (2), product identifier (8, without I, O, Q and Z)",
  "Part number of this configuration. The check characters are the exclusive or of the other eleven, in hexadecimal.",
  (value) => {
    if (!PART_NUMBER.test(value)) return "no part number";
    if (hasCorrectCheckCharacters(value)) return null;
    const right = checkCharacters(value.slice(0, 3) + value.slice(5));
    return `check characters ${value.slice(3, 5)} in place of ${right}`;
  },
);

export const HardwareIdSchema = text(
  /^[A-Za-z0-9]{4,15}$/,
  "4 to 15 letters and digits",
  "Target hardware id, named by the loadable parts for it.",
);

export const AbsolutePath = text(
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a path may hold every character but this one
  /^\/[^\u0000]{0,4094}$/,
  "an absolute path",
  "Absolute path.",
);

/** A relative path is relative to the configuration file. */
export const filePath = (description: string) =>
  text(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a path may hold every character but this one
    /^[^\u0000]{1,4095}$/,
    "the path of a file",
    description,
  );
