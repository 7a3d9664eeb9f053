/**
 * Sockets where no system calls can be made: the runtime's own, node:net's and node:dgram's, on a thread of the host (the I/O
 * thread, `host/sockets/iothread.ts`). To `fd.ts` they look like descriptors that do not block.
 *
 * Each socket is a StdSocket, known by a number, a sixteenth of its address. What the I/O thread has received waits there in
 * blocks; what goroutines write goes to the I/O thread in blocks, as requests. Neither side waits for the other: reading
 * where there is nothing, and writing where much is under way, is EAGAIN, and `netpollnotify` tells when that has changed.
 *
 * Invariants
 * - Everything in a StdSocket but the word is guarded by its lock, which nobody holds across a park, or for long.
 * - A block belongs to one list, or to whoever took it out; who takes the last byte out of it frees it.
 * - Requests are a queue as in `mpsc.ts`, so those of one goroutine come out in their order. A push that found it empty wakes the
 *   I/O thread.
 * - The I/O thread frees a StdSocket, after the request to close it, which is the last to name it.
 *
 * The calls run on a goroutine; what is said to be the I/O thread's, on that thread's own stack.
 */
import { STD_HIGH, STD_LOW } from "../../layout";
import { lock, unlock } from "../base/lock";
import { malloc, mfree } from "../memory/malloc";
import { mpscPush, mpscTake } from "../base/mpsc";
import { awaitHost, hostReady, netpollfinish, netpollnotify, PollDesc } from "./polldesc";
import { g } from "../base/registers";
import { IoEvent, IoKind, IoRequest, StdSocket, StdSocketLayout, addressOf, sched } from "../../abi";
import { Errno } from "./errors";

/** The largest packet of UDP over IPv4. */
const PACKET_MAX: i32 = 65507;
const EMSGSIZE: i32 = 90;
const EPIPE: i32 = 32;

/** A block of what was received: bytes, a packet, or (no bytes) a connection that was accepted. */
@unmanaged
class Block {
  next: usize;
  /** The memory that the bytes are in, which ends with the block, and those of them that have not been read. */
  data: usize;
  start: i32;
  end: i32;
  /** The sender's address, in memory of its own, or 0. */
  sender: usize;
  senderLength: i32;
  accepted: usize;
}


@inline
function socketOf(fd: i32): StdSocket {
  return changetype<StdSocket>((<usize>fd) << 4);
}

/** A socket that is nothing yet. */
@host
export function newStdSocket(): usize {
  const at = malloc(StdSocketLayout.Size);
  memory.fill(at, 0, StdSocketLayout.Size);
  return at;
}

// ---- requests --------------------------------------------------------------------------------------------------------

function ask(kind: i32, s: StdSocket, block: usize, length: i32): void {
  const r = changetype<IoRequest>(malloc(offsetof<IoRequest>()));
  r.kind = kind;
  r.socket = changetype<usize>(s);
  r.block = block;
  r.length = length;
  if (mpscPush(addressOf(sched.ioRequests), changetype<usize>(r), 0)) wakeIO();
}

/** Has the I/O thread look at its requests. */
function wakeIO(): void {
  atomic.add<i32>(addressOf(sched.ioWake), 1);
  atomic.notify(addressOf(sched.ioWake), 1);
}

/** From the I/O thread: all requests, oldest first, linked by their first word; it frees them. */
@host
export function takeRequests(): usize {
  return mpscTake(addressOf(sched.ioRequests), 0);
}

/** Opens a socket at, or to, an address, waiting until that is done: its number, or -errno. */
export function stdOpen(kind: i32, address: usize, length: i32, flags: i32): i32 {
  const s = changetype<StdSocket>(newStdSocket());
  s.flags = flags;
  const at = changetype<usize>(s) + (kind == IoKind.Dial ? StdSocketLayout.Remote : StdSocketLayout.Local);
  memory.copy(at, address, length);
  if (kind == IoKind.Dial) s.remoteLength = length;
  else s.localLength = length;
  ask(kind, s, 0, 0);
  awaitHost(changetype<usize>(s));
  if (s.result == 0) return <i32>(changetype<usize>(s) >> 4);
  const error = -s.result;
  ask(IoKind.Close, s, 0, 0);
  return error;
}

// ---- as system calls ---------------------------------------------------------------------------------------------------

/** From now on events are told to `pd`; what has happened before is told at once. */
export function stdRegister(pd: PollDesc): void {
  const s = socketOf(pd.fd);
  lock(addressOf(s.lock));
  s.pd = changetype<usize>(pd);
  const done = s.ended || s.error != 0;
  const ready = done || s.first != 0;
  unlock(addressOf(s.lock));
  if (done) netpollfinish(pd);
  if (ready) netpollnotify(pd, false);
}

