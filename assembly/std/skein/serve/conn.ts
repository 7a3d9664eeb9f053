/**
 * A connection of a server, and the output that waits for its peer.
 *
 * Guarantees: `opened` comes first, `closed` or `detached` last and once, `data` between. Output goes out in the order in
 * which it was given; what the system takes only in part goes on at the next byte.
 *
 * All fields are its loop's, but for `outside`, and for what `wake` reads, which does not change once a handler has seen the connection.
 * The bytes that wait are in memory of their own, which is there only while there are any.
 *
 * On the loop's goroutine; `wake`, `write` and `close` on any.
 */
import { malloc, mfree } from "../runtime/memory/malloc";
import { nilCheck } from "../runtime/base/nil";
import { endText, formatAddress } from "../runtime/net/addr";
import { NetFD, SocketKind } from "../runtime/net/fd";
import { netSetsockopt } from "../runtime/net/imports";
import { sinkPost } from "../runtime/net/sink";
import { isEpoll } from "../runtime/net/sys";
import { netScratch } from "../runtime/net/netpoll";
import { gopanic } from "../runtime/base/panic";
import { goid } from "../runtime/goroutine/proc";
import { Loop } from "./loop";
import { Outside } from "./outside";
import { Slot, SlotEvent, slotWake } from "./slots";

/** What is left of a connection's life. */
export namespace ConnState {
  export const Open: u8 = 0;
  /** Waits for its output to go out, to close or to be detached: no more input. */
  export const Closing: u8 = 1;
  export const Detaching: u8 = 2;
  export const Closed: u8 = 3;
}

/** Bytes that the memory of waiting output has at least. */
const WAITING_MIN: i32 = 4096;

// Linux's numbers.
const SOL_SOCKET: i32 = 1;
const SO_KEEPALIVE: i32 = 9;
const IPPROTO_TCP: i32 = 6;
const TCP_KEEPIDLE: i32 = 4;
const TCP_KEEPINTVL: i32 = 5;

/** A connection; of udp, the socket and where the datagram came from, until `data` returns. */
export class Conn {
  /** Yours. */
  context: Object | null = null;
  /** Yours too: a number that needs no object. */
  tag: i64 = 0;
  /** Which of the server's addresses it came to: its index among those given to `serve`. */
  readonly addrIndex: i32;

  // ---- the loop's

  fd: NetFD;
  loop: Loop;
  slot: Slot = changetype<Slot>(0);
  generation: u32 = 0;
  state: u8 = ConnState.Open;
  /** The system may have input that no further event will tell of. */
  readable: bool = true;
  /** The peer has ended. */
  ended: bool = false;
  /** Input is left in the system because of waiting output. */
  paused: bool = false;
  /** A handler has asked for its end. */
  closeAsked: bool = false;
  /** It is in the list of those that have something to do, and what that is: bits of its slot. */
  listed: bool = false;
  events: u32 = 0;
  /** Link in that list; before, in the queue of connections to take over. */
  next: Conn | null = null;
  /** When there was input last. */
  lastActive: i64 = 0;
  /** When it is looked whether the peer still takes output, and how much was left when that was last done. */
  lingerAt: i64 = 0;
  lingerLeft: i32 = 0;
  /** What other goroutines have for it. Under the loop's lock until it is there, which it is for life. */
  outside: Outside | null = null;
  /** Of udp: where the datagram came from; the word before is the address's length. */
  sender: usize = 0;

  private local: string | null = null;
  private remote: string | null = null;
  /** Waiting output: its memory, and the bytes of it that have not gone out. */
  private waiting: usize = 0;
  private capacity: i32 = 0;
  private head: i32 = 0;
  private tail: i32 = 0;

  constructor(fd: NetFD, loop: Loop, addrIndex: i32) {
    this.fd = fd;
    this.loop = loop;
    this.addrIndex = addrIndex;
  }

  /** The address of this end, as `tcp://127.0.0.1:8080`. */
  get localAddr(): string {
    nilCheck(changetype<usize>(this));
    const known = this.local;
    if (known) return known;
    const text = endText(this.fd.local, this.fd.kind);
    this.local = text;
    return text;
  }

  /** The address of the other end; `unix://` where it has no name. */
  get remoteAddr(): string {
    nilCheck(changetype<usize>(this));
    if (this.sender != 0) {
      const length = load<i32>(this.sender - 4);
      return length <= 2 ? "" : formatAddress(this.sender, length, true);
    }
    const known = this.remote;
    if (known) return known;
    const text = endText(this.fd.remote, this.fd.kind);
    this.remote = text;
    return text;
  }

  /** Bytes of output that the system has not taken yet. */
  get buffered(): i32 {
    nilCheck(changetype<usize>(this));
    return this.tail - this.head;
  }

  /** Has it been closed, or detached? */
  get isClosed(): bool {
    nilCheck(changetype<usize>(this));
    return this.state == ConnState.Closed;
  }

  /**
   * Has `data` called soon, with empty input. Each wake makes one call. Any goroutine; false if the connection has closed, or is
   * udp.
   */
  wake(): bool {
    nilCheck(changetype<usize>(this));
    return changetype<usize>(this.slot) != 0 && this.sender == 0 && slotWake(this.slot, this.generation);
  }

