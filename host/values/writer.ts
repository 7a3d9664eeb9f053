/**
 * Writes a value as a tree: slots in depth-first order, each node's contents right behind it, everything aligned to 8 bytes.
 *
 * What structured clone keeps is kept: identity and cycles, holes, the types it knows, the plain properties of instances of
 * classes. Beyond that, errors keep their name and own properties, and handles are handed over.
 *
 * The tree grows in the writer's own buffer, as nobody knows its size beforehand, and is copied to a block of exactly that
 * size. Large byte arrays go straight into blocks of their own. The writer lists all that it has allocated and retained, so
 * that a failure in the middle leaves nothing behind, and a tree that nobody reads can be dropped without being read.
 *
 * Every object has a number, in the order of its first appearance, on both sides; meeting it again writes that number.
 *
 * Neither side runs out of stack, however deep values are nested: what is nested deeper than DEEPEST is put off, and written
 * after the rest. Who reads may be in the middle of anything, and could do nothing about it.
 */
import { Buffer } from "node:buffer";
import { types } from "node:util";
import type { Memory } from "../base/memory.js";
import { attempt, isError, stackOf, wordsOf } from "../base/thrown.js";
import { extraProperties } from "./arrays.js";
import { greatestLength, isDetached, viewIndex, viewLength } from "./buffers.js";
import type { Carrier } from "./carrier.js";
import { errorClass } from "./errorclasses.js";
import { Uncloneable } from "./failure.js";
import { isHandle, type Handle, type HandleKind } from "./handle.js";
import { fateOf } from "./platform.js";
import type { Shapes } from "./shapes.js";
import * as slots from "./slots.js";
import { isLatin1, writeLatin1, writeUtf16 } from "./strings.js";
import type { Transfer } from "./transfer.js";

/** What writing takes from the codec. */
export interface WriterContext {
  readonly memory: Memory;
  readonly shapes: Shapes;
  readonly carrier: Carrier | undefined;
  readonly handles: ReadonlyMap<number, HandleKind>;
  alloc(bytes: number): number;
  free(address: number): void;
}

/** Bytes of the buffer at first; one that has grown far beyond is given up again. */
const SCRATCH = 64 * 1024;
const SCRATCH_KEPT = 4 * 1024 * 1024;
/** Byte arrays from this size on have blocks of their own. */
const FAR = 1024;
/** Up to this many objects are looked up one by one. */
const FEW = 8;
/** Objects inside each other before the contents of the next are put off. */
const DEEPEST = 100;
/** The same for errors, whose causes cannot be put off. */
const DEEPEST_CAUSE = 300;

export class Writer {
  private bytes!: Buffer;
  private words!: Int32Array;
  private floats!: Float64Array;
  /** Slots written, and slots there are. */
  private at = 0;
  private end = 0;
  /** Objects by their number; from FEW on also the other way round. */
  private objects: object[] = [];
  private numbers: Map<object, number> | undefined;
  private flags = 0;
  /** Pairs of kind and word: what the tree owns. */
  private owned: number[] = [];
  private transfer: Transfer | undefined;
  /** Objects around the one that is being written. */
  private depth = 0;
  /** Objects whose contents are still to be written. */
  private later: object[] = [];

  constructor(private readonly context: WriterContext) {
    this.resize(SCRATCH);
  }

  /** Writes `value` to a new block; returns its address. Throws Uncloneable, or what a getter throws. */
  write(value: unknown, transfer: Transfer | undefined): number {
    this.transfer = transfer;
    try {
      this.value(value);
      for (let i = 0; i < this.later.length; i++) this.contents(this.later[i]!);
      return this.finish();
    } catch (error) {
      this.giveBack(0);
      throw error;
    } finally {
      this.at = 0;
      this.objects.length = 0;
      this.numbers = undefined;
      this.flags = 0;
      this.owned.length = 0;
      this.transfer = undefined;
      this.depth = 0;
      this.later.length = 0;
      if (this.end * 8 > SCRATCH_KEPT) this.resize(SCRATCH);
    }
  }

  /** The block: header, tree, list of what it owns. */
  private finish(): number {
    const { memory } = this.context;
    const length = this.at * 8;
    const pairs = this.owned.length;
    const address = this.context.alloc(slots.BLOCK_HEADER + length + pairs * 4) >>> 0;
    const { words } = memory;
    slots.writeHeader(words, address, length, pairs / 2, this.flags);
    let to = (address + slots.BLOCK_HEADER) >>> 2;
    if (length <= 256) {
      const from = this.words;
      const n = length >>> 2;
      for (let i = 0; i < n; i++) words[to + i] = from[i]!;
    } else {
      memory.bytes.set(this.bytes.subarray(0, length), address + slots.BLOCK_HEADER);
    }
    to += length >>> 2;
    for (let i = 0; i < pairs; i++) words[to + i] = this.owned[i]!;
    return address;
  }

