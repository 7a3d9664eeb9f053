/**
 * `import { … } from "skein/net"`: sockets for goroutines. A call that has to wait parks its goroutine, never its M.
 *
 * Addresses are texts: `tcp://host:port` (`tcp4`, `tcp6`: of that version only), `unix://path`, and for packets
 * `udp://host:port` or `unixgram://path`. Where the host is missing it is the loopback address; to listen on every address of the machine, name
 * it: `0.0.0.0` or `[::]`. Port 0 lets the system choose one, which `Listener.addr` then tells.
 *
 * A call that fails says so by its result, and `lastError()` why. Any number of goroutines may use one connection; those
 * that read (or write) take turns. Deadlines are readings of `now()`; a call that runs into one fails, and so does every later
 * one until the deadline is set anew.
 *
 * On a goroutine.
 */
import { nilCheck } from "./runtime/base/nil";
import { endText } from "./runtime/net/addr";
import { fail, lastError as latest } from "./runtime/net/errors";
import {
  fdAccept,
  fdClose,
  fdErrorText,
  fdRead,
  fdRecvfrom,
  fdSendto,
  fdSetDeadline,
  fdShutdownWrite,
  fdWrite,
  NetFD,
  SocketKind,
} from "./runtime/net/fd";
import { openConnection, openListener, openPackets } from "./runtime/net/open";
import { destinationOf, packetSender, receiveFromPeer, senderSpace, sendToPeer } from "./runtime/net/packets";
import { Reader, Writer } from "./io";
import { dialWithin } from "./net/dial";
export { Pipe } from "./net/pipe";

/** Listens for connections at an address, `tcp://…` or `unix://…`; null if that is not possible. */
export function listen(addr: string): Listener | null {
  nilCheck(changetype<usize>(addr));
  const fd = openListener(addr);
  return fd ? new Listener(fd) : null;
}

/**
 * Connects to an address, `tcp://…` or `unix://…`, within `timeout` nanoseconds if that is more than 0; null if nobody answers there. To
 * one for packets, `udp://…` or `unixgram://…`, nobody has to answer: each write is a packet to it, and each read one from there.
 */
export function dial(addr: string, timeout: i64 = 0): Conn | null {
  nilCheck(changetype<usize>(addr));
  const fd = timeout > 0 ? dialWithin(addr, timeout) : openConnection(addr, 0);
  return fd ? new Conn(fd) : null;
}

/** Opens a socket for packets at an address, `udp://…` or `unixgram://…`; null if that is not possible. */
export function listenPacket(addr: string): PacketConn | null {
  nilCheck(changetype<usize>(addr));
  const fd = openPackets(addr);
  return fd ? new PacketConn(fd) : null;
}

/** Why this goroutine's latest call of this module that failed did; empty if none has. */
export function lastError(): string {
  return latest();
}

/** Waits for connections. */
export class Listener {
  constructor(private fd: NetFD) {}

  /** The address that it listens at, with the port that it really has. */
  get addr(): string {
    nilCheck(changetype<usize>(this));
    return endText(this.fd.local, this.fd.kind);
  }

  /**
   * Waits for the next connection; null once the listener is closed. With too many files open it waits until there is room
   * again.
   */
  accept(): Conn | null {
    nilCheck(changetype<usize>(this));
    const result = fdAccept(this.fd);
    if (result >= 0) return new Conn(changetype<NetFD>(<usize>result));
    failed("accept", this.fd, <i32>result);
    return null;
  }

  /** Stops listening; whoever waits in `accept` gets null. The file of a `unix://` path is removed. */
  close(): void {
    nilCheck(changetype<usize>(this));
    close(this.fd);
  }

  /** From the time `at` on nobody waits for a connection any more; 0 for never. */
  setDeadline(at: i64): void {
    nilCheck(changetype<usize>(this));
    setDeadline(this.fd, at, true, false);
  }
}

/** What connections and sockets for packets have in common. */
abstract class Socket {
  constructor(protected fd: NetFD) {}

  /** The address of this end. */
  get localAddr(): string {
    nilCheck(changetype<usize>(this));
    return endText(this.fd.local, this.fd.kind);
  }

  /** Closes it. Calls that wait in it fail. */
  close(): void {
    nilCheck(changetype<usize>(this));
    close(this.fd);
  }

