/**
 * Sockets of C: what `<sys/socket.h>` declares, over the network of the core, as `skein/net` is. A call that has to wait parks its
 * goroutine; any number may wait at one socket, with a time, until they are cancelled, and in `poll` (`runtime/net/watch.ts`).
 *
 * A Sock is nothing of the system's before it is bound or connected: then it has a NetFD. Differences from a kernel's sockets, since the
 * runtime's own, which stand in where the system cannot be called, know no other way: `bind` of a stream socket listens already; one that is
 * bound cannot be connected; `connect` goes on in a goroutine of its own, which is what `EINPROGRESS` says.
 *
 * Each function here returns a result, or -errno of WASI. They are called by `assembly/c/sockets.c`. What moves bytes is in
 * `sockio.ts`, what may be set in `sockopts.ts`.
 *
 * On a goroutine.
 */
import { nanotime } from "../runtime/base/clock";
import { fdClose, fdShutdownWrite, NetFD } from "../runtime/net/fd";
import { openAt } from "../runtime/net/open";
import { netpollSetSink } from "../runtime/net/polldesc";
import {
  beginWait,
  endWait,
  freeWatch,
  newWatch,
  Wait,
  waitFor,
  WATCH,
  WATCH_ALL,
  Watch,
  watchPost,
} from "../runtime/net/watch";
import { newproc } from "../runtime/goroutine/proc";
import { malloc, mfree } from "../runtime/memory/malloc";
import { addressOf, FileOp, Purpose, Slot, SlotFlag, SOCKADDR_MAX } from "../abi";
import { SinkEvent } from "../runtime/net/sink";
import { Descriptor, Errno, FileType, hold, letGo, publish, Right } from "./files";
import { addressFrom, addressTo, errnoOf, Family } from "./sockaddr";
import { acceptOn, isReadable, isWritable, moveOn, pause } from "./sockio";

/** WASI's fdflags: what would wait fails. */
export const NONBLOCK: u16 = 4;
// As wasi-libc has them.
export const SOCK_DGRAM: i32 = 5;
export const SOCK_STREAM: i32 = 6;
const SOCK_NONBLOCK: i32 = 0x4000;
const SOCK_CLOEXEC: i32 = 0x2000;
export const IPPROTO_TCP: i32 = 6;
export const IPPROTO_UDP: i32 = 17;

export namespace SockState {
  /** A stream that is nothing yet; packets may be sent. */
  export const Fresh: i32 = 0;
  export const Bound: i32 = 1;
  export const Listening: i32 = 2;
  export const Connecting: i32 = 3;
  export const Connected: i32 = 4;
  /** Connecting has failed, and nobody has asked why yet. */
  export const Failed: i32 = 5;
  /** It was closed while it was connecting. */
  export const Gone: i32 = 6;
}

export class Sock extends Descriptor {
  /** One of SockState. Atomic. */
  state: i32 = SockState.Fresh;
  net: NetFD | null = null;
  /** Connections that `poll` has found, for the next who accept; under `mutex`. */
  accepted: NetFD[] | null = null;
  watch: Watch = newWatch();
  /** Why the connection has failed: an errno of WASI. */
  error: i32 = 0;
  /** Nothing is received, or sent, any more. */
  isShutRead: bool = false;
  isShutWrite: bool = false;
  /** Bits of SlotFlag. */
  slotFlags: i32 = 0;
  /** How long a call waits at most, in ns; 0 for no limit. */
  receiveTimeout: i64 = 0;
  sendTimeout: i64 = 0;

  constructor(
    /** One of Family. */
    public family: i32,
    type: u8,
  ) {
    super(type, Right.Read | Right.Write, 0, "");
    if (type == FileType.SocketDgram) this.slotFlags = SlotFlag.Packets;
  }

  get isPackets(): bool {
    return this.type == FileType.SocketDgram;
  }

  /** Takes over an open socket. */
  attach(net: NetFD): void {
    this.net = net;
    netpollSetSink(net.pd, changetype<usize>(this.watch) | WATCH);
    // What came before was told to nobody.
    watchPost(this.watch, WATCH_ALL);
  }

  move(op: i32, iovecs: usize, n: i32): i32 {
    return moveOn(this, op == FileOp.Write, iovecs, n);
  }

  awaitIn(wait: Wait, write: bool): void {
    waitFor(wait, this.watch, write ? SinkEvent.Write : SinkEvent.Read);
  }

  isReady(write: bool): bool {
    return write ? isWritable(this) : isReadable(this);
  }

  interrupt(): void {
    watchPost(this.watch, WATCH_ALL);
  }

  end(): void {
    const state = atomic.xchg<i32>(addressOf(this.state), SockState.Gone);
    // Whoever is connecting closes it.
    if (state == SockState.Connecting) return;
    const net = this.net;
    const accepted = this.accepted;
    if (net) fdClose(net);
    for (let i = 0; accepted && i < accepted.length; i++) fdClose(accepted[i]);
    freeWatch(this.watch);
  }
}

