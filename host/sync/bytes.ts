/** Bytes that all threads share, without copying and without a message port. */
import { ObjectKind } from "../abi/enums.js";
import { SyncHandle } from "./synchandle.js";
import type { Sync } from "./sync.js";

/**
 * A block of the runtime's memory. Given to a goroutine, or sent through a channel, it is the same bytes there: nothing is
 * copied. Nothing orders what threads write to it either, but what you use for that: a channel, a lock, Atomics.
 */
export class Bytes extends SyncHandle {
  /**
   * The bytes. They are valid as long as this object is: keep it while a view of it, or of a part of it, is in use.
   */
  readonly view: Uint8Array;

  /** @internal */
  constructor(sync: Sync, address: number) {
    super(sync, ObjectKind.Bytes, address);
    const { memory } = this;
    this.view = new Uint8Array(memory.raw.buffer, this.target, memory.object(address).elem);
  }

  /** How many there are. */
  get length(): number {
    return this.view.length;
  }

  /** A copy in memory of this thread's own. */
  copy(): Uint8Array {
    const copy = new Uint8Array(this.view.length);
    copy.set(this.view);
    return copy;
  }
}