export function stdRead(fd: i32, at: usize, length: i32): i32 {
  const s = socketOf(fd);
  lock(addressOf(s.lock));
  let n = 0;
  while (n < length && s.first != 0) {
    const b = changetype<Block>(s.first);
    const part = min(length - n, b.end - b.start);
    memory.copy(at + n, b.data + b.start, part);
    b.start += part;
    n += part;
    if (b.start != b.end) break;
    dropFirst(s);
  }
  s.received -= n;
  let result = n;
  if (n == 0 && length > 0) {
    if (s.error != 0 && !s.told) {
      result = -s.error;
      s.told = true;
    } else if (s.error == 0 && !s.ended) {
      result = -Errno.EAGAIN;
    }
  }
  const resume = s.paused && s.received <= STD_LOW;
  if (resume) s.paused = false;
  unlock(addressOf(s.lock));
  if (resume) ask(IoKind.Resume, s, 0, 0);
  return result;
}

/** What `stdRead` would give of the first block, which stays where it is. */
export function stdPeek(fd: i32, at: usize, length: i32): i32 {
  const s = socketOf(fd);
  lock(addressOf(s.lock));
  let result = 0;
  if (s.first != 0) {
    const b = changetype<Block>(s.first);
    result = min(length, b.end - b.start);
    memory.copy(at, b.data + b.start, result);
  } else if (s.error != 0 && !s.told) {
    result = -s.error;
  } else if (s.error == 0 && !s.ended) {
    result = -Errno.EAGAIN;
  }
  unlock(addressOf(s.lock));
  return result;
}

function dropFirst(s: StdSocket): void {
  const b = changetype<Block>(s.first);
  s.first = b.next;
  if (s.first == 0) s.last = 0;
  mfree(b.data);
  mfree(b.sender);
  mfree(changetype<usize>(b));
}

export function stdWrite(fd: i32, at: usize, length: i32): i32 {
  const s = socketOf(fd);
  lock(addressOf(s.lock));
  const error = s.shut || s.told ? EPIPE : s.error;
  if (error != 0) s.told = true;
  const n = error != 0 ? 0 : min(length, STD_HIGH - s.sending);
  s.sending += max(n, 0);
  unlock(addressOf(s.lock));
  if (error != 0) return -error;
  if (length == 0) return 0;
  if (n <= 0) return -Errno.EAGAIN;
  const block = malloc(n);
  memory.copy(block, at, n);
  ask(IoKind.Write, s, block, n);
  return n;
}

export function stdRecvfrom(fd: i32, at: usize, length: i32, sender: usize, senderLength: usize): i32 {
  const s = socketOf(fd);
  lock(addressOf(s.lock));
  if (s.first == 0) {
    unlock(addressOf(s.lock));
    return -Errno.EAGAIN;
  }
  const b = changetype<Block>(s.first);
  const n = min(length, b.end);
  memory.copy(at, b.data, n);
  memory.copy(sender, b.sender, b.senderLength);
  store<i32>(senderLength, b.senderLength);
  s.received -= b.end + 1;
  dropFirst(s);
  unlock(addressOf(s.lock));
  return n;
}

/** The block of a packet is the address's length, the address, and the packet. */
export function stdSendto(fd: i32, at: usize, length: i32, address: usize, addressLength: i32): i32 {
  if (length > PACKET_MAX) return -EMSGSIZE;
  const s = socketOf(fd);
  // The runtime drops such a packet without a word.
  if (addressLength > s.localLength) return -Errno.EAFNOSUPPORT;
  lock(addressOf(s.lock));
  const full = s.sending >= STD_HIGH;
  if (!full) s.sending += length;
  unlock(addressOf(s.lock));
  if (full) return -Errno.EAGAIN;
  const head = 4 + addressLength;
  const block = malloc(head + length);
  store<i32>(block, addressLength);
  memory.copy(block + 4, address, addressLength);
  memory.copy(block + head, at, length);
  ask(IoKind.Send, s, block, head + length);
  return length;
}

export function stdAccept(fd: i32, address: usize, lengthAt: usize): i32 {
  const s = socketOf(fd);
  lock(addressOf(s.lock));
  if (s.first == 0) {
    const error = s.error;
    unlock(addressOf(s.lock));
    return error != 0 ? -error : -Errno.EAGAIN;
  }
  const c = changetype<StdSocket>(changetype<Block>(s.first).accepted);
  dropFirst(s);
  unlock(addressOf(s.lock));
  memory.copy(address, changetype<usize>(c) + StdSocketLayout.Remote, c.remoteLength);
  store<i32>(lengthAt, c.remoteLength);
  return <i32>(changetype<usize>(c) >> 4);
}