  /**
   * Sends bytes, which are copied; false if it has closed. Any goroutine: but for its loop's handlers, which never wait, it waits while more
   * than the high-water mark waits for the peer. Of udp in `data` only, to where the datagram came from.
   */
  write(bytes: Uint8Array): bool {
    nilCheck(changetype<usize>(bytes));
    if (!this.isHome) return this.put(bytes, true);
    return this.loop.output(this, bytes.dataStart, bytes.length);
  }

  /** Sends text, as UTF-8, likewise. */
  writeText(text: string): bool {
    nilCheck(changetype<usize>(text));
    if (!this.isHome) return this.put(Uint8Array.wrap(String.UTF8.encode(text)), true);
    return this.loop.outputText(this, text);
  }

  /** The same without waiting: false where `write` would wait. */
  tryWrite(bytes: Uint8Array): bool {
    nilCheck(changetype<usize>(bytes));
    if (!this.isHome) return this.put(bytes, false);
    return this.buffered <= this.loop.highWaterMark && this.loop.output(this, bytes.dataStart, bytes.length);
  }

  private put(bytes: Uint8Array, waits: bool): bool {
    const outside = this.sender == 0 ? this.loop.outsideOf(this) : null;
    if (!outside || !outside.put(bytes, waits)) return false;
    sinkPost(this.slot, SlotEvent.Outside);
    return true;
  }

  /** Of udp, in `data`: sends a datagram to another address, `udp://…`, from the same socket; false if that failed: `lastError()`. */
  sendTo(bytes: Uint8Array, addr: string): bool {
    nilCheck(changetype<usize>(bytes));
    nilCheck(changetype<usize>(addr));
    this.check("sendTo");
    if (this.sender == 0) gopanic("serve: sendTo is for udp: a stream has one peer");
    return this.loop.sendTo(this, bytes, addr);
  }

  /** Closes it, once its output is out; a handler that is running returns first. Any goroutine; false if it has closed. */
  close(): bool {
    if (!this.isHome) {
      const outside = this.sender == 0 ? this.loop.outsideOf(this) : null;
      if (!outside || !outside.close()) return false;
      sinkPost(this.slot, SlotEvent.Outside);
      return true;
    }
    if (this.state != ConnState.Open || this.sender != 0) return false;
    this.closeAsked = true;
    this.loop.list(this);
    return true;
  }

  /** Has tcp probe a peer that was silent for `d` nanoseconds; false where that cannot be had. */
  keepAlive(d: i64): bool {
    this.check("keepAlive");
    if (!isEpoll() || this.fd.kind != SocketKind.TCP || this.state == ConnState.Closed) return false;
    const seconds = <i32>max<i64>(1, min<i64>(32767, d / 1_000_000_000));
    return (
      setOption(this.fd.fd, SOL_SOCKET, SO_KEEPALIVE, 1) &&
      setOption(this.fd.fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds) &&
      setOption(this.fd.fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds)
    );
  }

  private check(what: string): void {
    if (!this.isHome) gopanic("serve: " + what + " of a connection outside of its loop's handlers: use wake");
  }

  /** Does its loop run this? */
  private get isHome(): bool {
    nilCheck(changetype<usize>(this));
    return this.loop.goroutine == goid();
  }

  // ---- waiting output; the loop's

  /** Where the waiting bytes begin. */
  get waitingAt(): usize {
    return this.waiting + this.head;
  }

  /** Keeps bytes that are to go out after those that wait. */
  keep(at: usize, length: i32): void {
    if (length > i32.MAX_VALUE - this.tail) gopanic("serve: more than 2 GB of output wait for one connection");
    if (this.tail + length > this.capacity) this.grow(length);
    memory.copy(this.waiting + this.tail, at, length);
    this.tail += length;
  }

  /** Makes room after the waiting bytes, which are moved to the beginning: to where they were, if half of it is free. */
  private grow(length: i32): void {
    const used = this.tail - this.head;
    const need = used + length;
    if (need <= this.capacity >> 1) {
      memory.copy(this.waiting, this.waiting + this.head, used);
    } else {
      const capacity = max(WAITING_MIN, need < 1 << 29 ? need << 1 : need);
      const at = malloc(capacity);
      memory.copy(at, this.waiting + this.head, used);
      if (this.waiting != 0) mfree(this.waiting);
      this.waiting = at;
      this.capacity = capacity;
    }
    this.head = 0;
    this.tail = used;
  }

  /** So many bytes have gone out. */
  sent(n: i32): void {
    this.head += n;
    if (this.head == this.tail) this.drop();
  }

  /** No output waits any more. */
  drop(): void {
    if (this.waiting != 0) mfree(this.waiting);
    this.waiting = 0;
    this.capacity = 0;
    this.head = 0;
    this.tail = 0;
  }
}

function setOption(fd: i32, level: i32, name: i32, value: i32): bool {
  const word = netScratch();
  store<i32>(word, value);
  return netSetsockopt(fd, level, name, word) >= 0;
}