  /** Gives back what was allocated and retained since `owned` had that length. */
  private giveBack(from: number): void {
    const { context, owned } = this;
    for (let i = from; i < owned.length; i += 2) release(context, owned[i]!, owned[i + 1]! >>> 0);
    owned.length = from;
  }

  // ---- slots ---------------------------------------------------------------------------------------------------------

  private slot(upper: number, word: number): void {
    if (this.at === this.end) this.resize(this.end * 16);
    const i = this.at++ << 1;
    this.words[i] = word;
    this.words[i + 1] = upper;
  }

  private number(value: number): void {
    if (value !== value) return this.slot(slots.NAN, 0);
    if (this.at === this.end) this.resize(this.end * 16);
    this.floats[this.at++] = value;
  }

  /** Room for contents of so many bytes; returns where they begin, in what is `this.bytes` afterwards. */
  private room(bytes: number): number {
    const from = this.at * 8;
    const to = this.at + Math.ceil(bytes / 8);
    if (to > this.end) this.resize(Math.max(this.end * 16, to * 8));
    this.words[to * 2 - 1] = 0;
    this.at = to;
    return from;
  }

  private resize(bytes: number): void {
    const old = this.bytes as Buffer | undefined;
    const buffer = new ArrayBuffer(bytes);
    this.bytes = Buffer.from(buffer);
    this.words = new Int32Array(buffer);
    this.floats = new Float64Array(buffer);
    this.end = bytes / 8;
    if (old !== undefined && this.at > 0) this.bytes.set(old.subarray(0, this.at * 8));
  }

  // ---- values --------------------------------------------------------------------------------------------------------

  private value(value: unknown): void {
    switch (typeof value) {
      case "number":
        return this.number(value);
      case "string":
        return this.text(value);
      case "boolean":
        return this.slot(slots.CONSTANT, value ? slots.TRUE : slots.FALSE);
      case "undefined":
        return this.slot(slots.CONSTANT, slots.UNDEFINED);
      case "object":
        if (value === null) return this.slot(slots.CONSTANT, slots.NULL);
        return this.object(value);
      case "bigint":
        return this.bigint(value);
      default:
        throw new Uncloneable(value);
    }
  }

  private text(text: string): void {
    const n = text.length;
    if (isLatin1(text)) {
      if (n <= slots.SHORT_TEXT) return this.slot(shortTextUpper(text), shortTextWord(text));
      this.slot(slots.NODE_LATIN1, n);
      const from = this.room(n);
      writeLatin1(this.bytes, from, text);
    } else {
      this.slot(slots.NODE_UTF16, n * 2);
      const from = this.room(n * 2);
      writeUtf16(this.bytes, from, text);
    }
  }

  private bigint(value: bigint): void {
    const negative = value < 0n;
    const magnitude = negative ? -value : value;
    const words = Math.max(1, Math.ceil(magnitude.toString(16).length / 16));
    this.slot(slots.NODE_BIGINT, (words << 1) | (negative ? 1 : 0));
    const at = this.room(words * 8);
    const big = new BigUint64Array(this.words.buffer, at, words);
    for (let i = 0, rest = magnitude; i < words; i++, rest >>= 64n) big[i] = BigInt.asUintN(64, rest);
  }

  /** Has the object been written before? Gives it a number if not. */
  private again(object: object): boolean {
    const { objects } = this;
    const n = objects.length;
    let number: number | undefined;
    if (n <= FEW) {
      for (let i = 0; i < n; i++) {
        if (objects[i] === object) {
          number = i;
          break;
        }
      }
    } else {
      this.numbers ??= new Map(objects.map((each, i) => [each, i]));
      number = this.numbers.get(object);
    }
    if (number === undefined) {
      this.numbers?.set(object, n);
      objects.push(object);
      return false;
    }
    this.flags |= slots.FLAG_REPEATS;
    this.slot(slots.NODE_AGAIN, number);
    return true;
  }

  private object(object: object): void {
    if (this.again(object)) return;
    this.depth++;
    this.contents(object);
    this.depth--;
  }

  /** Whether the contents of an object are put off; then it is written what the object is. */
  private putOff(object: object, what: number): boolean {
    if (this.depth <= DEEPEST) return false;
    this.slot(slots.NODE_LATER, what);
    this.later.push(object);
    return true;
  }

  private contents(object: object): void {
    if (types.isProxy(object)) throw new Uncloneable(object);
    const prototype = Object.getPrototypeOf(object) as unknown;
    if (prototype === Object.prototype) return this.properties(object);
    if (Array.isArray(object)) return this.array(object as unknown[]);
    this.exotic(object);
  }

