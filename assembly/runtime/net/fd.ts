/**
 * A socket as goroutines use it: system calls that do not block, on the goroutine's own M, and the netpoller where they
 * would have. After Go's internal/poll/fd_unix.go.
 *
 * Guarantees: any number of goroutines may use one at a time; those that read (or write) take turns, so the bytes of two writes
 * never mix. The descriptor is closed once it has been closed and no call uses it any more, so never under a system call; and
 * `close` returns after that, so that what the descriptor held (a port, say) is free again.
 *
 * A read from a TCP connection that fills its buffer only in part has taken all that there was: what comes next will be told
 * by an event, so the next read waits for that first, which spares a call that would fail. Not so once the other end is done:
 * see PollInfo.Done. (Other sockets' reads may be short for other reasons.)
 *
 * On a goroutine, of which there may be many in one call each; `endNet` on the main thread, when nothing runs any more.
 */
import { ACCEPT_BACKOFF_MAX, ACCEPT_BACKOFF_MIN, IO_CHUNK, THREAD_FILES } from "../../layout";
import { netScratch } from "./netpoll";
import {
  netpollblock,
  netpollcheckerr,
  netpollclose,
  netpolldone,
  netpollevict,
  netpollopen,
  netpollreset,
  netpollSetDeadline,
  PollDesc,
  PollError,
} from "./polldesc";
import { Sema, semacquire, semrelease } from "../chan/sema";
import { sched, WaitReason, addressOf, SOCKADDR_MAX } from "../../abi";
import { sleep } from "../goroutine/time";
import { Errno, pollErrorText, strerror } from "./errors";
import { fdDecref, fdIncref, fdIncrefAndClose, FDMutex, fdRWLock, fdRWUnlock } from "./fdmutex";
import { netClose, netSocket } from "./imports";
import {
  isEpoll,
  sysAccept,
  sysClose,
  sysGetsockname,
  sysRead,
  sysRecvfrom,
  sysRegister,
  sysSendto,
  sysShutdownWrite,
  sysUnlink,
  sysWrite,
} from "./sys";

/** What a call of this file returns instead of -errno for a PollError: this less the error. */
const POLL_ERRORS: i32 = -10000;

// Linux's numbers.
const AF_UNIX: i32 = 1;
const SOCK_STREAM: i32 = 1;

/** The descriptor of a PollDesc that has none: a goroutine sleeps there, with a deadline, until it is told something. */
export const NO_FD: i32 = -1;

/** What a socket is. */
export namespace SocketKind {
  /** A TCP connection, or one's listener. */
  export const TCP: u8 = 0;
  /** A stream over a path. */
  export const Unix: u8 = 1;
  export const Packets: u8 = 2;
}

/** An open socket. */
export class NetFD {
  // An FDMutex.
  private mutex0: u64;
  private mutex1: u64;
  private mutex2: u64;
  private mutex3: u64;
  private mutex4: u64;
  // A Sema: a permit once the descriptor is closed.
  private closed0: u64;
  private closed1: u64;
  pd: PollDesc = changetype<PollDesc>(0);
  fd: i32;
  kind: u8;
  /** The last read has taken all that there was (holder of the lock for reading). */
  drained: bool;
  /** The file at the local address goes with the socket. */
  unlinks: bool;
  /** What it accepted last was one of the last descriptors (holder of the lock for reading). */
  crowded: bool;
  /** Others may have sockets at the local address too. */
  reusePort: bool;
  /** Both ends, as the kernel writes them; null for none. */
  local: ArrayBuffer | null;
  remote: ArrayBuffer | null;
}


@inline
function mutexOf(fd: NetFD): FDMutex {
  return changetype<FDMutex>(addressOf(fd.mutex0));
}


@inline
function closedOf(fd: NetFD): Sema {
  return changetype<Sema>(addressOf(fd.closed0));
}

/** The result that stands for a PollError. */
export function fdPollError(error: i32): i32 {
  return POLL_ERRORS - error;
}

/** What a negative result of this file means. */
export function fdErrorText(result: i32): string {
  return result <= POLL_ERRORS ? pollErrorText(POLL_ERRORS - result) : strerror(-result);
}

