/**
 * Carriers: how threads hand each other what only message ports can (see `carrier.ts`).
 *
 * The main thread keeps all such values until they are taken, and every M has a port to it. An M sends its values there as it
 * encodes them; who decodes a number that it does not have asks the main thread, and waits. So nobody needs to know who will
 * decode a value, and no thread has to answer but the main thread, whose event loop never blocks for long. The ports are only
 * ever read synchronously, so they keep no thread alive; an M that wants an answer also puts a note into the main thread's
 * mailbox.
 *
 * The main thread may block right after it has sent a SharedArrayBuffer, to wait on it. So it announces these to all Ms before
 * the slot is published, as many as they have not read yet; only an M that does not know one asks. A thread that sysmon starts
 * meanwhile could not be told of them, nor ask. So sysmon has spare ports in advance, which are told of everything as well.
 *
 * Guarantees: a value posted before its slot was published is found, since the main thread looks through all ports before it
 * says that there is none. A value sent once is taken once. SharedArrayBuffers are kept as long as any slot or any thread's
 * own object stands for them: these are counted like other handles. The count is raised from 0 by the main thread only, so it
 * alone decides, when it is told of a 0, whether that is final.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { ObjectKind, ProgramState } from "../abi/enums.js";
import { ballastOf } from "../base/garbage.js";
import type { Memory } from "../base/memory.js";
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
  /** Of an announcement: which object it is about. */
  readonly serial?: number;
  /** How many messages the M has read. */
  readonly read?: number;
}

/** What the main thread knows of a port. */
interface Line {
  readonly port: MessagePort;
  /** Messages sent through it, and those that were read. */
  sent: number;
  read: number;
}

/** SharedArrayBuffers that an M is told of before it asks: so many at a time, since they stay alive in its port. */
const ANNOUNCED = 64;

/** The other end of a port that the main thread keeps for a thread which is yet to be started. */
export interface Spare {
  readonly number: number;
  readonly port: MessagePort;
}

/** What the thread that starts Ms tells of one: the port that it was given, or the spare one. */
interface Started {
  readonly mid: number;
  readonly port?: MessagePort;
  readonly spare?: number;
}

/** What carriers take from the core. */
interface CarrierCore {
  malloc(bytes: number): number;
  mfree(address: number): void;
  objectNew(kind: number, n: number, elem: number, other: number): number;
  objectFree(object: number): number;
}

/** Counts the holders of shared objects. */
interface Counts {
  retain(address: number): void;
  release(address: number): void;
  /** An object of this thread's stands for it, keeps so many bytes, and takes over a count; what is returned is to be kept with it. */
  hold(address: number, weight: number): ArrayBuffer | undefined;
  /** That object has been collected. */
  leave(address: number): void;
}

export abstract class PortsCarrier implements Carrier {
  /** SharedArrayBuffers of this thread, by their objects in the core, and back. */
  protected readonly addresses = new WeakMap<SharedArrayBuffer, number>();
  /** What has the engine know of their size, as it does not count what several threads have. */
  protected readonly ballast = new WeakMap<SharedArrayBuffer, ArrayBuffer | undefined>();
  /** Tells the objects apart that have had the same address one after the other. */
  private serial = Math.floor(Math.random() * 2 ** 31);

  constructor(
    protected readonly core: CarrierCore,
    protected readonly memory: Memory,
    protected readonly counts: Counts,
  ) {}

  /** Any block's address is a number that nobody else has. */
  reserve(): number {
    return this.core.malloc(8);
  }

  share(buffer: SharedArrayBuffer): { kind: number; address: number } {
    let address = this.addresses.get(buffer);
    if (address === undefined) {
      this.serial = (this.serial + 1) & 0x7fff_ffff;
      address = this.core.objectNew(ObjectKind.Shared, 0, this.serial, 0);
      this.addresses.set(buffer, address);
      this.keep(address, buffer);
    }
    this.counts.retain(address);
    return { kind: ObjectKind.Shared, address };
  }

  /** The serial number of the object at an address. */
  protected serialOf(address: number): number {
    return this.memory.object(address).elem;
  }

  abstract readonly moves: number;
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
  /** The main thread may block as soon as it has sent one, and would give it to nobody then. */
  readonly moves = 64 * 1024 * 1024;
  private readonly lines = new Map<number, Line>();
  private readonly spares = new Map<number, Line>();
  private spareCount = 0;
  private readonly values = new Map<number, Message>();
  /** Where ports come from that another thread has made. */
  private source: MessagePort | undefined;

