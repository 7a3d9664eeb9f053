/**
 * Objects that stand for something in the core and count as one of its holders, until they are collected.
 *
 * Why nothing is lost or left: the core's object counts each thread once that has any of these JavaScript objects, and once each
 * slot that carries it. Encoding adds one before the slot can be seen, decoding makes it the thread's, dropping takes it
 * away. A FinalizationRegistry notices that an object was collected; an operation that waits refers to its object,
 * which is then not collected. A thread that ends takes away all of its own. What it holds is also written down in shared memory, each
 * in a word of its own, so if the thread dies the main thread does that for it. So the count is 0 exactly when nobody can use it any
 * more, and who makes it 0 frees it.
 */
import { HoldingsRoom } from "../abi/enums.js";
import { Holdings } from "../abi/records.js";
import type { Memory } from "../base/memory.js";
import { Handle } from "../values/handle.js";
import type { SyncHost } from "./host.js";
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

/** What a thread holds of an object of the core. */
interface Held {
  /** JavaScript objects that stand for it. */
  count: number;
  /** The word in which it is written down. */
  readonly place: number;
}

/** @internal Counts holders for one thread. */
export class Holders {
  private readonly host: SyncHost;
  private readonly memory: Memory;
  private readonly destroy: (kind: number, address: number) => void;
  private readonly registry = new FinalizationRegistry<number>((address) => this.leave(address));
  /** What this thread holds, by address. */
  private readonly live = new Map<number, Held>();
  /** Words to write down what is held. */
  private readonly places: number[] = [];

  /** @param destroy frees an object that nobody holds */
  constructor(host: SyncHost, destroy: (kind: number, address: number) => void) {
    this.host = host;
    this.memory = host.memory;
    this.destroy = destroy;
    for (let at = host.memory.m(host.mid).holdings; at !== 0; at = this.addPlaces(at));
  }

  watch(handle: SyncHandle): void {
    this.hold(handle.address);
    this.registry.register(handle, handle.address);
  }

  /** One more of this thread's objects stands for that at an address; takes over one holder's count. */
  hold(address: number): void {
    const held = this.live.get(address);
    if (held !== undefined) {
      held.count++;
      this.release(address);
      return;
    }
    if (this.places.length === 0) this.addPlaces(this.host.core.holdingsNew(this.host.mid));
    const place = this.places.pop()!;
    this.memory.words[place] = address;
    this.live.set(address, { count: 1, place });
  }

  /** One of them has gone. */
  leave(address: number): void {
    const held = this.live.get(address);
    if (held === undefined || --held.count > 0) return;
    this.live.delete(address);
    this.memory.words[held.place] = 0;
    this.places.push(held.place);
    this.release(address);
  }

  /** This thread ends: its objects will not be collected any more, and hold nothing. */
  end(): void {
    for (const [address, held] of this.live) {
      held.count = 1;
      this.leave(address);
    }
  }

  retain(address: number): void {
    Atomics.add(this.memory.words, this.memory.object(address).refsIndex, 1);
  }

  release(address: number): void {
    if (Atomics.sub(this.memory.words, this.memory.object(address).refsIndex, 1) !== 1) return;
    this.destroy(this.memory.object(address).kind, address);
  }

  /** Returns the next Holdings. */
  private addPlaces(at: number): number {
    const holdings = new Holdings(this.memory, at);
    for (let i = 0; i < HoldingsRoom.Places; i++) this.places.push(holdings.firstIndex + i);
    return holdings.next;
  }
}
