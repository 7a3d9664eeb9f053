/** Memory for codecs without a core: an allocator that knows what is in use. */
import { Memory } from "../../host/base/memory.js";
import { Codec } from "../../host/values/index.js";

export class Heap {
  readonly memory: Memory;
  readonly codec: Codec;
  /** Sizes of the blocks in use, by address; those that stay for good, as shapes do, are found by `settle`. */
  readonly blocks = new Map<number, number>();
  private next: number;

  /** @param from the first address: beyond 2 GiB, to see that addresses are not taken for negative */
  constructor(from = 0x8000_0100) {
    this.memory = new Memory(new WebAssembly.Memory({ initial: 65536, maximum: 65536, shared: true }));
    this.next = from;
    this.codec = this.newCodec();
  }

  newCodec(): Codec {
    return new Codec(this.memory, this.alloc, this.free);
  }

  /** There and back: into a slot by one thread's codec, out of it by another's. */
  trip(value: unknown, transfer?: readonly unknown[], other: Codec = this.codec): unknown {
    const at = this.alloc(8);
    this.codec.encode(value, at, transfer);
    const result = other.decode(at);
    this.free(at);
    return result;
  }

  readonly alloc = (bytes: number): number => {
    const address = this.next;
    this.next += (bytes + 31) & ~15;
    // Whoever relies on cleared memory shall see it.
    this.memory.bytes.fill(0xa5, address, address + bytes);
    this.blocks.set(address, bytes);
    return address | 0; // as wasm gives it
  };

  readonly free = (address: number): void => {
    if (!this.blocks.delete(address >>> 0)) throw new Error(`${address} is no block`);
  };
}
