/**
 * Carriers: how threads hand each other what only message ports can (see `carrier.ts`).
 *
 * The main thread keeps all such values until they are taken, and every M has a port to it. An M sends its values there as it
 * encodes them; who decodes a number that it does not have asks the main thread, and waits. So nobody needs to know who will
 * decode a value, and no thread has to answer but the main thread, whose event loop never blocks for long. The ports are only
 * ever read synchronously, so they keep no thread alive; an M that wants an answer also puts a note into the main thread's
 * mailbox.
 *
 * Guarantees: a value posted before its slot was published is found, since the main thread looks through all ports before it
 * says that there is none. A value sent once is taken once. SharedArrayBuffers are kept as long as any slot or any thread's
 * own object stands for them: these are counted like other handles. The count is raised from 0 by the main thread only, so it
 * alone decides, when it is told of a 0, whether that is final.
 */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { HOBJ_REFS, HOST_SHARED, SCHED_STATE, STATE_RUNNING } from "../../assembly/layout.js";
import type { Memory } from "../memory.js";
import type { Carrier } from "./carrier.js";

/** What an M tells the main thread: here is a value; it wants one; nobody wants one. And the main thread's answer. */
interface Message {
  readonly put?: number;
  readonly value?: unknown;
  /** It was moved, and is to be moved on. */
  readonly moved?: boolean;
  readonly shared?: boolean;
  readonly want?: number;
  readonly drop?: number;
  /** Of the answer: there is no such value. */
  readonly lost?: boolean;
}

/** What carriers take from the core. */
interface CarrierCore {
  alloc(bytes: number): number;
  free(address: number): void;
  obj_new(kind: number, n: number, elem: number, other: number): number;
  obj_free(object: number): number;
}

/** Counts the holders of shared objects. */
interface Counts {
  retain(address: number): void;
  release(address: number): void;
}

export abstract class PortsCarrier implements Carrier {
  protected readonly core: CarrierCore;
  protected readonly memory: Memory;
  protected readonly counts: Counts;
  /** SharedArrayBuffers of this thread, by their objects in the core, and back. */
  protected readonly addresses = new WeakMap<SharedArrayBuffer, number>();

  constructor(core: CarrierCore, memory: Memory, counts: Counts) {
    this.core = core;
    this.memory = memory;
    this.counts = counts;
  }

  /** Any block's address is a number that nobody else has. */
  reserve(): number {
    return this.core.alloc(8) >>> 0;
  }

  share(buffer: SharedArrayBuffer): { kind: number; address: number } {
    let address = this.addresses.get(buffer);
    if (address === undefined) {
      address = this.core.obj_new(HOST_SHARED, 0, 0, 0) >>> 0;
      this.addresses.set(buffer, address);
      this.keep(address, buffer);
    }
    this.counts.retain(address);
    return { kind: HOST_SHARED, address };
  }

  abstract post(number: number, value: unknown, transfer: readonly object[]): void;
  abstract take(number: number): unknown;
  abstract discard(number: number): void;
  /** The SharedArrayBuffer of an object; takes over one holder's count. */
  abstract open(address: number): SharedArrayBuffer;
  /** Nobody holds an object any more, it seems. */
  abstract idle(address: number): void;
  /** A SharedArrayBuffer is shared for the first time; its object has one holder. */
  protected abstract keep(address: number, buffer: SharedArrayBuffer): void;
}

/** The main thread's carrier, which keeps everybody's values. */
export class Hub extends PortsCarrier {
  private readonly ports = new Map<number, MessagePort>();
  private readonly values = new Map<number, Message>();
  /** Where ports come from that another thread has made. */
  private source: MessagePort | undefined;

  /** The thread of M `mid` has this port's other end. */
  addPort(mid: number, port: MessagePort): void {
    this.ports.get(mid)?.close();
    this.ports.set(mid, port);
  }

  /** Ports of Ms that another thread starts come through this one. */
  listen(source: MessagePort): void {
    this.source = source;
  }

  close(): void {
    this.source?.close();
    for (const port of this.ports.values()) port.close();
    this.ports.clear();
    this.values.clear();
  }

  post(number: number, value: unknown, transfer: readonly object[]): void {
    const moved = structuredClone(value, { transfer: transfer as Transferable[] });
    this.values.set(number, { value: moved, moved: transfer.length > 0 });
  }

  take(number: number): unknown {
    const kept = this.find(number);
    if (kept === undefined) throw lost();
    this.values.delete(number);
    this.core.free(number);
    return kept.value;
  }

  discard(number: number): void {
    if (this.find(number) === undefined) return;
    this.values.delete(number);
    this.core.free(number);
  }

  open(address: number): SharedArrayBuffer {
    const kept = this.find(address);
    if (kept === undefined) throw lost();
    const buffer = kept.value as SharedArrayBuffer;
    this.addresses.set(buffer, address);
    this.counts.release(address);
    return buffer;
  }

