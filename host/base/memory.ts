/**
 * The shared linear memory, as the host sees it.
 *
 * Guarantees: text is copied out, so that it may be decoded and kept. The memory never grows (see addressspace.ts), so
 * views stay valid.
 */

/** Bytes of a WebAssembly page. */
export const PAGE = 65536;
/** Pages of the whole 32-bit address space. */
export const ALL_PAGES = 65536;
/** Typed access to the shared memory. */
export class Memory {
  readonly raw: WebAssembly.Memory;
  /** The memory's bytes. */
  readonly bytes: Uint8Array;
  /** The same for values of several bytes. */
  readonly data: DataView;
  /** The same as 32-bit words, for Atomics. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** The same as 64-bit floats. */
  readonly floats: Float64Array;

  constructor(raw: WebAssembly.Memory) {
    this.raw = raw;
    this.bytes = new Uint8Array(raw.buffer);
    this.data = new DataView(raw.buffer);
    this.words = new Int32Array(raw.buffer as unknown as SharedArrayBuffer);
    this.floats = new Float64Array(raw.buffer);
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