/** The socket with a number, the caller's until `letGo`; null if there is none. */
export function holdSock(fd: i32): Sock | null {
  const it = hold(fd);
  if (!it) return null;
  if (it.isSocket) return changetype<Sock>(it);
  letGo(it);
  return null;
}

/** Why there is none: -errno. */
export function noSock(fd: i32): i32 {
  if (<u32>fd < 3) return -Errno.NotSock;
  const it = hold(fd);
  if (!it) return -Errno.BadF;
  letGo(it);
  return -Errno.NotSock;
}

/** Gives a new socket a number: that, or -errno. */
function publishSock(it: Sock): i32 {
  const fd = publish(it);
  if (fd >= 0) return fd;
  it.end();
  return -Errno.MFile;
}

export function sockOpen(family: i32, type: i32, protocol: i32): i32 {
  if (family < Family.Inet || family > Family.Unix) return -Errno.AFNoSupport;
  const kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (kind != SOCK_STREAM && kind != SOCK_DGRAM) return -Errno.Inval;
  if (protocol != 0 && protocol != (kind == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP)) return -Errno.ProtoNoSupport;
  const it = new Sock(family, kind == SOCK_STREAM ? FileType.SocketStream : FileType.SocketDgram);
  if ((type & SOCK_NONBLOCK) != 0) it.flags = NONBLOCK;
  return publishSock(it);
}

// ---- binding and listening -------------------------------------------------------------------------------------------

function newSlot(): Slot {
  return changetype<Slot>(malloc(offsetof<Slot>() + SOCKADDR_MAX));
}

/** The address that a call names, for this socket: a Slot, which the caller frees, or -errno. */
export function slotFor(it: Sock, address: usize, length: i32): i64 {
  const slot = newSlot();
  let errno = addressFrom(address, length, slot);
  if (errno == 0 && <i32>load<u16>(address) != it.family) errno = Errno.AFNoSupport;
  slot.flags = it.slotFlags;
  if (errno == 0) return changetype<usize>(slot);
  mfree(changetype<usize>(slot));
  return -errno;
}

/** Opens the socket at an address: an errno. */
export function bindTo(it: Sock, slot: Slot): i32 {
  const result = openAt(slot, it.isPackets ? Purpose.ListenPacket : Purpose.Listen);
  if (result < 0) return errnoOf(result);
  it.attach(changetype<NetFD>(<usize>result));
  if (!it.isPackets) atomic.store<i32>(addressOf(it.state), SockState.Bound);
  return Errno.Success;
}

export function sockBind(fd: i32, address: usize, length: i32): i32 {
  const it = holdSock(fd);
  if (!it) return noSock(fd);
  const slot = slotFor(it, address, length);
  let errno: i32 = slot < 0 ? <i32>-slot : 0;
  it.mutex.lock();
  if (errno == 0)
    errno = it.net || it.state != SockState.Fresh ? Errno.Inval : bindTo(it, changetype<Slot>(<usize>slot));
  it.mutex.unlock();
  if (slot > 0) mfree(<usize>slot);
  letGo(it);
  return -errno;
}

/** One that is at no address yet gets one of the loopback interface. */
export function sockListen(fd: i32): i32 {
  const it = holdSock(fd);
  if (!it) return noSock(fd);
  let errno = Errno.Success;
  it.mutex.lock();
  if (it.isPackets) errno = Errno.NotSup;
  else if (it.state == SockState.Fresh) errno = it.family == Family.Unix ? Errno.DestAddrReq : bindToLoopback(it);
  if (errno == 0) {
    if (it.state == SockState.Bound) it.state = SockState.Listening;
    else if (it.state != SockState.Listening) errno = Errno.Inval;
  }
  it.mutex.unlock();
  letGo(it);
  return -errno;
}

/** Any port of the loopback interface. */
function bindToLoopback(it: Sock): i32 {
  const address = malloc(SOCKADDR_MAX);
  memory.fill(address, 0, SOCKADDR_MAX);
  store<u16>(address, <u16>it.family);
  if (it.family == Family.Inet6) store<u8>(address, 1, 23);
  else store<u32>(address, 0x0100_007f, 4);
  const slot = <usize>slotFor(it, address, SOCKADDR_MAX);
  const errno = bindTo(it, changetype<Slot>(slot));
  mfree(slot);
  mfree(address);
  return errno;
}

/** The next connection, as a socket: its number; the address of its other end at `address`, if that is not null. */
export function sockAccept(fd: i32, flags: i32, address: usize, lengthAt: usize): i32 {
  const listener = holdSock(fd);
  if (!listener) return noSock(fd);
  const result = acceptOn(listener);
  letGo(listener);
  if (result < 0) return <i32>result;
  const net = changetype<NetFD>(<usize>result);
  const it = new Sock(listener.family, FileType.SocketStream);
  it.state = SockState.Connected;
  if ((flags & SOCK_NONBLOCK) != 0) it.flags = NONBLOCK;
  it.attach(net);
  giveAddress(it, net.remote, address, lengthAt);
  return publishSock(it);
}

// ---- connecting ------------------------------------------------------------------------------------------------------