/** Takes over a descriptor; nothing is watched yet. */
export function fdOpen(sysfd: i32, kind: u8): NetFD {
  const fd = new NetFD();
  fd.fd = sysfd;
  fd.kind = kind;
  fd.pd = netpollopen(sysfd, changetype<usize>(fd));
  return fd;
}

/** Begins to watch an open descriptor. On failure, 0 > result, it has been closed. */
export function fdRegister(fd: NetFD): i32 {
  const error = sysRegister(fd.pd);
  if (error < 0) fdClose(fd);
  return error;
}

function destroy(fd: NetFD): void {
  netpollclose(fd.pd);
  sysClose(fd.fd, fd.remote == null);
  if (fd.unlinks) unlinkLocal(fd);
  semrelease(closedOf(fd), 1);
}

/** Removes the file of a listener's path; names without a file begin with a 0 byte. */
function unlinkLocal(fd: NetFD): void {
  const path = changetype<usize>(fd.local) + 2;
  if (load<u8>(path) != 0) sysUnlink(path);
}

/** Closes it: calls under way fail. An error if it was closed before. */
export function fdClose(fd: NetFD): i32 {
  if (!fdIncrefAndClose(mutexOf(fd))) return POLL_ERRORS - PollError.Closing;
  netpollevict(fd.pd);
  if (fdDecref(mutexOf(fd), 1)) destroy(fd);
  // A call that is under way has it until it returns.
  semacquire(closedOf(fd), false, WaitReason.IOWait);
  return 0;
}

/** The function of a goroutine that closes what nothing reaches any more. */
export function closego(fd: usize): void {
  fdClose(changetype<NetFD>(fd));
}

/** Closes it although the goroutines that wait for it will never run again: their program is over. */
function fdAbandon(fd: NetFD): void {
  if (!fdIncrefAndClose(mutexOf(fd))) return;
  const waited = netpollevict(fd.pd);
  if (fdDecref(mutexOf(fd), 1 + waited)) destroy(fd);
}

// ---- reading and writing ---------------------------------------------------------------------------------------------

/** Reads what there is, waiting for the first byte: the number of bytes, 0 at the end, or an error. */
export function fdRead(fd: NetFD, at: usize, length: i32): i32 {
  const mu = mutexOf(fd);
  if (!fdRWLock(mu, false)) return POLL_ERRORS - PollError.Closing;
  const n = length == 0 ? 0 : readLocked(fd, at, length);
  if (fdRWUnlock(mu, false)) destroy(fd);
  return n;
}

function readLocked(fd: NetFD, at: usize, length: i32): i32 {
  const pd = fd.pd;
  const want = min(length, IO_CHUNK);
  let error = netpollcheckerr(pd, false);
  if (error != PollError.None) return POLL_ERRORS - error;
  if (!fd.drained) netpollreset(pd, false);
  while (true) {
    if (!fd.drained) {
      const n = sysRead(fd.fd, at, want);
      if (n == -Errno.EINTR) continue;
      if (n != -Errno.EAGAIN) {
        fd.drained = n > 0 && n < want && fd.kind == SocketKind.TCP && !netpolldone(pd);
        return n;
      }
    }
    fd.drained = false;
    error = netpollblock(pd, false);
    if (error != PollError.None) return POLL_ERRORS - error;
  }
}

/** Writes all bytes, waiting where the other end does not take them: `length`, or an error. */
export function fdWrite(fd: NetFD, at: usize, length: i32): i32 {
  const mu = mutexOf(fd);
  if (!fdRWLock(mu, true)) return POLL_ERRORS - PollError.Closing;
  const n = writeLocked(fd, at, length);
  if (fdRWUnlock(mu, true)) destroy(fd);
  return n;
}

function writeLocked(fd: NetFD, at: usize, length: i32): i32 {
  const pd = fd.pd;
  let done = 0;
  netpollreset(pd, true);
  while (true) {
    let error = netpollcheckerr(pd, true);
    if (error != PollError.None) return POLL_ERRORS - error;
    if (done == length) return length;
    const n = sysWrite(fd.fd, at + done, min(length - done, IO_CHUNK));
    if (n >= 0) {
      done += n;
      if (done == length) return length;
    } else if (n == -Errno.EAGAIN) {
      error = netpollblock(pd, true);
      if (error != PollError.None) return POLL_ERRORS - error;
    } else if (n != -Errno.EINTR) {
      return n;
    }
  }
}

