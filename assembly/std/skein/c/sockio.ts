/**
 * Moving bytes and packets through C's sockets, accepting, and finding out what may be done without waiting (`sock.ts`).
 *
 * Each call tries first, and where that would block waits and tries again: see `runtime/net/watch.ts` for why no event is missed. A read
 * from TCP that fills its buffer only in part has taken all that there was, so the next one waits for an event without a try, as in
 * `runtime/net/fd.ts`.
 *
 * Each function returns a number of bytes, or -errno of WASI. On a goroutine.
 */
import { nanotime } from "../runtime/base/clock";
import { cWord } from "../runtime/goroutine/cstack";
import { fdTryAccept, NetFD, SocketKind } from "../runtime/net/fd";
import { toOwnEnd } from "../runtime/net/open";
import { netpolldone } from "../runtime/net/polldesc";
import { SinkEvent } from "../runtime/net/sink";
import { sysPeek, sysRead, sysRecvfrom, sysSendto, sysWrite } from "../runtime/net/sys";
import {
  beginWait,
  endWait,
  Stop,
  Wait,
  waitSleep,
  watchClear,
  watchIsReady,
  watchPost,
  Woken,
} from "../runtime/net/watch";
import { malloc, mfree } from "../runtime/memory/malloc";
import { IO_CHUNK } from "../layout";
import { addressOf, Slot, SOCKADDR_MAX } from "../abi";
import { Errno, letGo } from "./files";
import { bindTo, holdSock, NONBLOCK, noSock, slotFor, Sock, SockState } from "./sock";
import { addressTo, errnoOf, Family } from "./sockaddr";
import { sockaddrOf } from "../runtime/net/addr";

// Linux's numbers, as the host gives them.
const EINTR: i32 = 4;
const EAGAIN: i32 = 11;
const EPROTO: i32 = 71;
const ECONNABORTED: i32 = 103;

/** Flags of calls. */
namespace Flag {
  export const Peek: i32 = 1;
  export const WaitAll: i32 = 2;
  export const DontWait: i32 = 0x40;
}

/** What `threads.c` says for this goroutine: what ends a wait of its; null for nothing. */
function stopOf(): Stop | null {
  const word = cWord();
  const stop = word == 0 ? 0 : load<usize>(word);
  return stop == 0 ? null : changetype<Stop>(stop);
}

/** Sleeps until `limit` ns, if that is not 0, after `since`: 0, EAGAIN when those are over, EINTR if the thread is cancelled. */
export function pause(wait: Wait, since: i64, limit: i64): i32 {
  const woken = waitSleep(wait, limit == 0 ? 0 : since + limit, stopOf());
  return woken == Woken.Event ? Errno.Success : woken == Woken.Timeout ? Errno.Again : Errno.Intr;
}

/** Something may still be possible after a try that has cleared the bit. */
function again(it: Sock, event: u32): void {
  watchPost(it.watch, event);
}

// ---- accepting -------------------------------------------------------------------------------------------------------

/** A connection, if there is one: a NetFD, or -errno. */
function tryAccept(it: Sock): i64 {
  if (it.isClosed) return -Errno.BadF;
  if (it.isShutRead || atomic.load<i32>(addressOf(it.state)) != SockState.Listening) return -Errno.Inval;
  const waiting = it.accepted;
  if (waiting) {
    it.mutex.lock();
    const found = waiting.length != 0 ? changetype<usize>(waiting.shift()) : 0;
    it.mutex.unlock();
    if (found != 0) return found;
  }
  while (watchIsReady(it.watch, SinkEvent.Read)) {
    watchClear(it.watch, SinkEvent.Read);
    const result = fdTryAccept(it.net!);
    if (result == -EAGAIN) break;
    again(it, SinkEvent.Read);
    if (result >= 0) return result;
    // It was over before it was accepted.
    if (result != -EINTR && result != -ECONNABORTED && result != -EPROTO) return -errnoOf(result);
  }
  return -Errno.Again;
}

/** Waits for a connection: a NetFD, or -errno. */
export function acceptOn(it: Sock): i64 {
  if (it.isPackets) return -Errno.NotSup;
  let result = tryAccept(it);
  if (result != -Errno.Again || (it.flags & NONBLOCK) != 0) return result;
  const since = nanotime();
  const wait = beginWait(1);
  it.awaitIn(wait, false);
  while (true) {
    result = tryAccept(it);
    if (result != -Errno.Again) break;
    const errno = pause(wait, since, it.receiveTimeout);
    if (errno == 0) continue;
    result = -errno;
    break;
  }
  endWait(wait);
  return result;
}

// ---- receiving -------------------------------------------------------------------------------------------------------

