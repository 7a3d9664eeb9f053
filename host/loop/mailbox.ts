/**
 * The loop's mailbox: calls that other threads have asked for, in memory that all threads share and that is the loop's own, so
 * that a loop needs no running program. The calls are notes of a queue (`notequeue.ts`), whose order, waking and closing it has.
 *
 * Notes lie in blocks of 64 bytes times a power of two. Freed ones are in a stack for each size, from which many threads
 * pop: so its head carries a count of all pops beside the block, and a head that came back is not taken for the one that
 * was seen. Blocks that were never used are at the end, and the memory grows there.
 */
import { deserialize, serialize } from "node:v8";
import { CLOSED, closeNotes, pushNote, Signal, takeNotes } from "../base/notequeue.js";
import { LoopError } from "./looperrors.js";

/** Bytes of the smallest block; blocks are numbered in this unit. */
const UNIT = 64;
const UNIT_WORDS = UNIT / 4;
/** Sizes of blocks: 64 bytes to 256 MiB. */
const CLASSES = 23;
const INITIAL_BYTES = 64 * 1024;
const GROW_BYTES = 1024 * 1024;
/** Address space, of which only what was used is memory. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Words at the beginning. */
const MAGIC_WORD = 0;
const HEAD = 1;
const WAKE = 2;
/** The first unit that was never used. */
const FRESH = 3;
/** Where the free blocks begin, in 64-bit words; below the first block. */
const FREE = 8;
const FIRST_UNIT = (FREE + CLASSES + 1) / 8;

const MAGIC = 0x6b65_696e;

/** Words of a block. */
const NEXT = 0;
const CLASS = 1;
const TARGET = 2;
const LENGTH = 3;
const HEADER_BYTES = 16;

/** What follows the header: arguments that need no serialiser, their number above; or what the serialiser has made. */
const PLAIN = 0;
const VALUES = 1 << 8;
const COUNT_SHIFT = 16;

/**
 * Plain arguments are a byte for each, padded to 8, that says what it is; then, for those that need it, 8 bytes for a number,
 * two bytes for each unit of a text, padded to 8.
 */
const NUMBER = 0;
const CONSTANTS = [undefined, null, false, true];
const TEXT = 1 + CONSTANTS.length;
const LONGEST_TEXT = 255 - TEXT;
const MOST_PLAIN = 255;

const BLOCK_MASK = 0xffff_ffffn;

/** Instead of a callback's number: the first argument is a ticket (`answers.ts`), for a call that is answered, or one that is given up. */
export const RUN = -1;
export const CANCEL = -2;

/** A call from another thread; `target` is 0 where the first of the arguments names the callback, or one of the above. */
export interface Mail {
  readonly target: number;
  readonly args: unknown[];
}

export class Mailbox {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly units: Uint16Array;
  private readonly bytes: Uint8Array;
  private readonly free: BigUint64Array;
  /** Raised by a push that found nothing, and by closing. */
  readonly signal: Signal;

