/** Values to bytes: what structured clone takes, but for what only threads of one process can share. */
import { Buffer } from "node:buffer";
import { types } from "node:util";
import { attempt, isError, stackOf, wordsOf } from "../../base/thrown.js";
import { extraProperties } from "../../values/arrays.js";
import { greatestLength, isDetached, viewIndex, viewLength } from "../../values/buffers.js";
import { errorClass } from "../../values/errorclasses.js";
import { Uncloneable } from "../../values/failure.js";
import { fateOf } from "../../values/platform.js";
import { DEEPEST, Tag } from "./tags.js";

/** Texts up to this length are written character by character while they are ASCII, which beats the call of an encoder. */
const SHORT = 48;
const FIRST_ROOM = 256;
/** How much memory is kept for the next value. */
const MOST_KEPT = 64 * 1024;

const utf8 = new TextEncoder();

/** Properties of an error that have a place of their own. */
const FIELDS = new Set(["name", "message", "stack", "cause", "errors"]);

/** Encodes one value after the other into one run of bytes; objects are remembered within one `value` only. */
export class Encoder {
  private bytes = new Uint8Array(FIRST_ROOM);
  private view = new DataView(this.bytes.buffer);
  private at = 0;
  private depth = 0;
  private readonly numbers = new Map<object, number>();

  /** @throws a DataCloneError that says what cannot travel and where it is; whatever a getter throws */
  value(value: unknown): this {
    const begin = this.at;
    try {
      this.any(value);
    } catch (error) {
      this.at = begin;
      if (error instanceof Uncloneable) throw error.toDataCloneError(value);
      throw error;
    } finally {
      this.numbers.clear();
      this.depth = 0;
    }
    return this;
  }

  byte(byte: number): this {
    this.room(1);
    this.bytes[this.at++] = byte;
    return this;
  }

  /** Bytes that somebody else has encoded. */
  raw(bytes: Uint8Array): this {
    this.room(bytes.byteLength);
    this.bytes.set(bytes, this.at);
    this.at += bytes.byteLength;
    return this;
  }

  /** What has been written, for its taker to keep. */
  take(): Uint8Array {
    return this.bytes.slice(0, this.at);
  }

  /** It begins anew, with little memory. */
  emptied(): this {
    this.at = 0;
    if (this.bytes.byteLength > MOST_KEPT) {
      this.bytes = new Uint8Array(FIRST_ROOM);
      this.view = new DataView(this.bytes.buffer);
    }
    return this;
  }

  private any(value: unknown): void {
    switch (typeof value) {
      case "undefined":
        this.byte(Tag.Undefined);
        return;
      case "boolean":
        this.byte(value ? Tag.True : Tag.False);
        return;
      case "number":
        return this.number(value);
      case "string":
        return this.text(value);
      case "bigint":
        return this.bigint(value);
      case "object":
        if (value === null) this.byte(Tag.Null);
        else this.object(value);
        return;
      default:
        throw new Uncloneable(value);
    }
  }

  private number(value: number): void {
    if ((value | 0) === value && !Object.is(value, -0)) {
      this.byte(Tag.Int);
      this.varint(((value << 1) ^ (value >> 31)) >>> 0);
    } else {
      this.byte(Tag.Float);
      this.float(value);
    }
  }

