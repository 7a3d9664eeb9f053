/**
 * Bytes from one thread to another, through shared memory: the messages between a loop and the thread that has its sockets
 * say only where they are. (A message with 64 KiB in it takes 15 ms and more between threads of Deno, and one with a few numbers
 * 0.15 ms.)
 *
 * Invariants: one thread sends and one receives, each message once and in the order in which they were sent, as a port has it.
 * So what is on its way is one piece of the ring that begins where the oldest message's bytes do, and `used` is its length: the
 * sender adds to it before it writes, and only if there is room, so it never writes over bytes on their way; the receiver takes
 * away after it has read. What finds no room goes in the message itself.
 */

/** Bytes of a ring. Memory is taken only as far as it is used. */
const SIZE = 1 << 22;
/** The word that says how many bytes are on their way, on a cache line of its own. */
const HEADER = 64;

/** Where bytes are in the ring; `used` counts what was left free before them, at the end of the ring, too. */
interface Span {
  readonly at: number;
  readonly length: number;
  readonly used: number;
}

/** What stands for bytes in a message. */
export type Sent = Span | Uint8Array;

/** What two threads share, for one direction. */
export function createRing(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER + SIZE);
}

export class Ring {
  private readonly used: Int32Array<SharedArrayBuffer>;
  private readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** The sender's: where the next bytes go. */
  private next = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.used = new Int32Array(buffer, 0, 1);
    this.bytes = new Uint8Array(buffer, HEADER);
  }

  /** Takes bytes, which are the caller's again; what it gives must be sent at once. */
  send(bytes: Uint8Array): Sent {
    const { length } = bytes;
    const isWrapped = this.next + length > SIZE;
    const used = length + (isWrapped ? SIZE - this.next : 0);
    // Only the receiver may change it meanwhile, to less.
    if (Atomics.load(this.used, 0) + used > SIZE) return new Uint8Array(bytes);
    Atomics.add(this.used, 0, used);
    const at = isWrapped ? 0 : this.next;
    this.bytes.set(bytes, at);
    this.next = at + length;
    return { at, length, used };
  }

  /** The bytes, the receiver's own; each must be received, in order, whether they are wanted or not. */
  receive(sent: Sent): Buffer {
    if (sent instanceof Uint8Array) return Buffer.from(sent.buffer, sent.byteOffset, sent.length);
    const bytes = Buffer.from(this.bytes.subarray(sent.at, sent.at + sent.length));
    Atomics.sub(this.used, 0, sent.used);
    return bytes;
  }
}