/** Receives a packet, waiting for it; the sender's address goes to `sender`, its length to the word before. */
export function fdRecvfrom(fd: NetFD, at: usize, length: i32, sender: usize): i32 {
  const mu = mutexOf(fd);
  if (!fdRWLock(mu, false)) return POLL_ERRORS - PollError.Closing;
  const n = recvLocked(fd, at, length, sender);
  if (fdRWUnlock(mu, false)) destroy(fd);
  return n;
}

function recvLocked(fd: NetFD, at: usize, length: i32, sender: usize): i32 {
  const pd = fd.pd;
  let error = netpollcheckerr(pd, false);
  if (error != PollError.None) return POLL_ERRORS - error;
  netpollreset(pd, false);
  while (true) {
    store<i32>(sender - 4, SOCKADDR_MAX);
    const n = sysRecvfrom(fd.fd, at, length, sender, sender - 4);
    if (n == -Errno.EINTR) continue;
    if (n != -Errno.EAGAIN) return n;
    error = netpollblock(pd, false);
    if (error != PollError.None) return POLL_ERRORS - error;
  }
}

/** Sends a packet to the address at `to`, waiting for room: its length, or an error. */
export function fdSendto(fd: NetFD, at: usize, length: i32, to: usize, toLength: i32): i32 {
  const mu = mutexOf(fd);
  if (!fdRWLock(mu, true)) return POLL_ERRORS - PollError.Closing;
  const n = sendLocked(fd, at, length, to, toLength);
  if (fdRWUnlock(mu, true)) destroy(fd);
  return n;
}

function sendLocked(fd: NetFD, at: usize, length: i32, to: usize, toLength: i32): i32 {
  const pd = fd.pd;
  let error = netpollcheckerr(pd, true);
  if (error != PollError.None) return POLL_ERRORS - error;
  netpollreset(pd, true);
  while (true) {
    const n = sysSendto(fd.fd, at, length, to, toLength);
    if (n == -Errno.EINTR) continue;
    if (n != -Errno.EAGAIN) return n;
    error = netpollblock(pd, true);
    if (error != PollError.None) return POLL_ERRORS - error;
  }
}

/** Ends the stream that goes out; what comes in goes on. */
export function fdShutdownWrite(fd: NetFD): i32 {
  const mu = mutexOf(fd);
  if (!fdIncref(mu)) return POLL_ERRORS - PollError.Closing;
  const n = sysShutdownWrite(fd.fd);
  if (fdDecref(mu, 1)) destroy(fd);
  return n;
}

/** Sets the deadlines for reading, writing, or both; `at` 0 for none. An error if it is closed. */
export function fdSetDeadline(fd: NetFD, at: i64, read: bool, write: bool): i32 {
  const mu = mutexOf(fd);
  if (!fdIncref(mu)) return POLL_ERRORS - PollError.Closing;
  if (read) netpollSetDeadline(fd.pd, false, at);
  if (write) netpollSetDeadline(fd.pd, true, at);
  if (fdDecref(mu, 1)) destroy(fd);
  return 0;
}

// ---- accepting -------------------------------------------------------------------------------------------------------

/** Waits for a connection: a NetFD, or a negative error. */
export function fdAccept(listener: NetFD): i64 {
  const mu = mutexOf(listener);
  if (!fdRWLock(mu, false)) return POLL_ERRORS - PollError.Closing;
  const result = acceptLocked(listener);
  if (fdRWUnlock(mu, false)) destroy(listener);
  return result;
}

