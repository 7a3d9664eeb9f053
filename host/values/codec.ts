/**
 * JavaScript values in shared memory: each in one slot of 64 bits (see `slots.ts`), which may refer to a block.
 *
 * A slot owns what it refers to. `encode` fills it; then exactly one `decode` or `drop`, on any thread, takes that out again.
 * Slots must be aligned to 8 bytes. What cannot be cloned is a DataCloneError thrown by `encode`, which then has allocated,
 * retained and moved nothing, and has not touched the slot.
 */
import type { Buffer } from "node:buffer";
import { types } from "node:util";
import type { Memory } from "../base/memory.js";
import { isResizable } from "./buffers.js";
import type { Carrier } from "./carrier.js";
import { Uncloneable } from "./failure.js";
import { isHandle, type HandleKind } from "./handle.js";
import { openHandle, readConstant, readShortText, Reader, takeBuffer } from "./reader.js";
import { Shapes } from "./shapes.js";
import * as slots from "./slots.js";
import { asBuffer, isLatin1, writeLatin1, writeUtf16 } from "./strings.js";
import { Transfer } from "./transfer.js";
import { release, shortTextUpper, shortTextWord, writeBytes, Writer, type WriterContext } from "./writer.js";

/** Encodes and decodes for one thread and one memory. */
export class Codec {
  private readonly memory: Memory;
  private readonly words: Int32Array;
  private readonly floats: Float64Array;
  private readonly buffer: Buffer;
  private readonly context: WriterContext & { carrier: Carrier | undefined };
  private readonly handles = new Map<number, HandleKind>();
  private writer: Writer | undefined;
  private reader: Reader | undefined;

  /**
   * @param alloc memory for a block, aligned to 8 bytes at least
   * @param free gives a block back, on whichever thread it was allocated
   */
  constructor(memory: Memory, alloc: (bytes: number) => number, free: (address: number) => void) {
    this.memory = memory;
    this.words = memory.words;
    this.floats = new Float64Array(memory.raw.buffer);
    this.buffer = asBuffer(memory.raw.buffer);
    const shapes = new Shapes(memory, alloc);
    this.context = { memory, shapes, alloc, free, handles: this.handles, carrier: undefined };
  }

  /** What takes to other threads that which memory cannot; without it such values are DataCloneErrors. */
  set carrier(carrier: Carrier | undefined) {
    this.context.carrier = carrier;
  }

  /** Lets handles of a kind travel; all threads must register the same kinds. */
  register(kind: number, handles: HandleKind): void {
    if (kind <= 0 || kind >= slots.HANDLE_KINDS) throw new RangeError(`no kind of handle can be ${kind}`);
    this.handles.set(kind, handles);
  }

  /**
   * Puts `value` into the slot at `at`.
   *
   * @param transfer objects to move: a list, moved as soon as the value is encoded; or, where several values share one, a
   *   Transfer, whose `commit` the caller calls when all are
   * @throws a DataCloneError if a part of it cannot be cloned or moved; whatever a getter in it throws
   */
  encode(value: unknown, at: number, transfer?: Transfer | readonly unknown[]): void {
    switch (typeof value) {
      case "number":
        if (value === value) this.floats[at >>> 3] = value;
        else this.put(at, slots.NAN, 0);
        break;
      case "string":
        this.text(value, at);
        break;
      case "boolean":
        this.put(at, slots.CONSTANT, value ? slots.TRUE : slots.FALSE);
        break;
      case "undefined":
        this.put(at, slots.CONSTANT, slots.UNDEFINED);
        break;
      default:
        if (value === null) this.put(at, slots.CONSTANT, slots.NULL);
        else this.block(value as object | bigint, at, transfer);
        return;
    }
    if (transfer !== undefined && !(transfer instanceof Transfer)) new Transfer(transfer).commit();
  }

  /** The value in the slot at `at`, which gives up what it owned. */
  decode(at: number): unknown {
    const upper = slots.upperAt(this.words, at);
    if (upper >= 0 || upper < slots.FIRST_TAGGED) return this.floats[at >>> 3];
    const word = slots.lowerAt(this.words, at);
    if (upper < slots.TEXT) return readConstant(word);
    if (upper < slots.BLOCK) return readShortText(upper, word);
    return this.take(upper, word >>> 0);
  }

  /** A copy of the value in the slot at `at`, which keeps it. Nobody may take or drop it meanwhile. */
  peek(at: number): unknown {
    const upper = slots.upperAt(this.words, at);
    if (upper >= 0 || upper < slots.BLOCK) return this.decode(at);
    const word = slots.lowerAt(this.words, at) >>> 0;
    if (upper === slots.BLOCK_TREE) return new Reader(this.context, this.floats, this.buffer, true).read(word);
    const keeps = { ...this.context, free: () => undefined };
    return this.take(upper, word, keeps);
  }

