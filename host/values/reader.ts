/**
 * Reads a tree (see `writer.ts`) and takes over what it owns: blocks of bytes are freed, handles opened, carried things
 * taken. Whoever calls frees the tree's own block.
 *
 * Blocks are private to whoever holds the slot that names them, so they are read without atomics: the slot came through
 * something that orders memory (a channel's lock, a record's mailbox).
 */
import type { Buffer } from "node:buffer";
import { newBuffer, newView } from "./buffers.js";
import { completeError, newError } from "./errorclasses.js";
import { type ValueReader } from "./shapes.js";
import * as slots from "./slots.js";
import type { WriterContext } from "./writer.js";

export class Reader implements ValueReader {
  private readonly context: WriterContext;
  private readonly words: Int32Array;
  private readonly floats: Float64Array;
  private readonly buffer: Buffer;
  private readonly keeps: boolean;
  /** The slot to be read next: address / 8. */
  private at = 0;
  /** Objects by their number, if the tree refers to them. */
  private objects: unknown[] | undefined;
  /** Objects whose contents follow the tree. */
  private later: object[] = [];

  /** @param keeps the tree stays: what it owns is copied instead of taken */
  constructor(context: WriterContext, floats: Float64Array, buffer: Buffer, keeps = false) {
    this.context = keeps ? { ...context, free: () => undefined } : context;
    this.keeps = keeps;
    this.words = context.memory.words;
    this.floats = floats;
    this.buffer = buffer;
  }

  /** The value of the tree in the block at `address`. */
  read(address: number): unknown {
    const flags = slots.flagsOf(this.words, address);
    this.at = (address + slots.BLOCK_HEADER) / 8;
    this.objects = (flags & slots.FLAG_REPEATS) !== 0 ? [] : undefined;
    const value = this.value();
    if (this.later.length > 0) this.readLater();
    this.objects = undefined;
    return value;
  }

  value(): unknown {
    const at = this.at++;
    const upper = this.words[at * 2 + 1]!;
    if (upper >= 0 || upper < slots.FIRST_TAGGED) return this.floats[at];
    const word = this.words[at * 2]!;
    if (upper >= slots.HANDLE) return this.note(this.handle(upper - slots.HANDLE, word >>> 0));
    if (upper >= slots.NODE) return this.node(upper, word >>> 0);
    if (upper >= slots.TEXT) return readShortText(upper, word);
    return word === slots.MEMORY ? this.note(this.context.memory.raw.buffer) : readConstant(word);
  }

  /** Gives an object its number. */
  private note<T>(object: T): T {
    this.objects?.push(object);
    return object;
  }

  private number(): number {
    return this.floats[this.at++]!;
  }

  /** Skips contents of so many bytes; returns where they begin. */
  private skip(bytes: number): number {
    const from = this.at * 8;
    this.at += Math.ceil(bytes / 8);
    return from;
  }

  private handle(kind: number, address: number): unknown {
    if (this.keeps) this.context.handles.get(kind)?.retain(address);
    return openHandle(this.context, kind, address);
  }

  private node(kind: number, word: number): unknown {
    switch (kind) {
      case slots.NODE_LATIN1: {
        const from = this.skip(word);
        return this.buffer.latin1Slice(from, from + word);
      }
      case slots.NODE_UTF16: {
        const from = this.skip(word);
        return this.buffer.ucs2Slice(from, from + word);
      }
      case slots.NODE_SHAPED: {
        const shape = this.context.shapes.at(word);
        if (this.objects === undefined) return shape.build(this);
        const object: Record<string, unknown> = {};
        this.objects.push(object);
        shape.fill(object, this);
        return object;
      }
      case slots.NODE_ARRAY:
        return this.elements(this.note([]), word);
      case slots.NODE_AGAIN:
        return this.objects![word];
      case slots.NODE_OBJECT:
        return this.named(this.note({}), word);
      case slots.NODE_SPARSE:
        return this.named(this.note(new Array<unknown>(word)), this.number());
      default:
        return this.rare(kind, word);
    }
  }

  /** The contents of objects that were put off, and of those that are met in them. */
  private readLater(): void {
    const { later, words } = this;
    for (let i = 0; i < later.length; i++) {
      const object = later[i]!;
      const at = this.at++;
      const word = words[at * 2]! >>> 0;
      const kind = words[at * 2 + 1]!;
      if (kind === slots.NODE_SHAPED) {
        this.context.shapes.at(word).fill(object as Record<string, unknown>, this);
      } else if (kind === slots.NODE_SPARSE) {
        (object as unknown[]).length = word;
        this.named(object, this.number());
      } else if (object instanceof Map) this.entries(object, word);
      else if (object instanceof Set) this.members(object, word);
      else if (Array.isArray(object)) this.elements(object, word);
      else this.named(object, word);
    }
    later.length = 0;
  }

  private putOff(what: number): object {
    const object =
      what === slots.LATER_OBJECT
        ? {}
        : what === slots.LATER_ARRAY
          ? []
          : what === slots.LATER_MAP
            ? new Map()
            : new Set();
    this.later.push(object);
    return this.note(object);
  }