function acceptLocked(listener: NetFD): i64 {
  const pd = listener.pd;
  let backoff: i64 = ACCEPT_BACKOFF_MIN;
  netpollreset(pd, false);
  while (true) {
    const error = netpollcheckerr(pd, false);
    if (error != PollError.None) return POLL_ERRORS - error;
    const result = fdTryAccept(listener);
    if (result >= 0) return result;
    switch (<i32>-result) {
      case Errno.EAGAIN:
        netpollblock(pd, false);
        break;
      case Errno.EMFILE:
      case Errno.ENFILE:
      case Errno.ENOBUFS:
      case Errno.ENOMEM:
        // The connection stays in the backlog, and no event will tell of it again; by and by there is room.
        sleep(backoff);
        backoff = min(2 * backoff, ACCEPT_BACKOFF_MAX);
        break;
      // It was over before it was accepted.
      case Errno.EINTR:
      case Errno.ECONNABORTED:
      case Errno.EPROTO:
        break;
      default:
        return result;
    }
  }
}

/** Takes a connection if there is one: a NetFD, or -errno. By one goroutine at a time, but for a Watch's. */
export function fdTryAccept(listener: NetFD): i64 {
  if (listener.crowded && isCrowded()) return -Errno.EMFILE;
  const address = netScratch() + 64;
  store<i32>(address - 4, SOCKADDR_MAX);
  const n = sysAccept(listener.fd, address, address - 4);
  listener.crowded = n >= 0 && isLast(n);
  return n >= 0 ? accepted(listener, n, address) : n;
}

/** Whether a descriptor that was just opened, the least that was free, is one of those that threads may need. */
function isLast(fd: i32): bool {
  return isEpoll() && sched.files != 0 && fd >= sched.files - THREAD_FILES;
}

/** Whether the next descriptor would be one of those: the connections that wait are better left where they are. */
function isCrowded(): bool {
  const fd = netSocket(AF_UNIX, SOCK_STREAM);
  if (fd < 0) return true;
  netClose(fd);
  return isLast(fd);
}

function accepted(listener: NetFD, sysfd: i32, address: usize): i64 {
  const fd = fdOpen(sysfd, listener.kind);
  fd.remote = sockaddrCopy(address, load<i32>(address - 4));
  fd.local = localOf(listener, fd);
  const error = fdRegister(fd);
  return error < 0 ? <i64>error : <i64>changetype<usize>(fd);
}

/** The local end of an accepted connection: the listener's, unless that listens on every address. */
function localOf(listener: NetFD, fd: NetFD): ArrayBuffer | null {
  const own = listener.local;
  return own && !isWildcard(changetype<usize>(own), own.byteLength) ? own : fdLocal(fd);
}

function isWildcard(address: usize, length: i32): bool {
  if (length == 16) return load<u32>(address, 4) == 0;
  return length == 28 && (load<u64>(address, 8) | load<u64>(address, 16)) == 0;
}

/** Asks the system for the local end of a socket. */
export function fdLocal(fd: NetFD): ArrayBuffer | null {
  const address = netScratch() + 64;
  store<i32>(address - 4, SOCKADDR_MAX);
  if (sysGetsockname(fd.fd, address, address - 4) < 0) return null;
  return sockaddrCopy(address, load<i32>(address - 4));
}

/** A copy of the kernel's struct; null for an end that has no address. */
export function sockaddrCopy(address: usize, length: i32): ArrayBuffer | null {
  if (length <= 2) return null;
  const size = min(length, SOCKADDR_MAX);
  const copy = new ArrayBuffer(size);
  memory.copy(changetype<usize>(copy), address, size);
  return copy;
}

// ---- the end of a program ----------------------------------------------------------------------------------------------

/** main has returned, and another program may follow: closes what the one before has left open. */
export function closeLeftOpen(): void {
  let at = sched.allPollDescs;
  while (at != 0) {
    const pd = changetype<PollDesc>(at);
    const owner = pd.owner;
    if (pd.epoch != sched.epoch) {
      if (owner != 0) fdAbandon(changetype<NetFD>(owner));
      // A loop's place to sleep: the loop will never run again.
      else if (pd.fd == NO_FD) netpollevict(pd);
    }
    at = pd.alllink;
  }
}

/** All threads have ended: closes every descriptor, the netpoller's too. */
@host
export function endNet(): void {
  if (!isEpoll()) return; // the I/O thread has closed its sockets
  let at = sched.allPollDescs;
  while (at != 0) {
    const pd = changetype<PollDesc>(at);
    if (pd.owner != 0) netClose(pd.fd);
    at = pd.alllink;
  }
  netClose(sched.eventFd);
  netClose(sched.epollFd);
}
