/** Opening sockets: listening, dialling, and sockets for packets. On a goroutine. */
import { BACKLOG_PATIENCE, BACKLOG_PAUSE } from "../../layout";
import { netpollinit, netScratch } from "./netpoll";
import { netpollblock, netpollSetDeadline, PollError } from "./polldesc";
import { sleep } from "../goroutine/time";
import { IoKind, Purpose, Slot, SlotFlag } from "../../abi";
import { releaseResolution, resolve, slotOf, sockaddrOf } from "./addr";
import { Errno, fail, strerror } from "./errors";
import { fdClose, fdErrorText, fdLocal, fdOpen, fdPollError, fdRegister, NetFD, sockaddrCopy, SocketKind } from "./fd";
import {
  netBind,
  netClose,
  netConnect,
  netError,
  netGetpeername,
  netListen,
  netSetsockopt,
  netSocket,
} from "./imports";
import { stdOpen } from "./stdlib";
import { isEpoll } from "./sys";

// Linux's numbers.
const AF_UNIX: i32 = 1;
const AF_INET6: i32 = 10;
const SOCK_STREAM: i32 = 1;
const SOCK_DGRAM: i32 = 2;
const SOL_SOCKET: i32 = 1;
const SO_REUSEADDR: i32 = 2;
const SO_REUSEPORT: i32 = 15;
const IPPROTO_TCP: i32 = 6;
const TCP_NODELAY: i32 = 1;
const IPPROTO_IPV6: i32 = 41;
const IPV6_V6ONLY: i32 = 26;

/** Bytes of the kernel's struct for an IPv4 address. */
const SOCKADDR_IN: i32 = 16;
/** The first byte of 127.0.0.1, and the last eight of ::1, as the kernel keeps them. */
const LOOPBACK: u8 = 127;
const LOOPBACK6: u64 = 0x0100_0000_0000_0000;

/** A socket that listens; null if that failed. */
export function openListener(address: string): NetFD | null {
  return open("listen", address, Purpose.Listen);
}

/** A socket for packets; null if that failed. */
export function openPackets(address: string): NetFD | null {
  return open("listen", address, Purpose.ListenPacket);
}

/**
 * A connection; null if none of the addresses that the name stands for took it. From the time `deadline` on, if that is not 0, no
 * address is waited for.
 */
export function openConnection(address: string, deadline: i64): NetFD | null {
  return open("dial", address, Purpose.Dial, deadline);
}

function open(operation: string, address: string, purpose: i32, deadline: i64 = 0): NetFD | null {
  const started = netpollinit();
  if (started < 0) {
    fail(operation, address, strerror(-started));
    return null;
  }
  const r = resolve(operation, address, purpose);
  if (!r) return null;
  let result: i64 = 0;
  for (let i = 0; i < r.count; i++) {
    const slot = slotOf(r, i);
    if (purpose != Purpose.Dial) result = bindOne(slot, purpose == Purpose.ListenPacket);
    else if ((slot.flags & SlotFlag.Packets) != 0) result = dialPackets(slot);
    else result = dialOne(slot, deadline);
    if (result >= 0) break;
  }
  releaseResolution(r);
  if (result < 0) {
    fail(operation, address, fdErrorText(<i32>result));
    return null;
  }
  return changetype<NetFD>(<usize>result);
}

/**
 * Opens a socket at, or to, an address that is no text: a NetFD, or a negative error. Packets are sent to the peer that is dialled, and
 * received from there.
 */
export function openAt(slot: Slot, purpose: i32): i64 {
  const started = netpollinit();
  if (started < 0) return started;
  if (purpose != Purpose.Dial) return bindOne(slot, purpose == Purpose.ListenPacket);
  return (slot.flags & SlotFlag.Packets) != 0 ? dialPackets(slot) : dialOne(slot, 0);
}

function setOption(fd: i32, level: i32, name: i32, value: i32): i32 {
  const word = netScratch();
  store<i32>(word, value);
  return netSetsockopt(fd, level, name, word);
}

