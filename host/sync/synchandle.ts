/**
 * Objects that stand for something in the core and count as one of its holders, until they are collected.
 *
 * Why nothing is lost or left: the core's object counts each thread once that has any of these JavaScript objects, and once each
 * slot that carries it. Encoding adds one before the slot can be seen, decoding makes it the thread's, dropping takes it
 * away. A FinalizationRegistry notices that an object was collected; an operation that waits refers to its object,
 * which is then not collected. A thread that ends takes away all of its own. What it holds is also written down in shared memory, each
 * in a word of its own, so if the thread dies the main thread does that for it. So the count is 0 exactly when nobody can use it any
 * more, and who makes it 0 frees it.
 *
 * The engine does not know what such an object keeps: it would see no reason to collect a hundred small ones that keep a megabyte
 * each. So they have *ballast*, memory of the engine's that is asked for and never touched; and a thread's event loop gets turns to
 * run the finalizers in.
 */
import { HoldingsRoom, ObjectKind, Watching } from "../abi/enums.js";
import { Holdings, type M } from "../abi/records.js";
import { ballastOf, garbageCollector } from "../base/garbage.js";
import { SkeinError } from "../base/errors.js";
import type { Memory } from "../base/memory.js";
import { present, refuseClone } from "../base/present.js";
import { Handle } from "../values/handle.js";
import type { SyncHost } from "./host.js";
import type { Sync } from "./sync.js";

/** What an object of the core takes beside what is in it, in bytes. */
const SMALL = 256;
/** Ballast comes in pieces of that size at least. */
const WEIGHED = 64 * 1024;
/** When a thread is to collect garbage that the engine does not. */
const MUCH = 64 * 2 ** 20;

export abstract class SyncHandle extends Handle {
  readonly #sync: Sync;
  readonly #kind: number;
  #address: number;
  /** Has the engine know what it keeps. */
  #ballast: ArrayBuffer | undefined;

  /** @internal Takes over one holder's count. */
  constructor(sync: Sync, kind: number, address: number) {
    super();
    this.#sync = sync;
    this.#kind = kind;
    this.#address = address;
    this.#ballast = sync.holders.watch(this);
    refuseClone(this);
  }

  /** @internal */
  get sync(): Sync {
    return this.#sync;
  }

  /** @internal */
  get kind(): number {
    return this.#kind;
  }

  /** @internal */
  get address(): number {
    if (this.#address === 0) throw new SkeinError(`this ${this.constructor.name} was disposed of`);
    return this.#address;
  }

  /** @internal Lets go of it before it is collected: from then on it is of no use. */
  protected letGo(): void {
    if (this.#address === 0) return;
    this.#sync.holders.unwatch(this);
    this.#address = 0;
    if (this.#ballast !== undefined) this.#ballast = undefined;
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

/** @internal Has handles of a class print themselves in a line, with what `factsOf` says. */
export function presentHandle<T extends SyncHandle>(
  type: { readonly prototype: T; readonly name: string },
  factsOf: (handle: T) => Readonly<Record<string, unknown>> = () => ({}),
  hint = "it is shared by a program's threads, and is no data",
): void {
  present(type, type.name, factsOf, hint);
}

/** What a thread holds of an object of the core. */
interface Held {
  /** JavaScript objects that stand for it, and the bytes that they keep. */
  count: number;
  readonly weight: number;
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
  private readonly m: M;
  /** Bytes that this thread's objects keep, and how many it was when garbage was collected for that last. */
  private outstanding = 0;
  private kept = 0;
  /** Those of objects that have no ballast. */
  private unweighed = 0;

  /** @param destroy frees an object that nobody holds */
  constructor(host: SyncHost, destroy: (kind: number, address: number) => void) {
    this.host = host;
    this.memory = host.memory;
    this.destroy = destroy;
    this.m = host.memory.m(host.mid);
    for (let at = host.memory.m(host.mid).holdings; at !== 0; at = this.addPlaces(at));
  }

  /** What it returns is to be kept as long as the handle. */
  watch(handle: SyncHandle): ArrayBuffer | undefined {
    const { address } = handle;
    this.registry.register(handle, address, handle);
    return this.hold(address, this.weightOf(address));
  }

  /** It does not stand for anything any more. */
  unwatch(handle: SyncHandle): void {
    this.registry.unregister(handle);
    this.leave(handle.address);
  }

  /**
   * One more of this thread's objects stands for that at an address; takes over one holder's count. What it returns is to be kept
   * with that object: it has the engine collect as many as if each kept so many bytes of its own.
   */
  hold(address: number, weight: number): ArrayBuffer | undefined {
    this.unweighed += this.count(address, weight);
    if (this.unweighed < WEIGHED) return undefined;
    const ballast = ballastOf(this.unweighed);
    this.unweighed = 0;
    return ballast;
  }

  /** Returns what this thread keeps more. */
  private count(address: number, weight: number): number {
    const held = this.live.get(address);
    if (held !== undefined) {
      held.count++;
      this.release(address);
      return SMALL;
    }
    if (this.places.length === 0) this.addPlaces(this.host.core.holdingsNew(this.host.mid));
    const place = this.places.pop()!;
    this.memory.words[place] = address;
    this.live.set(address, { count: 1, weight, place });
    this.outstanding += weight;
    this.m.watching = this.isMuch ? Watching.Much : Watching.Some;
    return weight;
  }

  /** One of them has gone. */
  leave(address: number): void {
    const held = this.live.get(address);
    if (held === undefined || --held.count > 0) return;
    this.live.delete(address);
    this.outstanding -= held.weight;
    this.kept = Math.min(this.kept, this.outstanding);
    this.memory.words[held.place] = 0;
    this.places.push(held.place);
    if (this.live.size === 0) this.m.watching = Watching.Nothing;
    this.release(address);
  }

  /** Collects garbage, if this thread keeps much that it did not before. In a turn of its event loop. */
  collect(): void {
    if (!this.isMuch) return;
    garbageCollector()?.();
    this.kept = this.outstanding;
    this.m.watching = Watching.Some;
  }

  private get isMuch(): boolean {
    return this.outstanding - this.kept >= MUCH;
  }

  /** What an object of the core takes, in bytes. */
  private weightOf(address: number): number {
    const { kind, elem, target } = this.memory.object(address);
    if (kind === ObjectKind.Bytes) return elem + SMALL;
    return kind === ObjectKind.Chan ? this.memory.chan(target).dataqsiz * 8 + SMALL : SMALL;
  }

  /** This thread ends: its objects will not be collected any more, and hold nothing. */
  end(): void {
    for (const [address, { count }] of this.live) for (let i = 0; i < count; i++) this.leave(address);
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
