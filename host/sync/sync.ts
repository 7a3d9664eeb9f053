/**
 * Channels, locks and contexts on one thread: makes them, makes those that come from other threads again, and frees what
 * nobody holds any more.
 */
import { Elem, HoldingsRoom, NoteKind, ObjectKind, OpCode, OpStatus } from "../abi/enums.js";
import { Holdings } from "../abi/records.js";
import { SkeinError } from "../base/errors.js";
import { optionOf } from "../base/options.js";
import { isHandle, type PortsCarrier } from "../values/index.js";
import { Bytes } from "./bytes.js";
import { Chan, ELEMENT_TYPES, type ElementType } from "./chan.js";
import { Context } from "./context.js";
import { checkWhole } from "./syncerrors.js";
import { Holders, type SyncHandle } from "./synchandle.js";
import type { SyncHost } from "./host.js";
import { Mutex, RWMutex } from "./locks.js";
import { Ops } from "./ops.js";
import { Pool } from "./pool.js";
import { Cond, Once, Semaphore, WaitGroup } from "./primitives.js";

/** Slots of a channel's buffer: the core's limit on one object, 1 GiB. */
const MAX_CAPACITY = 2 ** 27 - 512;
/** Bytes of a value in a channel's buffer. */
const SLOT = 8;
const MAX_TICKETS = 2 ** 31 - 1;
const MAX_BYTES = 2 ** 30;

/** How a channel is made. */
export interface ChanOptions {
  /**
   * What it carries. `"any"`, the default: any value that can be cloned. A channel that goroutines in WebAssembly use has their
   * type: `"f64"`, `"i32"`, `"i64"` (bigint) or `"bytes"` (Uint8Array).
   */
  readonly type?: ElementType | undefined;
}

/** @internal */
export class Sync {
  readonly host: SyncHost;
  readonly ops: Ops;
  readonly holders: Holders;
  private carrier: PortsCarrier | undefined;
  /** Starts a goroutine with a ticket of the pool at an address, as `Starter.go` does; its result. */
  readonly go: (fn: (...args: unknown[]) => unknown, args: readonly unknown[], pool: number) => PromiseLike<unknown>;

  constructor(host: SyncHost, go: Sync["go"]) {
    this.host = host;
    this.go = go;
    this.ops = new Ops(host);
    this.holders = new Holders(host, (kind, address) => this.destroy(kind, address));
    for (const kind of Object.keys(OPEN).map(Number)) {
      host.codec.register(kind, {
        retain: (address) => this.holders.retain(address),
        release: (address) => this.holders.release(address),
        open: (address) => this.open(kind, address),
      });
    }
    if (host.mid !== 0) return;
    host.mailbox.onOrphan(NoteKind.Op, (op) => this.orphan(op));
    host.mailbox.onOrphan(NoteKind.Holdings, (note) => this.lost(note));
  }

  newChan<T>(capacity = 0, options?: ChanOptions): Chan<T> {
    checkWhole(capacity, 0, MAX_CAPACITY, "a channel's capacity");
    const type = optionOf(options, "type") ?? "any";
    const elem = ELEMENT_TYPES.indexOf(type);
    if (elem < 0) {
      throw new TypeError(`a channel's type is one of ${ELEMENT_TYPES.join(", ")}, not ${String(type)}`);
    }
    return new Chan<T>(this, this.make(ObjectKind.Chan, capacity, elem));
  }

  newMutex(): Mutex {
    return new Mutex(this, this.make(ObjectKind.Mutex));
  }

  newRWMutex(): RWMutex {
    return new RWMutex(this, this.make(ObjectKind.RWMutex));
  }

  newWaitGroup(): WaitGroup {
    return new WaitGroup(this, this.make(ObjectKind.WaitGroup));
  }

  newSemaphore(n: number): Semaphore {
    return new Semaphore(this, this.make(ObjectKind.Semaphore, checkWhole(n, 0, MAX_TICKETS, "a semaphore's size")));
  }

  newOnce(): Once {
    return new Once(this, this.make(ObjectKind.Once));
  }

  newCond(mutex: Mutex = this.newMutex()): Cond {
    this.checkOwn(mutex, "the mutex of a cond");
    if (!(mutex.kind === ObjectKind.Mutex)) throw new TypeError("a cond takes a mutex: rt.cond(rt.mutex())");
    return new Cond(this, this.make(ObjectKind.Cond, 0, 0, mutex.address), mutex);
  }

  newPool(n: number): Pool {
    return new Pool(this, this.make(ObjectKind.Pool, checkWhole(n, 1, MAX_TICKETS, "a pool's size")));
  }

  newContext(parent?: Context): Context {
    if (parent !== undefined) this.checkOwn(parent, "the parent of a context");
    return new Context(this, this.make(ObjectKind.Context, 0, 0, parent?.address ?? 0));
  }

