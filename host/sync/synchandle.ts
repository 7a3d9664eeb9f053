/**
 * Objects that stand for something in the core and count as one of its holders, until they are collected.
 *
 * Why nothing is lost or left: the core's object counts a holder for each of these JavaScript objects, on any thread, and one for
 * each slot that carries it. Encoding adds one before the slot can be seen, decoding makes it the new object's, dropping takes it
 * away. A FinalizationRegistry takes away that of an object that was collected; an operation that waits refers to its object,
 * which is then not collected. A thread that ends takes away all of its own (one that is killed cannot: those objects stay until
 * the runtime is closed). So the count is 0 exactly when nobody can use it any more, and who makes it 0 frees it.
 */
import type { Memory } from "../base/memory.js";
import { Handle } from "../values/handle.js";
import type { Sync } from "./sync.js";

export abstract class SyncHandle extends Handle {
  /** @internal */
  readonly sync: Sync;
  /** @internal */
  readonly kind: number;
  /** @internal */
  readonly address: number;

  /** @internal Takes over one holder's count. */
  constructor(sync: Sync, kind: number, address: number) {
    super();
    this.sync = sync;
    this.kind = kind;
    this.address = address;
    sync.holders.watch(this);
  }

  /** @internal */
  get memory(): Memory {
    return this.sync.host.memory;
  }

  /** @internal The core's own object. */
  protected get target(): number {
    return this.memory.object(this.address).target;
  }
}

/** @internal Counts holders for one thread. */
export class Holders {
  private readonly memory: Memory;
  private readonly destroy: (kind: number, address: number) => void;
  private readonly registry = new FinalizationRegistry<number>((address) => {
    this.forget(address);
    this.release(address);
  });
  /** How many of this thread's objects stand for each address. */
  private readonly live = new Map<number, number>();

  /** @param destroy frees an object that nobody holds */
  constructor(memory: Memory, destroy: (kind: number, address: number) => void) {
    this.memory = memory;
    this.destroy = destroy;
  }

  watch(handle: SyncHandle): void {
    const { address } = handle;
    this.live.set(address, (this.live.get(address) ?? 0) + 1);
    this.registry.register(handle, address);
  }

  /** This thread ends: its objects will not be collected any more, and hold nothing. */
  end(): void {
    for (const [address, count] of this.live) for (let i = 0; i < count; i++) this.release(address);
    this.live.clear();
  }

  private forget(address: number): void {
    const count = this.live.get(address)!;
    if (count === 1) this.live.delete(address);
    else this.live.set(address, count - 1);
  }

  retain(address: number): void {
    Atomics.add(this.memory.words, this.memory.object(address).refsIndex, 1);
  }

  release(address: number): void {
    if (Atomics.sub(this.memory.words, this.memory.object(address).refsIndex, 1) !== 1) return;
    this.destroy(this.memory.object(address).kind, address);
  }
}
