/**
 * The shared linear memory, as the host sees it.
 *
 * Guarantees: text is copied out, so that it may be decoded and kept. The memory never grows (see addressspace.ts), so
 * views stay valid.
 */
import { M_SIZE, MS_BASE, SCHED_BASE } from "../../assembly/layout.js";
import { PAGE } from "./pages.js";
import { HChan, HostObject, JsFunction, JsGo, JsRequest, M, Note, Op, Sched, Semaphore } from "../abi/records.js";

/** Typed access to the shared memory. */
export class Memory {
  /** The memory's bytes. */
  readonly bytes: Uint8Array;
  /** The same for values of several bytes. */
  readonly data: DataView;
  /** The same as 32-bit words, for Atomics. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** The same as 64-bit floats. */
  readonly floats: Float64Array;
  /** The scheduler's global state. */
  readonly sched: Sched;
  private readonly cursors;

  constructor(readonly raw: WebAssembly.Memory) {
    this.bytes = new Uint8Array(raw.buffer);
    this.data = new DataView(raw.buffer);
    this.words = new Int32Array(raw.buffer as unknown as SharedArrayBuffer);
    this.floats = new Float64Array(raw.buffer);
    this.sched = new Sched(this, SCHED_BASE);
    this.cursors = {
      note: new Note(this),
      request: new JsRequest(this),
      jsgo: new JsGo(this),
      fn: new JsFunction(this),
      op: new Op(this),
      object: new HostObject(this),
      chan: new HChan(this),
      semaphore: new Semaphore(this),
    };
  }

  /** The M with a number. */
  m(mid: number): M {
    return new M(this, MS_BASE + mid * M_SIZE);
  }

  // The record at an address. It is to be used at once: the next call of the same method moves it.

  note(address: number): Note {
    return this.cursors.note.move(address);
  }

  request(address: number): JsRequest {
    return this.cursors.request.move(address);
  }

  jsgo(address: number): JsGo {
    return this.cursors.jsgo.move(address);
  }

  fn(address: number): JsFunction {
    return this.cursors.fn.move(address);
  }

  op(address: number): Op {
    return this.cursors.op.move(address);
  }

  object(address: number): HostObject {
    return this.cursors.object.move(address);
  }

  chan(address: number): HChan {
    return this.cursors.chan.move(address);
  }

  semaphore(address: number): Semaphore {
    return this.cursors.semaphore.move(address);
  }

  /** What there is no memory for: so many bytes, of which a value, a channel or the like needs as many. */
  full(bytes: number): RangeError {
    const { heapPages, maxPages } = this.sched;
    const inUse = `${heapPages * PAGE} of ${maxPages * PAGE} bytes are in use`;
    return new RangeError(`out of memory: ${bytes} bytes were asked for, and ${inUse}`);
  }

  /** The address at `address`. */
  address(address: number): number {
    return this.words[address >>> 2]! >>> 0;
  }

  /** Copies a slot of 64 bits. */
  copySlot(from: number, to: number): void {
    this.words[to >>> 2] = this.words[from >>> 2]!;
    this.words[(to >>> 2) + 1] = this.words[(from >>> 2) + 1]!;
  }

  /** A copy of the bytes at `address`. */
  copy(address: number, length: number): Buffer {
    return Buffer.from(this.bytes.slice(address, address + length).buffer);
  }

  /** The UTF-8 text at `address`. */
  utf8(address: number, length: number): string {
    return this.copy(address, length).toString("utf8");
  }

  /** The UTF-16 text at `address`, `length` bytes long. */
  utf16(address: number, length: number): string {
    return this.copy(address, length).toString("utf16le");
  }

  /** Copies `source` to `address`. */
  write(address: number, source: Uint8Array): void {
    this.bytes.set(source, address);
  }
}