export function sockConnect(fd: i32, address: usize, length: i32): i32 {
  const it = holdSock(fd);
  if (!it) return noSock(fd);
  let errno: i32;
  const slot = slotFor(it, address, length);
  if (slot < 0) errno = <i32>-slot;
  else
    errno = it.isPackets
      ? connectPackets(it, changetype<Slot>(<usize>slot))
      : connectStream(it, changetype<Slot>(<usize>slot));
  letGo(it);
  return -errno;
}

function connectPackets(it: Sock, slot: Slot): i32 {
  let errno = Errno.Success;
  it.mutex.lock();
  if (it.net) {
    // Of a bound socket the address is known to nobody but it.
    errno = Errno.NotSup;
  } else {
    const result = openAt(slot, Purpose.Dial);
    if (result < 0) errno = errnoOf(result);
    else it.attach(changetype<NetFD>(<usize>result));
  }
  it.mutex.unlock();
  mfree(changetype<usize>(slot));
  return errno;
}

function connectStream(it: Sock, slot: Slot): i32 {
  const before = leaveFor(it);
  if (before != 0) {
    mfree(changetype<usize>(slot));
    return before;
  }
  newproc(dial(it, slot));
  if ((it.flags & NONBLOCK) != 0) return Errno.InProgress;
  const wait = beginWait(1);
  it.awaitIn(wait, true);
  let errno = Errno.Success;
  const since = nanotime();
  while (errno == 0 && atomic.load<i32>(addressOf(it.state)) == SockState.Connecting) {
    errno = it.isClosed ? Errno.BadF : pause(wait, since, it.sendTimeout);
  }
  endWait(wait);
  if (errno == Errno.Again) return Errno.InProgress;
  return errno != 0 ? errno : takeError(it);
}

/** Begins to connect: an errno if it is not the time for that. */
function leaveFor(it: Sock): i32 {
  if (atomic.cmpxchg<i32>(addressOf(it.state), SockState.Failed, SockState.Connecting) == SockState.Failed) return 0;
  switch (atomic.cmpxchg<i32>(addressOf(it.state), SockState.Fresh, SockState.Connecting)) {
    case SockState.Fresh:
      return Errno.Success;
    case SockState.Connecting:
      return Errno.Already;
    case SockState.Connected:
      return Errno.IsConn;
    default:
      return Errno.NotSup;
  }
}

/** Connects; a goroutine of its own. */
function dial(it: Sock, slot: Slot): void {
  const result = openAt(slot, Purpose.Dial);
  mfree(changetype<usize>(slot));
  let net: NetFD | null = null;
  if (result >= 0) net = changetype<NetFD>(<usize>result);
  it.error = net ? 0 : errnoOf(result);
  if (net) it.attach(net);
  const state = net ? SockState.Connected : SockState.Failed;
  if (atomic.cmpxchg<i32>(addressOf(it.state), SockState.Connecting, state) == SockState.Connecting) {
    watchPost(it.watch, WATCH_ALL);
    return;
  }
  if (net) fdClose(net);
  freeWatch(it.watch);
}

/** Why the connection has failed, once: an errno. */
export function takeError(it: Sock): i32 {
  if (atomic.cmpxchg<i32>(addressOf(it.state), SockState.Failed, SockState.Fresh) != SockState.Failed) return 0;
  return it.error;
}

// ---- its ends --------------------------------------------------------------------------------------------------------

/** Gives an end of a socket to C. */
function giveAddress(it: Sock, end: ArrayBuffer | null, address: usize, lengthAt: usize): void {
  if (end) return addressTo(changetype<usize>(end), end.byteLength, it.family, address, lengthAt);
  const none = memory.data(32, 16);
  addressTo(none, it.family == Family.Inet ? 16 : it.family == Family.Inet6 ? 28 : 2, it.family, address, lengthAt);
}

/** Its own address, or that of the other end. */
export function sockName(fd: i32, isPeer: i32, address: usize, lengthAt: usize): i32 {
  const it = holdSock(fd);
  if (!it) return noSock(fd);
  const net = it.net;
  let errno = Errno.Success;
  if (isPeer != 0 && (!net || (!it.isPackets && it.state != SockState.Connected) || (it.isPackets && !net.remote)))
    errno = Errno.NotConn;
  else giveAddress(it, net ? (isPeer != 0 ? net.remote : net.local) : null, address, lengthAt);
  letGo(it);
  return -errno;
}

/** `how` is WASI's: 1 to receive no more, 2 to send no more. */
export function sockShutdown(fd: i32, how: i32): i32 {
  const it = holdSock(fd);
  if (!it) return noSock(fd);
  let errno = Errno.Success;
  const net = it.net;
  if (how < 1 || how > 3) {
    errno = Errno.Inval;
  } else if (!net || it.isPackets || it.state == SockState.Bound) {
    errno = Errno.NotConn;
  } else {
    if ((how & 2) != 0 && it.state == SockState.Connected && !it.isShutWrite) {
      it.isShutWrite = true;
      const result = fdShutdownWrite(net);
      if (result < 0) errno = errnoOf(result);
    }
    if ((how & 1) != 0) it.isShutRead = true;
    watchPost(it.watch, WATCH_ALL);
  }
  letGo(it);
  return -errno;
}