/** A NetFD, or a negative error. */
function bindOne(slot: Slot, packets: bool): i64 {
  const domain = slot.domain;
  if (!isEpoll()) {
    if (packets && domain == AF_UNIX) return -Errno.EAFNOSUPPORT;
    const kind = packets ? SocketKind.Packets : kindOf(domain);
    return openStd(packets ? IoKind.OpenPackets : IoKind.Listen, slot, kind);
  }
  const sysfd = netSocket(domain, packets ? SOCK_DGRAM : SOCK_STREAM);
  if (sysfd < 0) return sysfd;
  let error = 0;
  if (domain != AF_UNIX && !packets) {
    setOption(sysfd, SOL_SOCKET, SO_REUSEADDR, 1);
    // What is accepted has it too.
    setOption(sysfd, IPPROTO_TCP, TCP_NODELAY, 1);
  }
  if ((slot.flags & SlotFlag.ReusePort) != 0) setOption(sysfd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (domain == AF_INET6) setOption(sysfd, IPPROTO_IPV6, IPV6_V6ONLY, slot.flags & SlotFlag.Only6);
  error = netBind(sysfd, sockaddrOf(slot), slot.length);
  if (error >= 0 && !packets) error = netListen(sysfd);
  if (error < 0) {
    netClose(sysfd);
    return error;
  }
  const fd = fdOpen(sysfd, packets ? SocketKind.Packets : kindOf(domain));
  fd.local = domain == AF_UNIX ? sockaddrCopy(sockaddrOf(slot), slot.length) : fdLocal(fd);
  fd.unlinks = domain == AF_UNIX;
  fd.reusePort = (slot.flags & SlotFlag.ReusePort) != 0;
  error = fdRegister(fd);
  return error < 0 ? <i64>error : <i64>changetype<usize>(fd);
}

/** The same with the host's own sockets. */
function openStd(request: i32, slot: Slot, kind: u8): i64 {
  const n = stdOpen(request, sockaddrOf(slot), slot.length, slot.flags);
  if (n < 0) return n;
  const fd = fdOpen(n, kind);
  fd.local = fdLocal(fd);
  if (request == IoKind.Dial) fd.remote = sockaddrCopy(sockaddrOf(slot), slot.length);
  fdRegister(fd);
  return changetype<usize>(fd);
}

function kindOf(domain: i32): u8 {
  return domain == AF_UNIX ? SocketKind.Unix : SocketKind.TCP;
}

/** A connection's NetFD, or a negative error. */
function dialOne(slot: Slot, deadline: i64): i64 {
  const domain = slot.domain;
  if (!isEpoll()) return openStd(IoKind.Dial, slot, kindOf(domain));
  const sysfd = netSocket(domain, SOCK_STREAM);
  if (sysfd < 0) return sysfd;
  if (domain != AF_UNIX) setOption(sysfd, IPPROTO_TCP, TCP_NODELAY, 1);
  let error = netConnect(sysfd, sockaddrOf(slot), slot.length);
  // A unix listener's backlog is full.
  for (let pause: i64 = BACKLOG_PAUSE; error == -Errno.EAGAIN && pause < <i64>BACKLOG_PATIENCE; pause *= 2) {
    sleep(pause);
    error = netConnect(sysfd, sockaddrOf(slot), slot.length);
  }
  if (error < 0 && error != -Errno.EINPROGRESS && error != -Errno.EINTR) {
    netClose(sysfd);
    return error;
  }
  // Only now: a socket that is not connecting reports an end at once.
  const fd = fdOpen(sysfd, kindOf(domain));
  const refused = fdRegister(fd);
  if (refused < 0) return refused;
  if (error < 0) {
    netpollSetDeadline(fd.pd, true, deadline);
    error = awaitConnection(fd);
    netpollSetDeadline(fd.pd, true, 0);
  }
  if (error == 0) {
    fd.local = fdLocal(fd);
    fd.remote = sockaddrCopy(sockaddrOf(slot), slot.length);
    if (isSelf(fd)) error = -Errno.ECONNREFUSED;
  }
  if (error == 0) return changetype<usize>(fd);
  fdClose(fd);
  return error;
}

/** The NetFD of a socket whose packets go to one address, and come from there; or a negative error. */
function dialPackets(slot: Slot): i64 {
  const domain = slot.domain;
  const at = sockaddrOf(slot);
  const remote = sockaddrCopy(at, slot.length);
  if (!isEpoll()) {
    if (domain == AF_UNIX) return -Errno.EAFNOSUPPORT;
    toOwnEnd(at, slot.length);
    const result = openStd(IoKind.OpenPackets, slot, SocketKind.Packets);
    if (result >= 0) changetype<NetFD>(<usize>result).remote = remote;
    return result;
  }
  const sysfd = netSocket(domain, SOCK_DGRAM);
  if (sysfd < 0) return sysfd;
  const error = netConnect(sysfd, at, slot.length);
  if (error < 0) {
    netClose(sysfd);
    return error;
  }
  const fd = fdOpen(sysfd, SocketKind.Packets);
  fd.local = fdLocal(fd);
  fd.remote = remote;
  const refused = fdRegister(fd);
  return refused < 0 ? <i64>refused : <i64>changetype<usize>(fd);
}

/** Makes of a peer's address one to bind to: any port, of the loopback interface if the peer is there. */
export function toOwnEnd(address: usize, length: i32): void {
  store<u16>(address, 0, 2);
  if (length == SOCKADDR_IN) {
    if (load<u8>(address, 4) != LOOPBACK) store<u32>(address, 0, 4);
  } else if (load<u64>(address, 8) != 0 || load<u64>(address, 16) != LOOPBACK6) {
    memory.fill(address + 8, 0, 16);
  }
}

/** Waits until the connection stands, or is refused. */
function awaitConnection(fd: NetFD): i32 {
  while (true) {
    const closed = netpollblock(fd.pd, true);
    if (closed != PollError.None) return closed == PollError.Timeout ? fdPollError(closed) : -Errno.ECONNREFUSED;
    const error = netError(fd.fd, netScratch());
    if (error < 0) return error;
    const address = netScratch() + 64;
    store<i32>(address - 4, 112);
    // An event may have come for nothing.
    if (netGetpeername(fd.fd, address, address - 4) >= 0) return 0;
  }
}

/** Two ends of a TCP handshake in one socket: a port that nobody listens on, and that the system chose for this end. */
function isSelf(fd: NetFD): bool {
  const local = fd.local;
  const remote = fd.remote;
  if (fd.kind != SocketKind.TCP || !local || !remote || local.byteLength != remote.byteLength) return false;
  return memory.compare(changetype<usize>(local), changetype<usize>(remote), local.byteLength) == 0;
}