  /** A new mailbox, or one in memory that came from another thread. */
  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(INITIAL_BYTES, { maxByteLength: MAX_BYTES });
    this.words = new Int32Array(this.buffer);
    this.doubles = new Float64Array(this.buffer);
    this.units = new Uint16Array(this.buffer);
    this.bytes = new Uint8Array(this.buffer);
    this.free = new BigUint64Array(this.buffer);
    this.signal = new Signal(this.words, WAKE);
    if (buffer === undefined) {
      this.words[FRESH] = FIRST_UNIT;
      this.words[MAGIC_WORD] = MAGIC;
    } else if (this.words[MAGIC_WORD] !== MAGIC) {
      throw new TypeError("this is not the handle of an event loop");
    }
  }

  get closed(): boolean {
    return Atomics.load(this.words, HEAD) === CLOSED;
  }

  /**
   * Has the loop make a call: of the callback registered as `target`, a number, or a name, with copies of the arguments.
   * Any thread.
   */
  push(target: number | string, args: readonly unknown[]): void {
    if (this.closed) throw new LoopError("Event loop is closed");
    const values = typeof target === "string" ? [target, ...args] : args;
    const length = plainLength(values);
    const block = length >= 0 ? this.writePlain(values, length) : this.writeValues(values);
    const at = block * UNIT_WORDS;
    this.words[at + TARGET] = typeof target === "number" ? target : 0;
    const found = pushNote(this.words, HEAD, block, at + NEXT);
    if (found === 0) this.signal.raise();
    if (found !== CLOSED) return;
    this.release(block);
    throw new LoopError("Event loop is closed");
  }

  /** Is there nothing to take? */
  get empty(): boolean {
    return Atomics.load(this.words, HEAD) === 0;
  }

  /** Takes all calls, oldest first. The loop's. */
  take(): Mail[] {
    return takeNotes(this.words, HEAD, linkOf).map(this.mail);
  }

  /** Refuses all further calls, and gives those not taken. The loop's. */
  close(): Mail[] {
    const last = closeNotes(this.words, HEAD, linkOf).map(this.mail);
    this.signal.raise();
    return last;
  }

  private readonly mail = (block: number): Mail => {
    const mail = { target: this.words[block * UNIT_WORDS + TARGET] as number, args: this.read(block) };
    this.release(block);
    return mail;
  };

  // ---- notes --------------------------------------------------------------------------------------------------------

  private writePlain(values: readonly unknown[], length: number): number {
    const block = this.allocate(length, PLAIN | (values.length << COUNT_SHIFT));
    const tags = block * UNIT + HEADER_BYTES;
    let at = tags + padded(values.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value === "number") {
        this.bytes[tags + i] = NUMBER;
        this.doubles[at / 8] = value;
        at += 8;
      } else if (typeof value === "string") {
        this.bytes[tags + i] = TEXT + value.length;
        for (let unit = 0; unit < value.length; unit++) this.units[at / 2 + unit] = value.charCodeAt(unit);
        at += padded(value.length * 2);
      } else this.bytes[tags + i] = NUMBER + 1 + CONSTANTS.indexOf(value as undefined);
    }
    return block;
  }

  private readPlain(block: number, count: number): unknown[] {
    const tags = block * UNIT + HEADER_BYTES;
    let at = tags + padded(count);
    const values: unknown[] = [];
    for (let i = 0; i < count; i++) {
      const tag = this.bytes[tags + i] as number;
      if (tag === NUMBER) {
        values.push(this.doubles[at / 8]);
        at += 8;
      } else if (tag < TEXT) values.push(CONSTANTS[tag - NUMBER - 1]);
      else {
        const length = tag - TEXT;
        values.push(String.fromCharCode(...this.units.subarray(at / 2, at / 2 + length)));
        at += padded(length * 2);
      }
    }
    return values;
  }

  /** A block with copies of the values. */
  writeValues(values: readonly unknown[]): number {
    let bytes: Uint8Array;
    try {
      bytes = serialize(values);
    } catch (error) {
      throw new DOMException((error as Error).message, "DataCloneError");
    }
    const block = this.allocate(bytes.length, VALUES);
    this.bytes.set(bytes, block * UNIT + HEADER_BYTES);
    return block;
  }

  /** The values of a block. */
  read(block: number): unknown[] {
    const at = block * UNIT_WORDS;
    const kind = this.words[at + CLASS] as number;
    if ((kind & VALUES) === 0) return this.readPlain(block, kind >>> COUNT_SHIFT);
    const length = this.words[at + LENGTH] as number;
    const start = block * UNIT + HEADER_BYTES;
    // A copy: what is read may refer to it, and the block is used again.
    return deserialize(this.bytes.slice(start, start + length)) as unknown[];
  }

  // ---- blocks -------------------------------------------------------------------------------------------------------

  /** A block for so many bytes after its header. */
  allocate(length: number, kind = 0): number {
    const units = Math.ceil((length + HEADER_BYTES) / UNIT);
    const sizeClass = units <= 1 ? 0 : 32 - Math.clz32(units - 1);
    if (sizeClass >= CLASSES) throw new LoopError(`arguments of ${length} bytes do not fit the event loop's queue`);
    const block = this.pop(sizeClass) || this.fresh(1 << sizeClass);
    const at = block * UNIT_WORDS;
    this.words[at + CLASS] = sizeClass | kind;
    this.words[at + LENGTH] = length;
    return block;
  }

  /** A freed block of the size, 0 if there is none. */
  private pop(sizeClass: number): number {
    while (true) {
      const seen = Atomics.load(this.free, FREE + sizeClass);
      const block = Number(seen & BLOCK_MASK);
      if (block === 0) return 0;
      // If another thread has taken it meanwhile this reads anything, but then the count has changed.
      const next = Atomics.load(this.words, block * UNIT_WORDS + NEXT);
      const head = BigInt.asUintN(64, (((seen >> 32n) + 1n) << 32n) | BigInt(next >>> 0));
      if (Atomics.compareExchange(this.free, FREE + sizeClass, seen, head) === seen) return block;
    }
  }

  release(block: number): void {
    const sizeClass = (this.words[block * UNIT_WORDS + CLASS] as number) & 0xff;
    while (true) {
      const seen = Atomics.load(this.free, FREE + sizeClass);
      Atomics.store(this.words, block * UNIT_WORDS + NEXT, Number(seen & BLOCK_MASK));
      const head = (seen & ~BLOCK_MASK) | BigInt(block);
      if (Atomics.compareExchange(this.free, FREE + sizeClass, seen, BigInt.asUintN(64, head)) === seen) return;
    }
  }

  /** A block that was never used. */
  private fresh(units: number): number {
    const block = Atomics.load(this.words, FRESH);
    const end = (block + units) * UNIT;
    if (end > MAX_BYTES) {
      throw new LoopError(
        `the event loop's queue is full: ${MAX_BYTES} bytes of calls wait to be made. It is stopped, blocked, or slower than its callers`,
      );
    }
    if (end > this.buffer.byteLength) this.grow(end);
    // Only now: what failed above takes nothing.
    return Atomics.compareExchange(this.words, FRESH, block, block + units) === block ? block : this.fresh(units);
  }

  private grow(end: number): void {
    const length = Math.min(MAX_BYTES, Math.ceil(end / GROW_BYTES) * GROW_BYTES);
    try {
      this.buffer.grow(length);
    } catch (error) {
      // Another thread may have grown it further, which is as good.
      if (this.buffer.byteLength < end) throw new LoopError(`the event loop's queue cannot grow: ${String(error)}`);
    }
  }
}

function linkOf(block: number): number {
  return block * UNIT_WORDS + NEXT;
}

/** The first word of a block after its header. */
export function firstWord(block: number): number {
  return block * UNIT_WORDS + HEADER_BYTES / 4;
}

function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** How many bytes the values take as plain ones, -1 if one of them needs the serialiser. */
function plainLength(values: readonly unknown[]): number {
  if (values.length > MOST_PLAIN) return -1;
  let length = padded(values.length);
  for (const value of values) {
    if (typeof value === "number") length += 8;
    else if (typeof value === "string" && value.length <= LONGEST_TEXT) length += padded(value.length * 2);
    else if (typeof value === "string" || !CONSTANTS.includes(value as undefined)) return -1;
  }
  return length;
}