/** One try. Of a packet the sender's address goes to `sender`, its length to the word before. */
function tryReceive(it: Sock, at: usize, length: i32, flags: i32, sender: usize): i32 {
  if (it.isClosed) return -Errno.BadF;
  const net = it.net;
  if (!net || (!it.isPackets && it.state != SockState.Connected)) {
    return it.state == SockState.Connecting ? -Errno.Again : -Errno.NotConn;
  }
  if (it.isShutRead || (length == 0 && !it.isPackets)) return 0;
  while (watchIsReady(it.watch, SinkEvent.Read)) {
    watchClear(it.watch, SinkEvent.Read);
    let n: i32;
    const want = min(length, IO_CHUNK);
    if ((flags & Flag.Peek) != 0) {
      n = sysPeek(net.fd, at, want);
    } else if (it.isPackets) {
      store<i32>(sender - 4, SOCKADDR_MAX);
      n = sysRecvfrom(net.fd, at, want, sender, sender - 4);
    } else {
      n = sysRead(net.fd, at, want);
    }
    if (n == -EAGAIN) break;
    const isAll = n > 0 && n < want && flags == 0 && net.kind == SocketKind.TCP && !netpolldone(net.pd);
    if (!isAll) again(it, SinkEvent.Read);
    if (n != -EINTR) return n < 0 ? -errnoOf(n) : n;
  }
  return -Errno.Again;
}

/** `recv` and `recvfrom`; `address` and `lengthAt` may be null. */
export function sockReceive(fd: i32, at: usize, length: i32, flags: i32, address: usize, lengthAt: usize): i32 {
  const it = holdSock(fd);
  if (!it) return noSock(fd);
  let n: i32;
  if (length < 0) n = -Errno.Inval;
  else if (it.isPackets) n = receivePacket(it, at, length, flags, address, lengthAt);
  else n = transfer(it, false, at, length, flags, 0, 0);
  // A stream's sender is no news.
  if (n >= 0 && lengthAt != 0 && !it.isPackets) store<i32>(lengthAt, 0);
  letGo(it);
  return n;
}

function receivePacket(it: Sock, at: usize, length: i32, flags: i32, address: usize, lengthAt: usize): i32 {
  const room = malloc(4 + SOCKADDR_MAX) + 4;
  store<i32>(room - 4, 0);
  const n = transfer(it, false, at, length, flags, room, 0);
  if (n >= 0) addressTo(room, load<i32>(room - 4), it.family, address, lengthAt);
  mfree(room - 4);
  return n;
}

// ---- sending ---------------------------------------------------------------------------------------------------------

/** One try. */
function trySend(it: Sock, at: usize, length: i32, to: usize, toLength: i32): i32 {
  if (it.isClosed) return -Errno.BadF;
  const net = it.net;
  if (!it.isPackets && it.state != SockState.Connected) {
    return it.state == SockState.Connecting ? -Errno.Again : -Errno.NotConn;
  }
  if (it.isShutWrite) return -Errno.Pipe;
  if (length == 0 && !it.isPackets) return 0;
  while (watchIsReady(it.watch, SinkEvent.Write)) {
    watchClear(it.watch, SinkEvent.Write);
    const want = it.isPackets ? length : min(length, IO_CHUNK);
    const n = it.isPackets ? sysSendto(net!.fd, at, length, to, toLength) : sysWrite(net!.fd, at, want);
    if (n == -EAGAIN) break;
    // What is not taken whole has filled what there was of room.
    if (n < 0 || n == want) again(it, SinkEvent.Write);
    if (n != -EINTR) return n < 0 ? -errnoOf(n) : n;
  }
  return -Errno.Again;
}

// ---- both ways -------------------------------------------------------------------------------------------------------

/**
 * Receives what there is, waiting for the first byte, or all of `length` with Flag.WaitAll; or sends all, waiting where the other end does not
 * take it, or less, if that takes too long or fails on the way. `peer` is where the sender's address goes, or the receiver's, with its length.
 */
function transfer(it: Sock, write: bool, at: usize, length: i32, flags: i32, peer: usize, peerLength: i32): i32 {
  const isWhole = !it.isPackets && (write || (flags & (Flag.WaitAll | Flag.Peek)) == Flag.WaitAll);
  const isPatient = (flags & Flag.DontWait) == 0 && (it.flags & NONBLOCK) == 0;
  let done = 0;
  let since: i64 = 0;
  let wait: Wait | null = null;
  let result: i32;
  while (true) {
    result = write
      ? trySend(it, at + done, length - done, peer, peerLength)
      : tryReceive(it, at + done, length - done, flags & Flag.Peek, peer);
    if (write ? result >= 0 : result > 0) {
      done += result;
      if (isWhole && done < length) continue;
      break;
    }
    if (result != -Errno.Again || !isPatient) break;
    if (!wait) {
      since = nanotime();
      wait = beginWait(1);
      it.awaitIn(wait, write);
      continue;
    }
    result = -pause(wait, since, write ? it.sendTimeout : it.receiveTimeout);
    if (result != 0) break;
  }
  if (wait) endWait(wait);
  return done > 0 ? done : result;
}