  private properties(object: object): void {
    if (this.putOff(object, slots.LATER_OBJECT)) return;
    const names = Object.keys(object);
    const shape = this.context.shapes.find(names);
    if (shape !== 0) {
      this.slot(slots.NODE_SHAPED, shape);
      for (let i = 0; i < names.length; i++) this.value((object as Record<string, unknown>)[names[i]!]);
    } else {
      this.slot(slots.NODE_OBJECT, names.length);
      this.named(object, names);
    }
  }

  private named(object: object, names: readonly string[]): void {
    for (const name of names) {
      this.text(name);
      this.value((object as Record<string, unknown>)[name]);
    }
  }

  private array(array: readonly unknown[]): void {
    if (this.putOff(array, slots.LATER_ARRAY)) return;
    const { length } = array;
    const names = extraProperties(array);
    if (names !== undefined) {
      this.slot(slots.NODE_SPARSE, length);
      this.number(names.length);
      return this.named(array, names);
    }
    this.slot(slots.NODE_ARRAY, length);
    for (let i = 0; i < length; i++) {
      const value = array[i];
      if (value === undefined && !(i in array)) this.slot(slots.CONSTANT, slots.HOLE);
      else this.value(value);
    }
  }

  /** Objects that are not plain. */
  private exotic(object: object): void {
    if (isHandle(object)) return this.handle(object);
    if (this.transfer?.has(object) === true && !types.isAnyArrayBuffer(object)) return this.carry(object, true);
    if (ArrayBuffer.isView(object)) return this.view(object);
    if (types.isArrayBuffer(object)) return this.buffer(object);
    if (types.isSharedArrayBuffer(object)) return this.shared(object);
    if (types.isDate(object)) {
      this.slot(slots.NODE_DATE, 0);
      return this.number(Date.prototype.getTime.call(object));
    }
    if (types.isMap(object)) {
      if (this.putOff(object, slots.LATER_MAP)) return;
      const entries = [...Map.prototype.entries.call(object)] as [unknown, unknown][];
      this.slot(slots.NODE_MAP, entries.length);
      for (const [key, value] of entries) {
        this.value(key);
        this.value(value);
      }
      return;
    }
    if (types.isSet(object)) {
      if (this.putOff(object, slots.LATER_SET)) return;
      const members = [...Set.prototype.values.call(object)] as unknown[];
      this.slot(slots.NODE_SET, members.length);
      for (const member of members) this.value(member);
      return;
    }
    if (types.isRegExp(object)) {
      this.slot(slots.NODE_REGEXP, 0);
      this.text(object.source);
      return this.text(object.flags);
    }
    if (types.isBoxedPrimitive(object)) {
      const value: unknown = object.valueOf();
      if (typeof value === "symbol") throw new Uncloneable(object);
      this.slot(slots.NODE_WRAPPER, 0);
      return this.value(value);
    }
    if (isError(object) || object instanceof DOMException) return this.error(object);
    const fate = fateOf(object);
    if (fate === "refused") throw new Uncloneable(object);
    if (fate === "carried") this.carry(object, false);
    else this.properties(object);
  }

  private handle(handle: Handle): void {
    const { context } = this;
    const kind = context.handles.get(handle.kind);
    if (handle.memory !== context.memory)
      throw new Uncloneable(handle, `a ${handle.constructor.name} of another runtime`);
    if (kind === undefined) throw new Uncloneable(handle);
    kind.retain(handle.address);
    this.owned.push(handle.kind, handle.address);
    this.slot(slots.HANDLE + handle.kind, handle.address);
  }

  // ---- bytes ---------------------------------------------------------------------------------------------------------

  private view(view: ArrayBufferView): void {
    const { buffer, byteOffset } = view;
    this.slot(slots.NODE_VIEW, viewIndex(view));
    // A Buffer of Node's usually lies in a pool with others: what comes after it is nobody's business.
    if (Buffer.isBuffer(view) && view.byteLength < buffer.byteLength && this.transfer?.has(buffer) !== true) {
      this.number(0);
      this.number(view.byteLength);
      this.objects.push({}); // takes the number of the buffer that the other side makes
      return this.bufferContents(new Uint8Array(buffer, byteOffset, view.byteLength), -1);
    }
    this.number(byteOffset);
    this.number(viewLength(view));
    this.value(buffer);
  }

  private buffer(buffer: ArrayBuffer): void {
    if (isDetached(buffer)) throw new Uncloneable(buffer, "a detached ArrayBuffer could not be cloned");
    const { carrier } = this.context;
    const moved = this.transfer?.has(buffer) === true;
    if (moved && carrier !== undefined && buffer.byteLength >= carrier.moves) return this.carry(buffer, true);
    this.bufferContents(new Uint8Array(buffer), greatestLength(buffer));
  }