  /** A port for the thread of M `mid`. */
  newPort(mid: number): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.connect(mid, this.newLine(port1));
    return port2;
  }

  /** A port for a thread that is yet to be started. */
  newSpare(): Spare {
    const { port1, port2 } = new MessageChannel();
    const number = this.spareCount++;
    this.spares.set(number, this.newLine(port1));
    return { number, port: port2 };
  }

  private newLine(port: MessagePort): Line {
    const line: Line = { port, sent: 0, read: 0 };
    for (const [number, { value, shared }] of this.values) if (shared === true) this.announce(line, number, value);
    return line;
  }

  private connect(mid: number, line: Line): void {
    this.lines.get(mid)?.port.close();
    this.lines.set(mid, line);
  }

  /** Ports of Ms that another thread starts come through this one. */
  listen(source: MessagePort): void {
    this.source = source;
  }

  close(): void {
    this.source?.close();
    for (const { port } of this.allLines()) port.close();
    this.lines.clear();
    this.spares.clear();
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
    this.core.mfree(number);
    return kept.value;
  }

  discard(number: number): void {
    if (this.find(number) === undefined) return;
    this.values.delete(number);
    this.core.mfree(number);
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
    if (this.memory.object(address).refs !== 0) return; // it has been sent again
    const kept = this.values.get(address);
    if (kept === undefined) return;
    this.values.delete(address);
    this.addresses.delete(kept.value as SharedArrayBuffer);
    this.core.objectFree(address);
  }

  protected keep(address: number, buffer: SharedArrayBuffer): void {
    this.values.set(address, { value: buffer, shared: true });
    // This thread's own objects do not count: it has all of them.
    this.memory.object(address).refs = 0;
    this.ballast.set(buffer, ballastOf(buffer.byteLength));
    this.drain();
    for (const line of this.allLines()) this.announce(line, address, buffer);
  }

  private announce(line: Line, number: number, value: unknown): void {
    if (line.sent - line.read >= ANNOUNCED) return;
    line.sent++;
    line.port.postMessage({ put: number, value, serial: this.serialOf(number) } satisfies Message);
  }

  private receive(line: Line, message: Message): void {
    if (message.read !== undefined) line.read = message.read;
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
      this.answer(line, message.want);
    }
  }

  private answer(line: Line, number: number): void {
    const kept = this.find(number);
    const { port } = line;
    line.sent++;
    if (kept === undefined) return port.postMessage({ put: number, lost: true } satisfies Message);
    const transfer = kept.moved === true ? [kept.value as MessagePort] : [];
    port.postMessage({ put: number, value: kept.value } satisfies Message, transfer);
    if (kept.shared !== true) {
      this.values.delete(number);
      this.core.mfree(number);
    }
  }

  /** What is kept under a number; looks for it in the ports if need be. */
  private find(number: number): Message | undefined {
    if (!this.values.has(number)) this.drain();
    return this.values.get(number);
  }

  private started({ mid, port, spare }: Started): void {
    if (spare === undefined) return this.connect(mid, this.newLine(port!));
    this.connect(mid, this.spares.get(spare)!);
    this.spares.delete(spare);
    const next = this.newSpare();
    this.source?.postMessage(next, [next.port]);
  }

  private *allLines(): Iterable<Line> {
    yield* this.lines.values();
    yield* this.spares.values();
  }

  /** Handles all messages that have come. */
  drain(): void {
    if (this.source !== undefined) {
      for (let it; (it = receiveMessageOnPort(this.source)) !== undefined;) {
        this.started(it.message as Started);
      }
    }
    for (const line of this.allLines()) {
      for (let it; (it = receiveMessageOnPort(line.port)) !== undefined;) this.receive(line, it.message as Message);
    }
  }
}

/** How long an M sleeps before it looks again for an answer, in ms: short at first. */
const LEAST_MS = 0.02;
const MOST_MS = 5;

/** An M's carrier. */
export class Spoke extends PortsCarrier {
  readonly moves = 8 * 1024 * 1024;
  private readonly port: MessagePort;
  private readonly known = new Map<number, WeakRef<SharedArrayBuffer>>();
  /** What has come and was not asked for yet. */
  private readonly announced = new Map<number, Message>();
  private read = 0;
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
    this.ballast.set(buffer, this.counts.hold(address, buffer.byteLength));
    this.registry.register(buffer, address);
  }

  private collected(address: number): void {
    if (this.known.get(address)?.deref() === undefined) this.known.delete(address);
    this.counts.leave(address);
  }

  /** A value that the main thread has announced, or that it is asked for; waits for it. */
  private fetch(number: number): unknown {
    let message = this.look(number);
    if (message === undefined) {
      this.port.postMessage({ want: number, read: this.read } satisfies Message);
      this.wake();
    }
    for (let ms = LEAST_MS; message === undefined; ms = Math.min(ms * 1.5, MOST_MS)) {
      if (this.memory.sched.state !== ProgramState.Running) throw lost();
      Atomics.wait(this.nobody, 0, 0, ms);
      message = this.look(number);
    }
    if (message.lost === true) throw lost();
    return message.value;
  }

  /** Reads what has come, and keeps it for later but for the message with that number. */
  private look(number: number): Message | undefined {
    const before = this.read;
    for (let it; (it = receiveMessageOnPort(this.port)) !== undefined;) {
      this.read++;
      const message = it.message as Message;
      this.announced.set(message.put!, message);
    }
    const message = this.announced.get(number);
    this.announced.delete(number);
    // Those that were never asked for are forgotten, the oldest first: they can still be asked for.
    for (const old of this.announced.keys()) {
      if (this.announced.size <= ANNOUNCED) break;
      this.announced.delete(old);
    }
    if (this.read !== before) this.port.postMessage({ read: this.read } satisfies Message);
    const isOld = message?.serial !== undefined && message.serial !== this.serialOf(number);
    return isOld ? undefined : message;
  }
}

function lost(): Error {
  return new Error("a value was lost together with the thread that sent it, or the runtime was closed");
}