  /** Sets the deadline of both reading and writing; 0 for none. */
  setDeadline(at: i64): void {
    nilCheck(changetype<usize>(this));
    setDeadline(this.fd, at, true, true);
  }

  /** From the time `at` on reading fails; 0 for never. */
  setReadDeadline(at: i64): void {
    nilCheck(changetype<usize>(this));
    setDeadline(this.fd, at, true, false);
  }

  /** From the time `at` on writing fails; 0 for never. */
  setWriteDeadline(at: i64): void {
    nilCheck(changetype<usize>(this));
    setDeadline(this.fd, at, false, true);
  }
}

/** A connection. */
export class Conn extends Socket implements Reader, Writer {
  /**
   * Reads into `buf` what there is, waiting for the first byte. Returns the number of bytes, 0 at the end of what the other end
   * sends (and for an empty `buf`), -1 if it failed. Of packets it is one, which may be empty.
   */
  read(buf: Uint8Array): i32 {
    nilCheck(changetype<usize>(this));
    nilCheck(changetype<usize>(buf));
    const fd = this.fd;
    const n = isPackets(fd) ? receiveFromPeer(fd, buf.dataStart, buf.length) : fdRead(fd, buf.dataStart, buf.length);
    if (n >= 0) return n;
    failed("read", this.fd, n);
    return -1;
  }

  /** Writes all of `buf`, waiting for as long as it takes. Returns its length, or -1 if it failed, with some written or none. */
  write(buf: Uint8Array): i32 {
    nilCheck(changetype<usize>(this));
    nilCheck(changetype<usize>(buf));
    const fd = this.fd;
    const n = isPackets(fd) ? sendToPeer(fd, buf.dataStart, buf.length) : fdWrite(fd, buf.dataStart, buf.length);
    if (n >= 0) return n;
    failed("write", this.fd, n);
    return -1;
  }

  /** Tells the other end that nothing more comes; it may go on sending. */
  closeWrite(): void {
    nilCheck(changetype<usize>(this));
    const n = fdShutdownWrite(this.fd);
    if (n < 0) failed("close", this.fd, n);
  }

  /** The address of the other end; `unix://` where it has no name. */
  get remoteAddr(): string {
    nilCheck(changetype<usize>(this));
    return endText(this.fd.remote, this.fd.kind);
  }
}

/** A socket for packets. */
export class PacketConn extends Socket {
  /** Who sent the packet that this goroutine has received last, from any socket; an address for `writeTo`. */
  get from(): string {
    return packetSender();
  }

  /**
   * Waits for a packet and puts it into `buf`. Returns its length (a packet may be empty), -1 if it failed. What does not fit
   * is lost.
   */
  readFrom(buf: Uint8Array): i32 {
    nilCheck(changetype<usize>(this));
    nilCheck(changetype<usize>(buf));
    const n = fdRecvfrom(this.fd, buf.dataStart, buf.length, senderSpace());
    if (n >= 0) return n;
    failed("read", this.fd, n);
    return -1;
  }

  /** Sends `buf` as one packet to an address, `udp://…` or `unixgram://…`. Returns its length, or -1 if it failed. */
  writeTo(buf: Uint8Array, addr: string): i32 {
    nilCheck(changetype<usize>(this));
    nilCheck(changetype<usize>(buf));
    nilCheck(changetype<usize>(addr));
    const to = destinationOf(this.fd, addr);
    if (!to) return -1;
    const n = fdSendto(this.fd, buf.dataStart, buf.length, changetype<usize>(to), to.byteLength);
    if (n >= 0) return n;
    fail("write", addr, fdErrorText(n));
    return -1;
  }
}

function isPackets(fd: NetFD): bool {
  return fd.kind == SocketKind.Packets;
}

/** Notes the failure of an operation on a connection: which one, is said by its other end where there is one. */
function failed(operation: string, fd: NetFD, result: i32): void {
  const remote = fd.remote;
  fail(operation, endText(remote ? remote : fd.local, fd.kind), fdErrorText(result));
}

function close(fd: NetFD): void {
  const result = fdClose(fd);
  if (result < 0) failed("close", fd, result);
}

function setDeadline(fd: NetFD, at: i64, read: bool, write: bool): void {
  const result = fdSetDeadline(fd, at, read, write);
  if (result < 0) failed("set deadline of", fd, result);
}