  private entries(map: Map<unknown, unknown>, count: number): Map<unknown, unknown> {
    for (let i = 0; i < count; i++) map.set(this.value(), this.value());
    return map;
  }

  private members(set: Set<unknown>, count: number): Set<unknown> {
    for (let i = 0; i < count; i++) set.add(this.value());
    return set;
  }

  private elements(array: unknown[], length: number): unknown[] {
    for (let i = 0; i < length; i++) {
      const at = this.at;
      if (this.words[at * 2 + 1] === slots.CONSTANT && this.words[at * 2] === slots.HOLE) {
        this.at++;
        array.length = i + 1;
      } else {
        array.push(this.value());
      }
    }
    return array;
  }

  private named<T extends object>(object: T, count: number): T {
    for (let i = 0; i < count; i++) {
      const name = this.value() as string;
      const value = this.value();
      if (name === "__proto__") {
        Object.defineProperty(object, name, { value, writable: true, configurable: true, enumerable: true });
      } else {
        (object as Record<string, unknown>)[name] = value;
      }
    }
    return object;
  }

  private rare(kind: number, word: number): unknown {
    switch (kind) {
      case slots.NODE_BIGINT:
        return this.bigint(word >>> 1, (word & 1) !== 0);
      case slots.NODE_DATE:
        return this.note(new Date(this.number()));
      case slots.NODE_REGEXP:
        return this.note(new RegExp(this.value() as string, this.value() as string));
      case slots.NODE_MAP:
        return this.entries(this.note(new Map<unknown, unknown>()), word);
      case slots.NODE_SET:
        return this.members(this.note(new Set<unknown>()), word);
      case slots.NODE_LATER:
        return this.putOff(word);
      case slots.NODE_WRAPPER:
        return this.note(Object(this.value()) as object);
      case slots.NODE_BUFFER: {
        const buffer = this.note(newBuffer(word, this.number()));
        const from = this.skip(word);
        new Uint8Array(buffer).set(this.context.memory.bytes.subarray(from, from + word));
        return buffer;
      }
      case slots.NODE_FAR_BUFFER:
        return this.note(takeBuffer(this.context, word, this.number()));
      case slots.NODE_VIEW:
        return this.view(word);
      case slots.NODE_ERROR:
        return this.error(word);
      case slots.NODE_CARRIED:
        return this.note(this.context.carrier!.take(word));
      default:
        throw new Error(`a damaged value in shared memory: no node is ${kind}`);
    }
  }

  private bigint(words: number, negative: boolean): bigint {
    const from = this.skip(words * 8);
    return readBigInt(this.context.memory.data, from, words, negative);
  }

  private view(index: number): unknown {
    const offset = this.number();
    const length = this.number();
    // The view has its number before its buffer has.
    const number = this.objects === undefined ? 0 : this.objects.push(undefined) - 1;
    const view = newView(index, this.value() as ArrayBufferLike, offset, length);
    if (this.objects !== undefined) this.objects[number] = view;
    return view;
  }

  private error(count: number): Error {
    const base = this.value() as string;
    const name = this.value() as string;
    const message = this.value() as string;
    const error = this.note(newError(base, name, message));
    const stack = this.value();
    const hasCause = this.value() as boolean;
    const cause = this.value();
    const errors = this.value();
    completeError(error, { base, name, message, stack, hasCause, cause, errors });
    return this.named(error, count);
  }
}

export function readConstant(word: number): undefined | null | boolean {
  switch (word) {
    case slots.NULL:
      return null;
    case slots.FALSE:
      return false;
    case slots.TRUE:
      return true;
    default:
      return undefined;
  }
}

export function readShortText(upper: number, word: number): string {
  const a = word & 0xff;
  const b = (word >>> 8) & 0xff;
  const c = (word >>> 16) & 0xff;
  switch ((upper >>> 8) & 0xff) {
    case 0:
      return "";
    case 1:
      return String.fromCharCode(a);
    case 2:
      return String.fromCharCode(a, b);
    case 3:
      return String.fromCharCode(a, b, c);
    case 4:
      return String.fromCharCode(a, b, c, word >>> 24);
    default:
      return String.fromCharCode(a, b, c, word >>> 24, upper & 0xff);
  }
}

function readBigInt(data: DataView, at: number, words: number, negative: boolean): bigint {
  let magnitude = 0n;
  for (let i = words - 1; i >= 0; i--) magnitude = (magnitude << 64n) | data.getBigUint64(at + i * 8, true);
  return negative ? -magnitude : magnitude;
}

/** The bytes of a block in a buffer of their own; the block is freed. */
export function takeBuffer(context: WriterContext, address: number, greatest: number): ArrayBuffer {
  const { memory } = context;
  const length = slots.lengthOf(memory.words, address);
  const buffer = newBuffer(length, greatest);
  const from = address + slots.BLOCK_HEADER;
  new Uint8Array(buffer).set(memory.bytes.subarray(from, from + length));
  context.free(address);
  return buffer;
}

export function openHandle(context: WriterContext, kind: number, address: number): unknown {
  const handles = context.handles.get(kind);
  if (handles === undefined) throw new Error(`a damaged value in shared memory: no handle is of kind ${kind}`);
  return handles.open(address);
}
