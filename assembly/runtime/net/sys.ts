/**
 * The calls on sockets that `fd.ts` is made of: the system's, or those of the host's own sockets (`stdlib.ts`) where the system
 * cannot be called. Each returns the result, or -errno; none blocks, but `sysClose` of a listener may park.
 *
 * On a goroutine.
 */
import { netpollregister } from "./netpoll";
import { PollDesc } from "./polldesc";
import { PollerKind, sched } from "../../abi";
import {
  netAccept,
  netClose,
  netGetsockname,
  netPeek,
  netRead,
  netRecvfrom,
  netSendto,
  netShutdown,
  netUnlink,
  netWrite,
} from "./imports";
import {
  stdAccept,
  stdClose,
  stdGetsockname,
  stdPeek,
  stdRead,
  stdRecvfrom,
  stdRegister,
  stdSendto,
  stdShutdown,
  stdWrite,
} from "./stdlib";

const SHUT_WR: i32 = 1;


@inline
export function isEpoll(): bool {
  return sched.pollerKind == PollerKind.Epoll;
}


@inline
export function sysRead(fd: i32, at: usize, length: i32): i32 {
  return isEpoll() ? netRead(fd, at, length) : stdRead(fd, at, length);
}


@inline
export function sysWrite(fd: i32, at: usize, length: i32): i32 {
  return isEpoll() ? netWrite(fd, at, length) : stdWrite(fd, at, length);
}

export function sysRecvfrom(fd: i32, at: usize, length: i32, sender: usize, senderLength: usize): i32 {
  return isEpoll()
    ? netRecvfrom(fd, at, length, sender, senderLength)
    : stdRecvfrom(fd, at, length, sender, senderLength);
}

/** Copies what there is to read without taking it. */
export function sysPeek(fd: i32, at: usize, length: i32): i32 {
  return isEpoll() ? netPeek(fd, at, length) : stdPeek(fd, at, length);
}

export function sysSendto(fd: i32, at: usize, length: i32, to: usize, toLength: i32): i32 {
  return isEpoll() ? netSendto(fd, at, length, to, toLength) : stdSendto(fd, at, length, to, toLength);
}

export function sysAccept(fd: i32, address: usize, lengthAt: usize): i32 {
  return isEpoll() ? netAccept(fd, address, lengthAt) : stdAccept(fd, address, lengthAt);
}

export function sysGetsockname(fd: i32, address: usize, lengthAt: usize): i32 {
  return isEpoll() ? netGetsockname(fd, address, lengthAt) : stdGetsockname(fd, address, lengthAt);
}

/** Ends the outgoing direction. */
export function sysShutdownWrite(fd: i32): i32 {
  return isEpoll() ? netShutdown(fd, SHUT_WR) : stdShutdown(fd);
}

/** Closes a descriptor; of a socket that others may want the address of (`isBound`) only returns when that is free. */
export function sysClose(fd: i32, isBound: bool): i32 {
  return isEpoll() ? netClose(fd) : stdClose(fd, isBound);
}

/** Removes the file of a listener that has been closed; the host's own do that themselves. */
export function sysUnlink(path: usize): void {
  if (isEpoll()) netUnlink(path);
}

/** Begins to report what happens to the descriptor. */
export function sysRegister(pd: PollDesc): i32 {
  if (isEpoll()) return netpollregister(pd);
  stdRegister(pd);
  return 0;
}
