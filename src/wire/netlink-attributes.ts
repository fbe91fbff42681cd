/**
 * Writes netlink attributes: u16 length including these 4 bytes, u16 type, value, padding to a
 * multiple of 4.
 */
import { type Bytes, copyBytes, fillBytes } from "./bytes.ts";

/** Flag in the type of an attribute that holds attributes. */
const NESTED = 0x8000;

/**
 * Appends attributes to messages of a subclass in a buffer of the caller. Numbers are in network
 * order, as in nfnetlink. The subclass checks at the end of a message whether everything fitted.
 */
export class AttributeWriter {
  /** Bytes written. */
  length = 0;

  constructor(
    protected readonly view: DataView,
    protected readonly bytes: Bytes,
  ) {}

  /** Writes the head of an attribute and its padding; returns the offset of its value. */
  protected attribute(type: number, valueBytes: number): number {
    const at = this.length;
    const padded = (valueBytes + 3) & ~3;
    this.view.setUint16(at, 4 + valueBytes, true);
    this.view.setUint16(at + 2, type, true);
    fillBytes(this.bytes, at + 4 + valueBytes, padded - valueBytes, 0);
    this.length += 4 + padded;
    return at + 4;
  }

  /** Begins an attribute that holds attributes; returns its offset, for {@link close}. */
  protected nest(type: number): number {
    return this.attribute(type | NESTED, 0) - 4;
  }

  protected close(at: number): void {
    this.view.setUint16(at, this.length - at, true);
  }

  protected number(type: number, value: number): void {
    this.view.setUint32(this.attribute(type, 4), value, false);
  }

  protected milliseconds(type: number, value: number): void {
    const at = this.attribute(type, 8);
    this.view.setUint32(at, 0, false);
    this.view.setUint32(at + 4, value, false);
  }

  protected value(type: number, bytes: Bytes, from: number, size: number): void {
    copyBytes(this.bytes, this.attribute(type, size), bytes, from, size);
  }

  /** ASCII with the terminating zero. */
  protected text(type: number, text: string): void {
    this.putText(this.attribute(type, text.length + 1), text);
  }

  protected putText(at: number, text: string): void {
    for (let i = 0; i < text.length; i++) this.view.setUint8(at + i, text.charCodeAt(i));
    this.view.setUint8(at + text.length, 0);
  }
}