  private bufferContents(bytes: Uint8Array, greatest: number): void {
    const n = bytes.byteLength;
    if (n < FAR) {
      this.slot(slots.NODE_BUFFER, n);
      this.number(greatest);
      const from = this.room(n);
      this.bytes.set(bytes, from);
    } else {
      const address = writeBytes(this.context, bytes);
      this.owned.push(slots.OWNS_BLOCK, address);
      this.slot(slots.NODE_FAR_BUFFER, address);
      this.number(greatest);
    }
  }

  private shared(buffer: SharedArrayBuffer): void {
    const { memory, carrier } = this.context;
    if ((buffer as unknown) === memory.raw.buffer) return this.slot(slots.CONSTANT, slots.MEMORY);
    if (carrier === undefined)
      throw new Uncloneable(buffer, "a SharedArrayBuffer could not be cloned: nothing carries it");
    const { kind, address } = carrier.share(buffer);
    this.owned.push(kind, address);
    this.slot(slots.HANDLE + kind, address);
  }

  private carry(object: object, move: boolean): void {
    const { carrier } = this.context;
    if (carrier === undefined) throw new Uncloneable(object, undefined);
    const number = carrier.reserve();
    this.owned.push(slots.OWNS_CARRIED, number);
    this.slot(slots.NODE_CARRIED, number);
    if (move) this.transfer!.carried(carrier, number, object);
    else carrier.post(number, object, []);
  }

  // ---- errors --------------------------------------------------------------------------------------------------------

  private error(error: Error): void {
    if (this.depth > DEEPEST_CAUSE)
      throw new Uncloneable(error, "an error could not be cloned: it has too many causes");
    const read = (name: string): unknown => (error as unknown as Record<string, unknown>)[name];
    // One whose getter throws is all that is lost.
    const properties = Object.keys(error).flatMap((name): [string, unknown][] => {
      return FIELDS.has(name) ? [] : (attempt(() => [[name, read(name)]]) ?? []);
    });
    const hasCause = Object.hasOwn(error, "cause");
    const errors = attempt(() => read("errors"));
    this.slot(slots.NODE_ERROR, properties.length);
    this.text(errorClass(error));
    this.text(attempt(() => String(read("name"))) ?? "Error");
    this.text(attempt(() => String(read("message"))) ?? "");
    this.field(stackOf(error));
    this.slot(slots.CONSTANT, hasCause ? slots.TRUE : slots.FALSE);
    this.field(hasCause ? attempt(() => read("cause")) : undefined);
    this.field(Array.isArray(errors) ? errors : undefined);
    for (const [name, value] of properties) {
      this.text(name);
      this.field(value);
    }
  }

  /** A field of an error: what cannot be cloned does not keep the error from arriving, its description does instead. */
  private field(value: unknown): void {
    const { at, depth } = this;
    const later = this.later.length;
    const objects = this.objects.length;
    const owned = this.owned.length;
    try {
      this.value(value);
    } catch (error) {
      // Else a getter has thrown; or the core, which has then ended the program already.
      const text = error instanceof Uncloneable ? error.message : `a getter threw: ${wordsOf(error)}`;
      this.giveBack(owned);
      for (const object of this.objects.splice(objects)) this.numbers?.delete(object);
      this.at = at;
      this.depth = depth;
      this.later.length = later;
      this.text(text);
    }
  }
}

/** Properties of an error that have a place of their own. */
const FIELDS = new Set(["name", "message", "stack", "cause", "errors"]);

/** The upper half, and the word, of the slot of a short text. */
export function shortTextUpper(text: string): number {
  const n = text.length;
  return slots.TEXT | (n << 8) | (n === 5 ? text.charCodeAt(4) : 0);
}
export function shortTextWord(text: string): number {
  let word = 0;
  for (let i = 0; i < text.length && i < 4; i++) word |= text.charCodeAt(i) << (8 * i);
  return word;
}

/** Writes bytes to a block of their own. */
export function writeBytes(context: WriterContext, bytes: Uint8Array): number {
  const n = bytes.byteLength;
  const address = context.alloc(slots.BLOCK_HEADER + n) >>> 0;
  const { memory } = context;
  slots.writeHeader(memory.words, address, n);
  memory.bytes.set(bytes, address + slots.BLOCK_HEADER);
  return address;
}

/** Gives back one thing that a block owned. */
export function release(context: WriterContext, kind: number, word: number): void {
  if (kind === slots.OWNS_BLOCK) context.free(word);
  else if (kind === slots.OWNS_CARRIED) context.carrier?.discard(word);
  else context.handles.get(kind)?.release(word);
}
