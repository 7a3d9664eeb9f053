/**
 * Options of C's sockets: `setsockopt` and `getsockopt`. What nothing here depends on goes to the system, if it can be called.
 *
 * Each function returns 0, or -errno of WASI. They are called by `assembly/c/sockets.c`. On a goroutine.
 */
import { netError, netSetsockopt } from "../runtime/net/imports";
import { netScratch } from "../runtime/net/netpoll";
import { isEpoll } from "../runtime/net/sys";
import { SlotFlag } from "../abi";
import { Errno, letGo } from "./files";
import {
  holdSock,
  IPPROTO_TCP,
  IPPROTO_UDP,
  noSock,
  Sock,
  SOCK_DGRAM,
  SOCK_STREAM,
  SockState,
  takeError,
} from "./sock";
import { errnoOf } from "./sockaddr";

const IPPROTO_IPV6: i32 = 41;
const SOL_SOCKET: i32 = 0x7fffffff;

namespace Option {
  export const ReuseAddr: i32 = 2;
  export const Type: i32 = 3;
  export const Error: i32 = 4;
  export const Broadcast: i32 = 6;
  export const SendBuffer: i32 = 7;
  export const ReceiveBuffer: i32 = 8;
  export const KeepAlive: i32 = 9;
  export const ReusePort: i32 = 15;
  export const Accepts: i32 = 30;
  export const Protocol: i32 = 38;
  export const Domain: i32 = 39;
  export const ReceiveTimeout: i32 = 66;
  export const SendTimeout: i32 = 67;
  // Of TCP and of IPv6.
  export const NoDelay: i32 = 1;
  export const Only6: i32 = 26;
}

const NS_PER_S: i64 = 1_000_000_000;
/** Bytes of C's struct timeval: seconds, then microseconds, of 64 bits each. */
const TIMEVAL_BYTES: i32 = 16;

/** Options that the system has and that nothing here depends on; where the runtime's own sockets stand in, they are taken as read. */
function setOfSystem(it: Sock, level: i32, name: i32, value: i32): i32 {
  const net = it.net;
  if (!net || !isEpoll()) return Errno.Success;
  const word = netScratch();
  store<i32>(word, value);
  return errnoOr0(netSetsockopt(net.fd, level, name, word));
}

function errnoOr0(result: i32): i32 {
  return result < 0 ? errnoOf(result) : Errno.Success;
}

export function sockSet(fd: i32, level: i32, name: i32, value: usize, length: i32): i32 {
  const it = holdSock(fd);
  if (!it) return noSock(fd);
  const errno = length < 4 ? Errno.Inval : setOn(it, level, name, value, length);
  letGo(it);
  return -errno;
}

function setOn(it: Sock, level: i32, name: i32, at: usize, length: i32): i32 {
  const value = load<i32>(at);
  if (level == IPPROTO_TCP && name == Option.NoDelay) return setOfSystem(it, level, name, value);
  if (level == IPPROTO_IPV6 && name == Option.Only6) return setFlag(it, SlotFlag.Only6, value);
  if (level != SOL_SOCKET) return Errno.NoProtoOpt;
  switch (name) {
    case Option.ReuseAddr: // it always is
      return Errno.Success;
    case Option.ReusePort:
      return setFlag(it, SlotFlag.ReusePort, value);
    case Option.Broadcast:
    case Option.SendBuffer:
    case Option.ReceiveBuffer:
    case Option.KeepAlive:
      return setOfSystem(it, 1, name, value);
    case Option.ReceiveTimeout:
    case Option.SendTimeout: {
      if (length < TIMEVAL_BYTES) return Errno.Inval;
      const time = min<i64>(load<i64>(at), 1_000_000_000) * NS_PER_S + load<i64>(at, 8) * 1000;
      if (time < 0) return Errno.Inval;
      if (name == Option.ReceiveTimeout) it.receiveTimeout = time;
      else it.sendTimeout = time;
      return Errno.Success;
    }
    default:
      return Errno.NoProtoOpt;
  }
}

function setFlag(it: Sock, flag: i32, value: i32): i32 {
  if (it.net) return Errno.Inval;
  it.slotFlags = value != 0 ? it.slotFlags | flag : it.slotFlags & ~flag;
  return Errno.Success;
}

export function sockGet(fd: i32, level: i32, name: i32, value: usize, lengthAt: usize): i32 {
  const it = holdSock(fd);
  if (!it) return noSock(fd);
  const errno = getOn(it, level, name, value, lengthAt);
  letGo(it);
  return -errno;
}

function getOn(it: Sock, level: i32, name: i32, to: usize, lengthAt: usize): i32 {
  const isTime = level == SOL_SOCKET && (name == Option.ReceiveTimeout || name == Option.SendTimeout);
  const size = isTime ? TIMEVAL_BYTES : 4;
  if (load<i32>(lengthAt) < size) return Errno.Inval;
  if (isTime) {
    const time = name == Option.ReceiveTimeout ? it.receiveTimeout : it.sendTimeout;
    store<i64>(to, time / NS_PER_S);
    store<i64>(to, (time % NS_PER_S) / 1000, 8);
  } else {
    const result = valueOf(it, level, name);
    if (result < 0) return <i32>-result;
    store<i32>(to, <i32>result);
  }
  store<i32>(lengthAt, size);
  return Errno.Success;
}

function valueOf(it: Sock, level: i32, name: i32): i64 {
  if (level == IPPROTO_TCP && name == Option.NoDelay) return 1;
  if (level == IPPROTO_IPV6 && name == Option.Only6) return it.slotFlags & SlotFlag.Only6 ? 1 : 0;
  if (level != SOL_SOCKET) return -Errno.NoProtoOpt;
  switch (name) {
    case Option.ReuseAddr:
      return 1;
    case Option.ReusePort:
      return it.slotFlags & SlotFlag.ReusePort ? 1 : 0;
    case Option.Type:
      return it.isPackets ? SOCK_DGRAM : SOCK_STREAM;
    case Option.Domain:
      return it.family;
    case Option.Protocol:
      return it.isPackets ? IPPROTO_UDP : IPPROTO_TCP;
    case Option.Accepts:
      return it.state == SockState.Listening ? 1 : 0;
    case Option.Error: {
      const net = it.net;
      if (net && isEpoll()) return errnoOr0(netError(net.fd, netScratch()));
      return takeError(it);
    }
    default:
      return -Errno.NoProtoOpt;
  }
}