export function stdGetsockname(fd: i32, address: usize, lengthAt: usize): i32 {
  const s = socketOf(fd);
  memory.copy(address, changetype<usize>(s) + StdSocketLayout.Local, s.localLength);
  store<i32>(lengthAt, s.localLength);
  return 0;
}

/** Nothing more goes out. */
export function stdShutdown(fd: i32): i32 {
  const s = socketOf(fd);
  lock(addressOf(s.lock));
  const error = s.error;
  s.shut = true;
  unlock(addressOf(s.lock));
  if (error != 0) return -Errno.ENOTCONN;
  ask(IoKind.Shutdown, s, 0, 0);
  return 0;
}

/** Closes it; `waits` for what it held to be free, which the caller must be able to. */
export function stdClose(fd: i32, waits: bool): i32 {
  const s = socketOf(fd);
  lock(addressOf(s.lock));
  s.pd = 0;
  const unread = s.received;
  unlock(addressOf(s.lock));
  if (!waits || g.epoch != sched.epoch) {
    ask(IoKind.Close, s, 0, unread);
    return 0;
  }
  // The socket is gone when the answer comes, so the answer goes to a word of its own.
  const word = malloc(sizeof<usize>());
  store<usize>(word, 0);
  ask(IoKind.Close, s, word, unread);
  awaitHost(word);
  mfree(word);
  return 0;
}

// ---- from the I/O thread -----------------------------------------------------------------------------------------------

function append(s: StdSocket, b: Block, counts: i32): void {
  b.next = 0;
  if (s.last != 0) changetype<Block>(s.last).next = changetype<usize>(b);
  else s.first = changetype<usize>(b);
  s.last = changetype<usize>(b);
  s.received += counts;
}

function newBlock(): Block {
  const at = malloc(offsetof<Block>());
  memory.fill(at, 0, offsetof<Block>());
  return changetype<Block>(at);
}

/** Bytes have come, or a packet with its sender: the memory is the socket's now. 1 if no more are to come for a while. */
@host
export function ioInput(at: usize, data: usize, length: i32, sender: usize, senderLength: i32): i32 {
  const s = changetype<StdSocket>(at);
  const b = newBlock();
  b.data = data;
  b.end = length;
  b.sender = sender;
  b.senderLength = senderLength;
  lock(addressOf(s.lock));
  if (sender != 0 && s.received >= STD_HIGH) {
    // Nobody takes the packets: more of them are lost, as packets may be.
    unlock(addressOf(s.lock));
    mfree(data);
    mfree(sender);
    mfree(changetype<usize>(b));
    return 1;
  }
  append(s, b, sender == 0 ? length : length + 1);
  const pd = s.pd;
  const full = s.received >= STD_HIGH;
  if (full && sender == 0) s.paused = true;
  unlock(addressOf(s.lock));
  if (pd != 0) netpollnotify(changetype<PollDesc>(pd), false);
  return full ? 1 : 0;
}

/** A listener has a new connection, whose addresses are filled in. */
@host
export function ioAccepted(at: usize, accepted: usize): void {
  const s = changetype<StdSocket>(at);
  const b = newBlock();
  b.accepted = accepted;
  lock(addressOf(s.lock));
  append(s, b, 0);
  const pd = s.pd;
  unlock(addressOf(s.lock));
  if (pd != 0) netpollnotify(changetype<PollDesc>(pd), false);
}

/** One of IoEvent. */
@host
export function ioEvent(at: usize, event: i32, value: i32): void {
  const s = changetype<StdSocket>(at);
  if (event == IoEvent.Done) {
    s.result = value;
    hostReady(at);
    return;
  }
  lock(addressOf(s.lock));
  const wasFull = s.sending >= STD_HIGH;
  if (event == IoEvent.Written) s.sending -= value;
  else if (event == IoEvent.Ended) s.ended = true;
  else if (s.error == 0) s.error = value;
  const pd = changetype<PollDesc>(s.pd);
  unlock(addressOf(s.lock));
  if (changetype<usize>(pd) == 0) return;
  if (event == IoEvent.Written) {
    if (wasFull) netpollnotify(pd, true);
    return;
  }
  netpollfinish(pd);
  netpollnotify(pd, false);
  if (event == IoEvent.Failed) netpollnotify(pd, true);
}

/** The socket is closed, and nobody names it any more; of a listener, connections that nobody has accepted are left: `ioTakeAccepted` first. */
@host
export function ioFree(at: usize): void {
  const s = changetype<StdSocket>(at);
  while (s.first != 0) dropFirst(s);
  mfree(at);
}

/** A connection that waits to be accepted at a listener that is being closed; 0 if there is none. */
@host
export function ioTakeAccepted(at: usize): usize {
  const s = changetype<StdSocket>(at);
  if (s.first == 0) return 0;
  const accepted = changetype<Block>(s.first).accepted;
  dropFirst(s);
  return accepted;
}
