/** Channels. */
import { Elem, ObjectKind, OpCode, OpStatus } from "../abi/enums.js";
import { optionOf } from "../base/options.js";
import type { Transfer } from "../values/index.js";
import { asError, ChanError, panicking, reasonOf } from "./syncerrors.js";
import { presentHandle, SyncHandle } from "./synchandle.js";
import type { WaitOptions } from "./host.js";
import type { Sync } from "./sync.js";

/** What a channel carries: any value (the default), or what goroutines in WebAssembly know. */
export type ElementType = "any" | "f64" | "i32" | "i64" | "bytes";

/** The element types, by the number that the core has for each. */
export const ELEMENT_TYPES: readonly ElementType[] = ["any", "f64", "i32", "i64", "bytes"];

/** What was received: `ok` is false, and `value` undefined, once the channel is closed and drained. */
export type Received<T> = { readonly value: T; readonly ok: true } | { readonly value: undefined; readonly ok: false };

/** How a value is sent. */
export interface SendOptions extends WaitOptions {
  /** Objects that are moved rather than cloned, as in `postMessage`. */
  readonly transfer?: readonly unknown[] | undefined;
}

const NOTHING = { value: undefined, ok: false } as const;
const SENT = Promise.resolve();
const END = Promise.resolve({ value: undefined, done: true as const });

/** After so many values without a wait, iteration lets the event loop take a turn. */
const TURN = 512;

/**
 * A channel, as in Go: any number of goroutines on any threads send to it and receive from it; values come out in the order
 * they went in, each once. A send waits until a receiver takes the value or the buffer has room.
 *
 * Give it to goroutines as an argument, or send it through another channel.
 */
export class Chan<T> extends SyncHandle implements AsyncIterable<T>, Disposable {
  readonly #elem: number;
  readonly #chan: number;

  /** @internal */
  constructor(sync: Sync, address: number) {
    super(sync, ObjectKind.Chan, address);
    this.#elem = this.memory.object(address).elem;
    this.#chan = this.target;
  }