  private float(value: number): void {
    this.room(8);
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  private varint(value: number): void {
    this.room(8);
    while (value >= 0x80) {
      this.bytes[this.at++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.bytes[this.at++] = value;
  }

  private text(text: string): void {
    const n = text.length;
    if (n <= SHORT && this.ascii(text)) return;
    if (!(text as string & { isWellFormed(): boolean }).isWellFormed()) {
      this.byte(Tag.Text16);
      this.varint(n * 2);
      return void this.raw(Buffer.from(text, "utf16le"));
    }
    const bytes = utf8.encode(text);
    this.byte(Tag.Text);
    this.varint(bytes.byteLength);
    this.raw(bytes);
  }

  /** Writes a short text if it is ASCII; else nothing. */
  private ascii(text: string): boolean {
    const begin = this.at;
    const n = text.length;
    this.room(n + 2);
    this.bytes[this.at++] = Tag.Text;
    this.bytes[this.at++] = n;
    for (let i = 0; i < n; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) {
        this.at = begin;
        return false;
      }
      this.bytes[this.at++] = code;
    }
    return true;
  }

  private bigint(value: bigint): void {
    this.byte(Tag.BigInt);
    this.text(value.toString(16));
  }

  private object(object: object): void {
    const number = this.numbers.get(object);
    if (number !== undefined) {
      this.byte(Tag.Again);
      return this.varint(number);
    }
    if (++this.depth > DEEPEST) {
      throw new Uncloneable(object, `values nested more than ${DEEPEST} deep do not travel between machines`);
    }
    this.numbers.set(object, this.numbers.size);
    this.contents(object);
    this.depth--;
  }

  private contents(object: object): void {
    if (types.isProxy(object)) throw new Uncloneable(object);
    if (Object.getPrototypeOf(object) === Object.prototype) return this.properties(object);
    if (Array.isArray(object)) return this.array(object);
    if (ArrayBuffer.isView(object)) return this.bytesOf(object);
    if (types.isArrayBuffer(object)) return this.buffer(object);
    if (types.isSharedArrayBuffer(object)) {
      throw new Uncloneable(
        object,
        "a SharedArrayBuffer could not be cloned: other machines do not share this one's memory",
      );
    }
    if (types.isDate(object)) {
      this.byte(Tag.Date);
      return this.float(Date.prototype.getTime.call(object));
    }
    if (types.isMap(object)) return this.list(Tag.Map, [...Map.prototype.entries.call(object)].flat());
    if (types.isSet(object)) return this.list(Tag.Set, [...(Set.prototype.values.call(object) as Iterable<unknown>)]);
    if (types.isRegExp(object)) {
      this.byte(Tag.RegExp);
      this.text(object.source);
      return this.text(object.flags);
    }
    if (types.isBoxedPrimitive(object)) {
      this.byte(Tag.Boxed);
      return this.any(object.valueOf());
    }
    if (isError(object) || object instanceof DOMException) return this.error(object);
    if (fateOf(object) !== "plain") throw new Uncloneable(object);
    this.properties(object);
  }

  private list(tag: number, values: readonly unknown[]): void {
    this.byte(tag);
    this.varint(values.length);
    for (const value of values) this.any(value);
  }

  private properties(object: object): void {
    const names = Object.keys(object);
    this.byte(Tag.Object);
    this.named(object, names);
  }

  private named(object: object, names: readonly string[]): void {
    this.varint(names.length);
    for (const name of names) {
      this.text(name);
      this.any((object as Record<string, unknown>)[name]);
    }
  }

  private array(array: readonly unknown[]): void {
    const names = extraProperties(array);
    const isSparse = names !== undefined || array.some((_, i) => !(i in array));
    if (!isSparse) return this.list(Tag.Array, array);
    this.byte(Tag.SparseArray);
    this.varint(array.length);
    this.named(array, names ?? Object.keys(array));
  }

  private bytesOf(view: ArrayBufferView): void {
    const { buffer } = view;
    this.byte(Tag.View);
    this.byte(viewIndex(view));
    // A Buffer of Node's usually lies in a pool with others: what comes after it is nobody's business.
    if (Buffer.isBuffer(view) && view.byteLength < buffer.byteLength) {
      this.number(0);
      this.number(view.byteLength);
      this.numbers.set({}, this.numbers.size); // the number of the buffer that the other side makes
      return this.bufferContents(new Uint8Array(buffer, view.byteOffset, view.byteLength), -1);
    }
    this.number(view.byteOffset);
    this.number(viewLength(view));
    this.object(buffer);
  }

  private buffer(buffer: ArrayBuffer): void {
    if (isDetached(buffer)) throw new Uncloneable(buffer, "a detached ArrayBuffer could not be cloned");
    this.bufferContents(new Uint8Array(buffer), greatestLength(buffer));
  }

  private bufferContents(bytes: Uint8Array, greatest: number): void {
    this.byte(Tag.Buffer);
    this.number(greatest);
    this.varint(bytes.byteLength);
    this.raw(bytes);
  }

  private error(error: Error): void {
    const read = (name: string): unknown => (error as unknown as Record<string, unknown>)[name];
    const properties = Object.keys(error).filter((name) => !FIELDS.has(name));
    const hasCause = Object.hasOwn(error, "cause");
    const errors = attempt(() => read("errors"));
    this.byte(Tag.Error);
    this.text(errorClass(error));
    this.text(attempt(() => String(read("name"))) ?? "Error");
    this.text(attempt(() => String(read("message"))) ?? "");
    this.any(stackOf(error));
    this.byte(hasCause ? 1 : 0);
    this.field(() => (hasCause ? read("cause") : undefined));
    this.field(() => (Array.isArray(errors) ? errors : undefined));
    this.varint(properties.length);
    for (const name of properties) {
      this.text(name);
      this.field(() => read(name));
    }
  }

  /** A field of an error: what cannot be cloned does not keep the error from arriving, its description does instead. */
  private field(read: () => unknown): void {
    const { at, depth } = this;
    const known = this.numbers.size;
    try {
      this.any(read());
    } catch (error) {
      this.at = at;
      this.depth = depth;
      for (const object of [...this.numbers.keys()].slice(known)) this.numbers.delete(object);
      this.text(error instanceof Uncloneable ? error.message : `a getter threw: ${wordsOf(error)}`);
    }
  }

  private room(n: number): void {
    if (this.at + n <= this.bytes.byteLength) return;
    const larger = new Uint8Array(Math.max(this.bytes.byteLength * 2, this.at + n));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}

/** The one that is used again and again; undefined while it is in use, which a getter of a value may find it to be. */
let idle: Encoder | undefined = new Encoder();

/** What `write` has an encoder write. */
export function encoded(write: (encoder: Encoder) => void): Uint8Array {
  const encoder = idle ?? new Encoder();
  idle = undefined;
  try {
    write(encoder);
    return encoder.take();
  } finally {
    idle = encoder.emptied();
  }
}

/** The bytes of one value. */
export function encode(value: unknown): Uint8Array {
  return encoded((encoder) => encoder.value(value));
}
