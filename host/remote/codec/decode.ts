/** Bytes to values. Bytes come from a network: whatever they are, the outcome is a value or an error, and no more memory than they have. */
import { Buffer } from "node:buffer";
import { completeError, newError } from "../../values/errorclasses.js";
import { newBuffer, newView } from "../../values/buffers.js";
import { Tag } from "./tags.js";

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const SHORT = 24;

/** Bytes that are no value of this codec's. */
export class DamagedError extends Error {
  override name = "DamagedError";
}

/** Reads one value after the other. */
export class Decoder {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;
  private objects: unknown[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(): unknown {
    this.objects = [];
    return this.any();
  }

  byte(): number {
    return this.bytes[this.skip(1)]!;
  }

  /** What is left. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.at);
  }

  private any(): unknown {
    const tag = this.byte();
    switch (tag) {
      case Tag.Undefined:
        return undefined;
      case Tag.Null:
        return null;
      case Tag.False:
        return false;
      case Tag.True:
        return true;
      case Tag.Int: {
        const n = this.varint();
        return (n >>> 1) ^ -(n & 1);
      }
      case Tag.Float:
        return this.float();
      case Tag.Text:
      case Tag.Text16:
        return this.text(tag);
      case Tag.BigInt:
        return this.bigint();
      case Tag.Again: {
        const number = this.varint();
        if (number >= this.objects.length) throw this.damaged();
        return this.objects[number];
      }
      default:
        return this.object(tag);
    }
  }

  private object(tag: number): unknown {
    switch (tag) {
      case Tag.Object:
        return this.named(this.note({}));
      case Tag.Array:
        return this.array();
      case Tag.SparseArray: {
        const array = this.note<unknown[]>([]);
        array.length = this.varint();
        return this.named(array);
      }
      case Tag.Map: {
        const map = this.note(new Map<unknown, unknown>());
        for (let n = this.count() / 2; n > 0; n--) map.set(this.any(), this.any());
        return map;
      }
      case Tag.Set: {
        const set = this.note(new Set<unknown>());
        for (let n = this.count(); n > 0; n--) set.add(this.any());
        return set;
      }
      case Tag.Date:
        return this.note(new Date(this.float()));
      case Tag.RegExp: {
        const number = this.reserve();
        return (this.objects[number] = new RegExp(this.string(), this.string()));
      }
      case Tag.Buffer: {
        const number = this.reserve();
        return (this.objects[number] = this.buffer());
      }
      case Tag.View:
        return this.typed();
      case Tag.Boxed: {
        const number = this.reserve();
        return (this.objects[number] = Object(this.any()));
      }
      case Tag.Error:
        return this.error();
      default:
        throw this.damaged();
    }
  }

  private array(): unknown[] {
    const array = this.note<unknown[]>([]);
    for (let n = this.count(); n > 0; n--) array.push(this.any());
    return array;
  }

  private named<T extends object>(object: T): T {
    for (let n = this.count(); n > 0; n--) {
      const name = this.string();
      const value = this.any();
      // An assignment to this name would be heard as a wish for another prototype.
      if (name === "__proto__")
        Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
      else (object as Record<string, unknown>)[name] = value;
    }
    return object;
  }

  private buffer(): ArrayBuffer {
    const greatest = this.any() as number;
    const length = this.varint();
    const from = this.skip(length);
    const buffer = newBuffer(length, greatest);
    new Uint8Array(buffer).set(this.bytes.subarray(from, from + length));
    return buffer;
  }

  private typed(): ArrayBufferView {
    const number = this.reserve();
    const index = this.byte();
    const offset = this.any() as number;
    const length = this.any() as number;
    const buffer = this.any();
    if (!(buffer instanceof ArrayBuffer)) throw this.damaged();
    const view = newView(index, buffer, offset, length);
    this.objects[number] = view;
    return view;
  }

  private error(): Error {
    const base = this.string();
    const name = this.string();
    const message = this.string();
    const error = this.note(newError(base, name, message));
    const stack = this.any();
    const hasCause = this.byte() === 1;
    const cause = this.any();
    const errors = this.any();
    completeError(error, { base, name, message, stack, hasCause, cause, errors });
    return this.named(error);
  }

  private string(): string {
    const text = this.any();
    if (typeof text !== "string") throw this.damaged();
    return text;
  }

  private text(tag: number): string {
    const n = this.varint();
    const from = this.skip(n);
    if (tag === Tag.Text && n <= SHORT) {
      let text = "";
      for (let i = from; i < from + n; i++) {
        const code = this.bytes[i]!;
        if (code >= 0x80) return utf8.decode(this.bytes.subarray(from, from + n));
        text += String.fromCharCode(code);
      }
      return text;
    }
    if (tag === Tag.Text) return utf8.decode(this.bytes.subarray(from, from + n));
    // A decoder would replace halves of surrogate pairs.
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + from, n).toString("utf16le");
  }

  private bigint(): bigint {
    const text = this.string();
    return text.startsWith("-") ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
  }

  private float(): number {
    return this.view.getFloat64(this.skip(8), true);
  }

  private varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (scale > Number.MAX_SAFE_INTEGER) throw this.damaged();
    }
  }

  /** A number of things that follow, of which each takes a byte at least. */
  private count(): number {
    const n = this.varint();
    if (n > this.bytes.byteLength - this.at) throw this.damaged();
    return n;
  }

  private skip(n: number): number {
    const from = this.at;
    if (n > this.bytes.byteLength - from) throw this.damaged();
    this.at += n;
    return from;
  }

  private note<T>(object: T): T {
    this.objects.push(object);
    return object;
  }

  private reserve(): number {
    return this.objects.push(undefined) - 1;
  }

  private damaged(): DamagedError {
    return new DamagedError(
      `a damaged message: byte ${this.at} of ${this.bytes.byteLength} is no beginning of a value`,
    );
  }
}

/** The value that these bytes are. */
export function decode(bytes: Uint8Array): unknown {
  return new Decoder(bytes).value();
}
