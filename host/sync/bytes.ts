/** Bytes that all threads share, without copying and without a message port. */
import { ObjectKind } from "../abi/enums.js";
import { SkeinError } from "../base/errors.js";
import { presentHandle, SyncHandle } from "./synchandle.js";
import type { Sync } from "./sync.js";

/**
 * A block of the runtime's memory. Given to a goroutine, or sent through a channel, it is the same bytes there: nothing is
 * copied. Nothing orders what threads write to it either, but what you use for that: a channel, a lock, Atomics.
 */
export class Bytes extends SyncHandle implements Disposable {
  #view: Uint8Array | undefined;

  /** @internal */
  constructor(sync: Sync, address: number) {
    super(sync, ObjectKind.Bytes, address);
    const { memory } = this;
    this.#view = new Uint8Array(memory.raw.buffer, this.target, memory.object(address).elem);
  }

  /**
   * The bytes. They are valid as long as this object is: keep it while a view of it, or of a part of it, is in use.
   *
   * @throws SkeinError once it was disposed of
   */
  get view(): Uint8Array {
    if (this.#view === undefined) throw new SkeinError("these bytes were disposed of");
    return this.#view;
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

  /**
   * Lets go of them here, at the end of a `using` block, rather than when this object is collected. They are freed when no
   * other thread has them; views of them are not to be used any more.
   */
  [Symbol.dispose](): void {
    this.#view = undefined;
    this.letGo();
  }
}

presentHandle(Bytes, ({ length }) => ({ length }), "its bytes are in `view`");