  newBytes(contents: number | Uint8Array): Bytes {
    const length = typeof contents === "number" ? contents : contents.byteLength;
    checkWhole(length, 0, MAX_BYTES, "the number of bytes");
    const bytes = new Bytes(this, this.make(ObjectKind.Bytes, length, length));
    if (typeof contents === "number") bytes.view.fill(0);
    else bytes.view.set(contents);
    return bytes;
  }

  /** Lets what only message ports can carry travel. */
  carryWith(make: (counts: Holders) => PortsCarrier): void {
    const carrier = make(this.holders);
    this.carrier = carrier;
    this.host.codec.carrier = carrier;
    this.host.codec.register(ObjectKind.Shared, {
      retain: (address) => this.holders.retain(address),
      release: (address) => this.holders.release(address),
      open: (address) => carrier.open(address),
    });
  }

  /** @throws SkeinError if `handle` is not one of this runtime's */
  checkOwn(handle: unknown, what: string): asserts handle is SyncHandle {
    if (typeof handle !== "object" || handle === null || !isHandle(handle)) {
      throw new TypeError(`${what} is none of a runtime's objects`);
    }
    if (handle.memory !== this.host.memory) throw new SkeinError(`${what} belongs to another runtime`);
  }

  private make(kind: number, n = 0, elem = 0, other = 0): number {
    if (this.ops.over !== undefined) throw this.ops.over;
    if (other !== 0) this.holders.retain(other);
    const address = this.host.core.objectNew(kind, n, elem, other);
    if (address === 0) throw this.host.memory.full(kind === ObjectKind.Chan ? n * SLOT : n);
    return address;
  }

  private open(kind: number, address: number): SyncHandle {
    return OPEN[kind]!(this, address);
  }

  /** Nobody holds it: what it still holds is given up. */
  private destroy(kind: number, address: number): void {
    const { host, ops } = this;
    const { memory } = host;
    if (kind === ObjectKind.Shared) return this.carrier?.idle(address);
    if (kind === ObjectKind.Chan && memory.object(address).elem === Elem.Any) {
      const chan = memory.object(address).target;
      while (host.core.chanTryRecv(ops.lender, chan, ops.slot) === OpStatus.Done) host.codec.drop(ops.slot);
    } else if (kind === ObjectKind.Context) {
      host.codec.encode(undefined, ops.slot);
      host.core.contextCancel(address, ops.slot); // whoever still follows it lets go
      if (memory.object(address).done === 2) host.codec.drop(memory.object(address).reason);
      if (memory.object(address).elem === 1) host.codec.drop(memory.object(address).value);
    }
    const other = host.core.objectFree(address);
    if (other !== 0) this.holders.release(other);
  }

  /** An operation is over whose thread has died: what it got is for nobody. */
  private orphan(op: number): void {
    const { host } = this;
    const { memory } = host;
    const code = memory.op(op).code;
    const status = memory.op(op).status;
    const object = memory.op(op).object;
    const isAny = object !== 0 && memory.object(object).elem === Elem.Any;
    if (code === OpCode.Recv && status === OpStatus.Done && isAny) host.codec.drop(memory.op(op).slot);
    if (code === OpCode.Send && (status === OpStatus.Cancelled || status === OpStatus.Closed) && isAny)
      host.codec.drop(memory.op(op).slot);
    if (code === OpCode.Cond && status !== OpStatus.Cancelled) host.core.condSignal(object); // what woke it is for the next
    const { dead } = memory.op(op);
    host.core.opFree(op);
    if (dead !== 0 && object !== 0) this.holders.release(object);
  }

  /** What a thread held that has died. */
  private lost(note: number): void {
    const { core, memory } = this.host;
    const { a: first } = memory.note(note);
    core.mfree(note);
    for (let at = first, next; at !== 0; at = next) {
      const holdings = new Holdings(memory, at);
      next = holdings.next;
      for (let i = 0; i < HoldingsRoom.Places; i++) {
        const address = memory.words[holdings.firstIndex + i]! >>> 0;
        if (address !== 0) this.holders.release(address);
      }
      core.mfree(at);
    }
  }
}

/** How handles that come from other threads are made, by kind. */
const OPEN: Readonly<Record<number, (sync: Sync, address: number) => SyncHandle>> = {
  [ObjectKind.Chan]: (sync, address) => new Chan(sync, address),
  [ObjectKind.Mutex]: (sync, address) => new Mutex(sync, address),
  [ObjectKind.RWMutex]: (sync, address) => new RWMutex(sync, address),
  [ObjectKind.WaitGroup]: (sync, address) => new WaitGroup(sync, address),
  [ObjectKind.Semaphore]: (sync, address) => new Semaphore(sync, address),
  [ObjectKind.Once]: (sync, address) => new Once(sync, address),
  [ObjectKind.Cond]: (sync, address) => {
    const mutex = sync.host.memory.object(address).other;
    sync.holders.retain(mutex);
    return new Cond(sync, address, new Mutex(sync, mutex));
  },
  [ObjectKind.Pool]: (sync, address) => new Pool(sync, address),
  [ObjectKind.Context]: (sync, address) => new Context(sync, address),
  [ObjectKind.Bytes]: (sync, address) => new Bytes(sync, address),
};