  idle(address: number): void {
    if (this.memory.words[(address + HOBJ_REFS) >>> 2] !== 0) return; // it has been sent again
    const kept = this.values.get(address);
    if (kept === undefined) return;
    this.values.delete(address);
    this.addresses.delete(kept.value as SharedArrayBuffer);
    this.core.obj_free(address);
  }

  protected keep(address: number, buffer: SharedArrayBuffer): void {
    this.values.set(address, { value: buffer, shared: true });
    // This thread's own objects do not count: it has all of them.
    Atomics.store(this.memory.words, (address + HOBJ_REFS) >>> 2, 0);
  }

  private receive(port: MessagePort, message: Message): void {
    if (message.put !== undefined) {
      this.values.set(message.put, message);
      if (message.shared === true) {
        this.addresses.set(message.value as SharedArrayBuffer, message.put);
        this.idle(message.put);
      }
    } else if (message.drop !== undefined) {
      if (this.values.get(message.drop)?.shared === true) this.idle(message.drop);
      else this.discard(message.drop);
    } else if (message.want !== undefined) {
      this.answer(port, message.want);
    }
  }

  private answer(port: MessagePort, number: number): void {
    const kept = this.find(number);
    if (kept === undefined) return port.postMessage({ put: number, lost: true } satisfies Message);
    const transfer = kept.moved === true ? [kept.value as MessagePort] : [];
    port.postMessage({ put: number, value: kept.value } satisfies Message, transfer);
    if (kept.shared !== true) {
      this.values.delete(number);
      this.core.free(number);
    }
  }

  /** What is kept under a number; looks for it in the ports if need be. */
  private find(number: number): Message | undefined {
    if (!this.values.has(number)) this.drain();
    return this.values.get(number);
  }

  /** Handles all messages that have come. */
  drain(): void {
    if (this.source !== undefined) {
      for (let it; (it = receiveMessageOnPort(this.source)) !== undefined;) {
        const { mid, port } = it.message as { mid: number; port: MessagePort };
        this.addPort(mid, port);
      }
    }
    for (const port of this.ports.values()) {
      for (let it; (it = receiveMessageOnPort(port)) !== undefined;) this.receive(port, it.message as Message);
    }
  }
}

/** How long an M sleeps before it looks again for an answer, in ms: short at first. */
const LEAST_MS = 0.02;
const MOST_MS = 5;

/** An M's carrier. */
export class Spoke extends PortsCarrier {
  private readonly port: MessagePort;
  private readonly known = new Map<number, WeakRef<SharedArrayBuffer>>();
  private readonly nobody = new Int32Array(new SharedArrayBuffer(4));
  private readonly registry = new FinalizationRegistry<number>((address) => this.collected(address));

  private readonly wake: () => void;

  /** @param wake has the main thread look into its ports */
  constructor(core: CarrierCore, memory: Memory, counts: Counts, port: MessagePort, wake: () => void) {
    super(core, memory, counts);
    this.port = port;
    this.wake = wake;
  }

  post(number: number, value: unknown, transfer: readonly object[]): void {
    const message: Message = { put: number, value, moved: transfer.length > 0 };
    this.port.postMessage(message, transfer as readonly MessagePort[]);
  }

  take(number: number): unknown {
    return this.fetch(number);
  }

  discard(number: number): void {
    this.port.postMessage({ drop: number } satisfies Message);
    this.wake();
  }

  open(address: number): SharedArrayBuffer {
    const known = this.known.get(address)?.deref();
    if (known !== undefined) {
      this.counts.release(address);
      return known;
    }
    const buffer = this.fetch(address) as SharedArrayBuffer;
    this.watch(address, buffer);
    return buffer;
  }

  idle(address: number): void {
    this.port.postMessage({ drop: address } satisfies Message);
    this.wake();
  }

  protected keep(address: number, buffer: SharedArrayBuffer): void {
    this.watch(address, buffer);
    this.port.postMessage({ put: address, value: buffer, shared: true } satisfies Message);
  }

  private watch(address: number, buffer: SharedArrayBuffer): void {
    this.addresses.set(buffer, address);
    this.known.set(address, new WeakRef(buffer));
    this.registry.register(buffer, address);
  }

  private collected(address: number): void {
    if (this.known.get(address)?.deref() === undefined) this.known.delete(address);
    this.counts.release(address);
  }

  /** Asks the main thread for a value, and waits for it. */
  private fetch(number: number): unknown {
    this.port.postMessage({ want: number } satisfies Message);
    this.wake();
    for (let ms = LEAST_MS; ; ms = Math.min(ms * 1.5, MOST_MS)) {
      for (let it; (it = receiveMessageOnPort(this.port)) !== undefined;) {
        const message = it.message as Message;
        if (message.put !== number) continue;
        if (message.lost === true) throw lost();
        return message.value;
      }
      if (Atomics.load(this.memory.words, SCHED_STATE >>> 2) !== STATE_RUNNING) throw lost();
      Atomics.wait(this.nobody, 0, 0, ms);
    }
  }
}

function lost(): Error {
  return new Error("a value was lost together with the thread that sent it, or the runtime was closed");
}