/** `send` and `sendto`; `address` may be null. */
export function sockSend(fd: i32, at: usize, length: i32, flags: i32, address: usize, addressLength: i32): i32 {
  const it = holdSock(fd);
  if (!it) return noSock(fd);
  let n: i32;
  if (length < 0) n = -Errno.Inval;
  else if (it.isPackets) n = sendPacket(it, at, length, flags, address, addressLength);
  else
    n = address != 0 && it.state == SockState.Connected ? -Errno.IsConn : transfer(it, true, at, length, flags, 0, 0);
  letGo(it);
  return n;
}

function sendPacket(it: Sock, at: usize, length: i32, flags: i32, address: usize, addressLength: i32): i32 {
  if (address == 0) {
    const net = it.net;
    const peer = net ? net.remote : null;
    if (!peer) return -Errno.DestAddrReq;
    return transfer(it, true, at, length, flags, changetype<usize>(peer), peer.byteLength);
  }
  const slot = slotFor(it, address, addressLength);
  if (slot < 0) return <i32>slot;
  const errno = ensureBound(it, changetype<Slot>(<usize>slot));
  const to = changetype<Slot>(<usize>slot);
  const n = errno != 0 ? -errno : transfer(it, true, at, length, flags, sockaddrOf(to), to.length);
  mfree(<usize>slot);
  return n;
}

/** A socket for packets that is at no address gets one: of the loopback interface if the peer is there. */
function ensureBound(it: Sock, peer: Slot): i32 {
  if (it.net) return Errno.Success;
  if (it.family == Family.Unix) return Errno.NotSup;
  const size = offsetof<Slot>() + SOCKADDR_MAX;
  const own = changetype<Slot>(malloc(size));
  memory.copy(changetype<usize>(own), changetype<usize>(peer), size);
  toOwnEnd(sockaddrOf(own), own.length);
  it.mutex.lock();
  const errno = it.net ? Errno.Success : bindTo(it, own);
  it.mutex.unlock();
  mfree(changetype<usize>(own));
  return errno;
}

// struct iovec
const IOVEC_BYTES: i32 = 8;

/** `read`, `write` and their kin: of packets each call is one. */
export function moveOn(it: Sock, write: bool, iovecs: usize, n: i32): i32 {
  // One is what nearly everybody has.
  while (n > 1 && load<i32>(iovecs, 4) == 0) {
    iovecs += IOVEC_BYTES;
    n--;
  }
  if (n == 0) return 0;
  if (n == 1 || !write) {
    const at = load<usize>(iovecs);
    const length = load<i32>(iovecs, 4);
    if (!it.isPackets) return transfer(it, write, at, length, 0, 0, 0);
    return write ? sendPacket(it, at, length, 0, 0, 0) : receivePacket(it, at, length, 0, 0, 0);
  }
  let size: usize = 0;
  for (let i = 0; i < n; i++) size += load<usize>(iovecs + i * IOVEC_BYTES, 4);
  const block = malloc(max<usize>(size, 1));
  let end = block;
  for (let i = 0; i < n; i++) {
    const length = load<usize>(iovecs + i * IOVEC_BYTES, 4);
    memory.copy(end, load<usize>(iovecs + i * IOVEC_BYTES), length);
    end += length;
  }
  const done = it.isPackets ? sendPacket(it, block, <i32>size, 0, 0, 0) : transfer(it, true, block, <i32>size, 0, 0, 0);
  mfree(block);
  return done;
}

// ---- looking ---------------------------------------------------------------------------------------------------------

/** Whether reading, or accepting, would not wait. */
export function isReadable(it: Sock): bool {
  if (it.isClosed || it.isShutRead) return true;
  switch (atomic.load<i32>(addressOf(it.state))) {
    case SockState.Connecting:
    case SockState.Bound:
      return false;
    case SockState.Listening:
      return holdsConnection(it);
    default: {
      if (!it.net) return !it.isPackets;
      const byte = malloc(1);
      const n = tryReceive(it, byte, 1, Flag.Peek, 0);
      mfree(byte);
      return n != -Errno.Again;
    }
  }
}

/** A connection that there is, is taken: there is no other way to find out. The next who accepts gets it. */
function holdsConnection(it: Sock): bool {
  const result = tryAccept(it);
  if (result < 0) return result != -Errno.Again;
  it.mutex.lock();
  if (!it.accepted) it.accepted = [];
  it.accepted!.unshift(changetype<NetFD>(<usize>result));
  it.mutex.unlock();
  // Somebody else may wait for just that.
  again(it, SinkEvent.Read);
  return true;
}

export function isWritable(it: Sock): bool {
  const state = atomic.load<i32>(addressOf(it.state));
  if (state == SockState.Connecting) return false;
  if (it.isClosed || it.isShutWrite || !it.net) return true;
  return watchIsReady(it.watch, SinkEvent.Write);
}
