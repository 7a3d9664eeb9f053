/** The calls of WASI preview 1 on sockets, by their names there, for programs that make them by themselves; see `sock.ts`. On a goroutine. */
import { FileOp } from "../abi";
import { Errno, letGo } from "./files";
import { holdSock, NONBLOCK, noSock, sockAccept, sockShutdown } from "./sock";
import { sockReceive } from "./sockio";

/** In the flags of `sockAccept`. */
const SOCK_NONBLOCK: i32 = 0x4000;

export function sock_accept(fd: i32, flags: i32, result: usize): i32 {
  const n = sockAccept(fd, (flags & NONBLOCK) != 0 ? SOCK_NONBLOCK : 0, 0, 0);
  if (n < 0) return -n;
  store<i32>(result, n);
  return Errno.Success;
}

export function sock_recv(fd: i32, iovecs: usize, n: i32, flags: i32, received: usize, outFlags: usize): i32 {
  if (n != 1) return Errno.Inval;
  const result = sockReceive(fd, load<usize>(iovecs), load<i32>(iovecs, 4), flags, 0, 0);
  if (result < 0) return -result;
  store<i32>(received, result);
  store<u16>(outFlags, 0);
  return Errno.Success;
}

export function sock_send(fd: i32, iovecs: usize, n: i32, flags: i32, sent: usize): i32 {
  const it = holdSock(fd);
  if (!it) return -noSock(fd);
  const result = n < 0 ? -Errno.Inval : it.move(FileOp.Write, iovecs, n);
  letGo(it);
  if (result < 0) return -result;
  store<i32>(sent, result);
  return Errno.Success;
}

export function sock_shutdown(fd: i32, how: i32): i32 {
  return -sockShutdown(fd, how);
}
