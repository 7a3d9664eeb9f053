/** Addresses and errors of sockets, in C's form and in the system's. C's is wasi-libc's: its structs are Linux's but for the families' numbers. */
import { releaseResolution, resolve, slotOf, sockaddrOf } from "../runtime/net/addr";
import { Purpose, Slot, SOCKADDR_MAX } from "../abi";
import { Errno } from "./files";

/** Of C's. */
export namespace Family {
  export const Inet: i32 = 1;
  export const Inet6: i32 = 2;
  export const Unix: i32 = 3;
}

// Linux's.
const AF_UNIX: i32 = 1;
const AF_INET: i32 = 2;
const AF_INET6: i32 = 10;
/** Bytes of Linux's structs. */
const SOCKADDR_IN: i32 = 16;
const SOCKADDR_IN6: i32 = 28;
/** Where a path begins, and how long it is at most. */
const PATH: i32 = 2;
const PATH_MAX: i32 = 108;
/** Bytes of C's struct for IPv6. */
const C_SOCKADDR_IN6: i32 = 32;

/** Takes over an address of C's; an errno. */
export function addressFrom(address: usize, length: i32, slot: Slot): i32 {
  const to = sockaddrOf(slot);
  memory.fill(changetype<usize>(slot), 0, offsetof<Slot>() + SOCKADDR_MAX);
  if (length < PATH) return Errno.Inval;
  const family = <i32>load<u16>(address);
  if (family == Family.Inet) {
    if (length < SOCKADDR_IN) return Errno.Inval;
    slot.domain = AF_INET;
    slot.length = SOCKADDR_IN;
    memory.copy(to + 2, address + 2, 6);
  } else if (family == Family.Inet6) {
    if (length < SOCKADDR_IN6) return Errno.Inval;
    slot.domain = AF_INET6;
    slot.length = SOCKADDR_IN6;
    memory.copy(to + 2, address + 2, SOCKADDR_IN6 - 2);
  } else if (family == Family.Unix) {
    let n = 0;
    const room = min(length - PATH, PATH_MAX);
    while (n < room && load<u8>(address + PATH + n) != 0) n++;
    if (n == 0) return Errno.Inval;
    if (n == PATH_MAX) return Errno.NameTooLong;
    slot.domain = AF_UNIX;
    slot.length = PATH + n + 1;
    memory.copy(to + PATH, address + PATH, n);
  } else {
    return Errno.AFNoSupport;
  }
  store<u16>(to, <u16>slot.domain);
  return Errno.Success;
}

/** Gives an address to C, as far as there is room: its length is at `lengthAt` before, and the address's own after. Either may be null. */
export function addressTo(from: usize, length: i32, family: i32, to: usize, lengthAt: usize): void {
  if (to == 0 || lengthAt == 0) return;
  const room = load<i32>(lengthAt);
  const size = length == SOCKADDR_IN6 && family == Family.Inet6 ? C_SOCKADDR_IN6 : max(length, PATH);
  memory.fill(to, 0, min(room, size));
  memory.copy(to, from, min(room, length));
  if (room >= PATH) store<u16>(to, <u16>family);
  store<i32>(lengthAt, size);
}

/** The errno of WASI for Linux's, or a PollError, negative as the calls of the network have it. */
export function errnoOf(result: i64): i32 {
  switch (<i32>-result) {
    case 1:
      return Errno.Perm;
    case 2:
      return Errno.NoEnt;
    case 4:
      return Errno.Intr;
    case 9:
      return Errno.BadF;
    case 11:
      return Errno.Again;
    case 12:
    case 105:
      return Errno.NoBufs;
    case 13:
      return Errno.Access;
    case 20:
      return Errno.NotDir;
    case 22:
      return Errno.Inval;
    case 23:
      return Errno.NFile;
    case 24:
      return Errno.MFile;
    case 28:
      return Errno.NoSpc;
    case 30:
      return Errno.RoFS;
    case 32:
      return Errno.Pipe;
    case 36:
      return Errno.NameTooLong;
    case 90:
      return Errno.MsgSize;
    case 92:
      return Errno.NoProtoOpt;
    case 95:
      return Errno.NotSup;
    case 97:
      return Errno.AFNoSupport;
    case 98:
      return Errno.AddrInUse;
    case 99:
      return Errno.AddrNotAvail;
    case 100:
      return Errno.NetDown;
    case 101:
      return Errno.NetUnreach;
    case 103:
      return Errno.ConnAborted;
    case 104:
      return Errno.ConnReset;
    case 106:
      return Errno.IsConn;
    case 107:
      return Errno.NotConn;
    case 110:
      return Errno.TimedOut;
    case 111:
      return Errno.ConnRefused;
    case 113:
      return Errno.HostUnreach;
    default:
      return Errno.IO;
  }
}

// ---- names -----------------------------------------------------------------------------------------------------------

/** What `sockResolve` gives for each address: its family and its length, then the address. */
const ENTRY_BYTES: i32 = 8 + 48;

/**
 * The addresses of a host, a literal or a name, for `getaddrinfo`: writes `capacity` of them at most, without a port; how many, -1 if there
 * is no such host.
 */
export function sockResolve(host: usize, length: i32, to: usize, capacity: i32): i32 {
  const name = String.UTF8.decodeUnsafe(host, length);
  const r = resolve("dial", name.includes(":") ? "tcp://[" + name + "]:1" : "tcp://" + name + ":1", Purpose.Dial);
  if (!r) return -1;
  let n = 0;
  for (; n < r.count && n < capacity; n++) {
    const slot = slotOf(r, n);
    const entry = to + n * ENTRY_BYTES;
    const family = slot.domain == AF_INET6 ? Family.Inet6 : Family.Inet;
    store<i32>(entry, family);
    store<i32>(entry, ENTRY_BYTES - 8, 4);
    addressTo(sockaddrOf(slot), slot.length, family, entry + 8, entry + 4);
    store<u16>(entry, 0, 10);
  }
  releaseResolution(r);
  return n;
}
