/**
 * The shared linear memory, as the host sees it.
 *
 * Guarantees: a view taken through `Memory` reaches up to the address asked for, even right after another thread has
 * grown the memory; text is copied out, so that it may be decoded and kept.
 */

/** Bytes of a WebAssembly page. */
export const PAGE = 65536;
/** Pages of the whole 32-bit address space. */
export const ALL_PAGES = 65536;
/** Typed access to the shared memory. */
export class Memory {
  readonly raw: WebAssembly.Memory;
  private bytesView: Uint8Array;

  constructor(raw: WebAssembly.Memory) {
    this.raw = raw;
    this.bytesView = new Uint8Array(raw.buffer);
  }

  /** The memory's bytes, at least up to the address `end`. */
  bytes(end: number): Uint8Array {
    if (end > this.bytesView.byteLength) {
      // Another thread grew the memory; growing by nothing fetches the buffer of the present length.
      this.raw.grow(0);
      this.bytesView = new Uint8Array(this.raw.buffer);
    }
    return this.bytesView;
  }

  /** A DataView of the whole memory, at least up to the address `end`. */
  data(end: number): DataView {
    return new DataView(this.bytes(end).buffer);
  }

  /** The memory as 32-bit words, for Atomics; holds the scheduler's state, which never moves. */
  words(end = 0): Int32Array<SharedArrayBuffer> {
    return new Int32Array(this.bytes(end).buffer as SharedArrayBuffer);
  }

  /** A copy of the bytes at `address`. */
  copy(address: number, length: number): Buffer {
    const bytes = this.bytes(address + length);
    return Buffer.from(bytes.slice(address, address + length).buffer);
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
    this.bytes(address + source.byteLength).set(source, address);
  }
}