  /** What it carries. */
  get type(): ElementType {
    return ELEMENT_TYPES[this.#elem]!;
  }

  /** Values in the buffer. */
  get length(): number {
    return this.memory.chan(this.#chan).qcount;
  }

  /** Values that the buffer holds; 0 if every send waits for its receiver. */
  get capacity(): number {
    return this.memory.chan(this.#chan).dataqsiz;
  }

  /** Whether it has been closed. */
  get closed(): boolean {
    return this.memory.chan(this.#chan).closed !== 0;
  }

  /**
   * Sends `value`. Resolves when a receiver has taken it or it is in the buffer. Rejects with a ChanError `send on closed
   * channel`, with a DataCloneError if it cannot be cloned, with the signal's reason if that ends the wait.
   */
  send(value: T, options?: SendOptions): Promise<void> {
    try {
      const signal = optionOf(options, "signal");
      if (signal?.aborted === true) throw reasonOf(signal);
      const status = this.offer(value, optionOf(options, "transfer"));
      if (status === OpStatus.Done) return SENT;
      if (status === OpStatus.Closed) throw this.refused();
      const { ops } = this.sync;
      const op = ops.take(OpCode.Send, this.address);
      ops.load(op);
      return ops.promise(op, (op, status) => this.sent(op, status), signal);
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }

  /**
   * Receives. Resolves with `{ value, ok: true }`, or `{ value: undefined, ok: false }` once the channel is closed and
   * drained, or the runtime is. A wait that the signal ends has taken no value.
   */
  recv(options?: WaitOptions): Promise<Received<T>> {
    try {
      const signal = optionOf(options, "signal");
      if (signal?.aborted === true) throw reasonOf(signal);
      const { ops } = this.sync;
      const status = ops.core.chanTryRecv(ops.lender, this.#chan, ops.slot);
      if (status === OpStatus.Done) return Promise.resolve({ value: this.decode(), ok: true });
      if (status === OpStatus.Closed) return Promise.resolve(NOTHING);
      const op = ops.take(OpCode.Recv, this.address);
      return ops.promise<Received<T>>(op, (op, status) => this.received(op, status), signal, NOTHING);
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }

  /** Sends if that is possible at once. Throws a ChanError on a closed channel, a DataCloneError. */
  trySend(value: T): boolean {
    const status = this.offer(value);
    if (status === OpStatus.Done) return true;
    const refused = status === OpStatus.Closed ? this.refused() : undefined;
    if (refused !== undefined) throw refused;
    this.drop();
    return false;
  }

  /** Receives if that is possible at once; `ok` is false if nothing was there, or will ever be. */
  tryRecv(): Received<T> {
    const { ops } = this.sync;
    const status = ops.core.chanTryRecv(ops.lender, this.#chan, ops.slot);
    return status === OpStatus.Done ? { value: this.decode(), ok: true } : NOTHING;
  }

  /** Sends, blocking this goroutine's M, whose P is handed on. Only in goroutines; throws like `send`. */
  sendSync(value: T, options?: { readonly transfer?: readonly unknown[] | undefined }): void {
    const { ops } = this.sync;
    ops.checkMayBlock("sendSync");
    const status = this.offer(value, optionOf(options, "transfer"));
    if (status === OpStatus.Done) return;
    if (status === OpStatus.Closed) throw this.refused();
    const op = ops.take(OpCode.Send, this.address);
    ops.load(op);
    let ended = false;
    try {
      const status = ops.wait(op, "sendSync");
      ended = true;
      this.sent(op, status);
    } finally {
      if (!ended) this.dropOf(op);
      ops.give(op);
    }
  }

  /** Receives, blocking this goroutine's M, whose P is handed on. Only in goroutines. */
  recvSync(): Received<T> {
    const { ops } = this.sync;
    const status = ops.core.chanTryRecv(ops.lender, this.#chan, ops.slot);
    if (status === OpStatus.Done) return { value: this.decode(), ok: true };
    if (status === OpStatus.Closed) return NOTHING;
    const op = ops.take(OpCode.Recv, this.address);
    try {
      return this.received(op, ops.wait(op, "recvSync"));
    } finally {
      ops.give(op);
    }
  }

  /** No more values will be sent: receivers get what is left, then the end. Throws a ChanError if it is closed already. */
  close(): void {
    try {
      panicking(() => this.sync.ops.core.chanClose(this.#chan));
    } catch (error) {
      throw new ChanError((error as Error).message);
    }
  }

  /** Closes it, unless it is closed. */
  [Symbol.dispose](): void {
    try {
      this.close();
    } catch (error) {
      if (!(error instanceof ChanError)) throw error;
    }
  }

  /** The values until it is closed and drained. Several loops share the values between them. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    let quick = 0;
    return {
      next: () => {
        if (++quick > TURN) {
          quick = 0;
          return new Promise((resolve) => setImmediate(resolve)).then(() => this.next());
        }
        return this.next(() => (quick = 0));
      },
      return: () => END,
    };
  }

  private next(waits?: () => void): Promise<IteratorResult<T, undefined>> {
    const { ops } = this.sync;
    const status = ops.core.chanTryRecv(ops.lender, this.#chan, ops.slot);
    if (status === OpStatus.Done) return Promise.resolve({ value: this.decode(), done: false });
    if (status === OpStatus.Closed) return END;
    waits?.();
    const op = ops.take(OpCode.Recv, this.address);
    const settle = (op: number, status: number): IteratorResult<T, undefined> => {
      const { value, ok } = this.received(op, status);
      return ok ? { value, done: false } : { value, done: true };
    };
    return ops.promise<IteratorResult<T, undefined>>(op, settle, undefined, {
      value: undefined,
      done: true,
    });
  }

  // ---- values --------------------------------------------------------------------------------------------------------

  /** Encodes the value and sends it if that is possible at once; else it is in this thread's slot. */
  private offer(value: T, transfer?: readonly unknown[]): number {
    const { ops } = this.sync;
    // What has been moved cannot be given back.
    if (transfer !== undefined && this.closed) throw new ChanError("send on closed channel");
    this.encode(value, transfer);
    return ops.core.chanTrySend(this.#chan, ops.slot);
  }

  /** @internal Puts a value into this thread's slot. */
  encode(value: unknown, transfer?: Transfer | readonly unknown[]): void {
    const { sync } = this;
    const elem = this.#elem;
    const { slot } = sync.ops;
    if (elem === Elem.Any) return sync.host.codec.encode(value, slot, transfer);
    if (!this.fits(value)) {
      throw new TypeError(`a channel of ${this.type} cannot carry ${shown(value)}`);
    }
    const { data } = this.memory;
    if (elem === Elem.F64) data.setFloat64(slot, value as number, true);
    else if (elem === Elem.I32) {
      data.setInt32(slot, value as number, true);
      data.setInt32(slot + 4, (value as number) < 0 ? -1 : 0, true);
    } else if (elem === Elem.I64) data.setBigInt64(slot, value as bigint, true);
    else this.encodeBytes(value as Uint8Array, slot);
  }

  private fits(value: unknown): boolean {
    switch (this.#elem) {
      case Elem.F64:
        return typeof value === "number";
      case Elem.I32:
        return typeof value === "number" && (value | 0) === value;
      case Elem.I64:
        return typeof value === "bigint" && BigInt.asIntN(64, value) === value;
      default:
        return value instanceof Uint8Array;
    }
  }

  /** A Uint8Array of AssemblyScript: buffer, where its data begins, how many bytes. */
  private encodeBytes(value: Uint8Array, slot: number): void {
    const { memory } = this;
    const object = this.sync.ops.core.bytesNew(value.byteLength);
    if (object === 0) throw memory.full(value.byteLength);
    memory.bytes.set(value, memory.address(object + 4));
    memory.data.setUint32(slot, object, true);
    memory.data.setUint32(slot + 4, 0, true);
  }

  /** @internal Takes the value out of this thread's slot. */
  decode(): T {
    const { sync } = this;
    const elem = this.#elem;
    const { slot } = sync.ops;
    const { memory } = this;
    const { data } = memory;
    switch (elem) {
      case Elem.Any:
        return sync.host.codec.decode(slot) as T;
      case Elem.F64:
        return data.getFloat64(slot, true) as T;
      case Elem.I32:
        return data.getInt32(slot, true) as T;
      case Elem.I64:
        return data.getBigInt64(slot, true) as T;
      default: {
        const object = memory.address(slot);
        if (object === 0) return new Uint8Array(0) as T;
        const start = memory.address(object + 4);
        return memory.bytes.slice(start, start + memory.address(object + 8)) as T;
      }
    }
  }

  /** @internal Gives up the value in this thread's slot. */
  drop(): void {
    if (this.#elem === Elem.Any) this.sync.host.codec.drop(this.sync.ops.slot);
  }

  /** @internal The core's channel. Goroutines in WebAssembly keep it as any object; until one has it, this one is to be kept. */
  get core(): number {
    return this.#chan;
  }

  private dropOf(op: number): void {
    this.sync.ops.unload(op);
    this.drop();
  }

  private sent(op: number, status: number): void {
    if (status === OpStatus.Done) return;
    this.dropOf(op);
    if (status === OpStatus.Closed) throw new ChanError("send on closed channel");
  }

  private received(op: number, status: number): Received<T> {
    if (status !== OpStatus.Done) return NOTHING;
    this.sync.ops.unload(op);
    return { value: this.decode(), ok: true };
  }

  /** The value in this thread's slot was refused. */
  private refused(): ChanError {
    this.drop();
    return new ChanError("send on closed channel");
  }
}

presentHandle(
  Chan,
  ({ type, length, capacity, closed }) => ({ type, length, capacity, closed }),
  "receive from it, await recv(), to have a value",
);

/** A value in an error's text. */
function shown(value: unknown): string {
  if (typeof value === "object" && value !== null) return `an object of class ${value.constructor?.name ?? "Object"}`;
  return typeof value === "bigint" ? `${value}n` : typeof value === "string" ? JSON.stringify(value) : String(value);
}