  /** Gives up what the slot at `at` owns, unread. */
  drop(at: number): void {
    const upper = slots.upperAt(this.words, at);
    if (upper >= 0 || upper < slots.BLOCK) return;
    const word = slots.lowerAt(this.words, at) >>> 0;
    if (upper >= slots.HANDLE) this.handles.get(upper - slots.HANDLE)?.release(word);
    else this.freeBlock(upper, word);
  }

  private put(at: number, upper: number, word: number): void {
    slots.putSlot(this.words, at, upper, word);
  }

  private text(text: string, at: number): void {
    const n = text.length;
    const latin1 = isLatin1(text);
    if (latin1 && n <= slots.SHORT_TEXT) return this.put(at, shortTextUpper(text), shortTextWord(text));
    const bytes = latin1 ? n : n * 2;
    const address = this.context.alloc(slots.BLOCK_HEADER + bytes) >>> 0;
    slots.writeHeader(this.words, address, bytes);
    if (latin1) writeLatin1(this.buffer, address + slots.BLOCK_HEADER, text);
    else writeUtf16(this.buffer, address + slots.BLOCK_HEADER, text);
    this.put(at, latin1 ? slots.BLOCK_LATIN1 : slots.BLOCK_UTF16, address);
  }

  private block(value: object | bigint, at: number, transfer: Transfer | readonly unknown[] | undefined): void {
    if (transfer === undefined) {
      if (typeof value === "object" && isHandle(value)) {
        const kind = this.handles.get(value.kind);
        if (kind !== undefined && value.memory === this.memory) {
          kind.retain(value.address);
          return this.put(at, slots.HANDLE + value.kind, value.address);
        }
      } else if (types.isUint8Array(value) && value.byteLength > 0) {
        const { buffer } = value;
        if (!types.isSharedArrayBuffer(buffer) && !isResizable(buffer))
          return this.put(at, slots.BLOCK_BYTES, writeBytes(this.context, value));
      }
    }
    const moved = transfer === undefined || transfer instanceof Transfer ? transfer : new Transfer(transfer);
    const address = this.tree(value, moved);
    if (moved !== undefined && moved !== transfer) {
      try {
        moved.commit();
      } catch (error) {
        this.freeBlock(slots.BLOCK_TREE, address);
        throw error;
      }
    }
    this.put(at, slots.BLOCK_TREE, address);
  }

  private tree(value: unknown, transfer: Transfer | undefined): number {
    // A getter may encode something else meanwhile: then there is no writer here.
    const writer = this.writer ?? new Writer(this.context);
    this.writer = undefined;
    try {
      return writer.write(value, transfer);
    } catch (error) {
      throw error instanceof Uncloneable ? error.toDataCloneError(value) : error;
    } finally {
      this.writer = writer;
    }
  }

  private take(upper: number, word: number, context: WriterContext = this.context): unknown {
    if (upper >= slots.HANDLE) {
      if (context !== this.context) this.handles.get(upper - slots.HANDLE)?.retain(word);
      return openHandle(context, upper - slots.HANDLE, word);
    }
    const from = word + slots.BLOCK_HEADER;
    const length = slots.lengthOf(this.words, word);
    switch (upper) {
      case slots.BLOCK_LATIN1: {
        const text = this.buffer.latin1Slice(from, from + length);
        context.free(word);
        return text;
      }
      case slots.BLOCK_UTF16: {
        const text = this.buffer.ucs2Slice(from, from + length);
        context.free(word);
        return text;
      }
      case slots.BLOCK_BYTES:
        return new Uint8Array(takeBuffer(context, word, -1));
      case slots.BLOCK_TREE: {
        // Opening a handle may decode something else meanwhile.
        const reader = this.reader ?? new Reader(context, this.floats, this.buffer);
        this.reader = undefined;
        const value = reader.read(word);
        this.reader = reader;
        context.free(word);
        return value;
      }
      default:
        throw new Error(`a damaged value in shared memory: no slot is ${upper}`);
    }
  }

  private freeBlock(upper: number, address: number): void {
    if (upper === slots.BLOCK_TREE) {
      const { words } = this;
      const owned = slots.ownedOf(words, address);
      let at = address + slots.BLOCK_HEADER + slots.lengthOf(words, address);
      for (let k = 0; k < owned; k++, at += 8)
        release(this.context, slots.lowerAt(words, at), slots.upperAt(words, at) >>> 0);
    }
    this.context.free(address);
  }
}
