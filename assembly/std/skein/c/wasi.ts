/**
 * The calls of WASI preview 1 that wasi-libc makes, by their names there. A program has standard input, output and error, arguments, an
 * environment, clocks, random bytes and sleep. It is given no directory, so opening a file fails as it does in every host of WASI that
 * gives none: with ENOENT, from libc itself, which finds no directory to open it in.
 *
 * All return an errno of WASI, 0 for none. What may block hands its P on (`hostCall`).
 *
 * On a goroutine, as all that programs call.
 */
import { hostEnviron, hostRandom } from "../runtime/base/imports";
import { emit } from "../runtime/goroutine/print";
import { gosched } from "../runtime/goroutine/proc";
import { args, exit } from "../runtime/goroutine/program";
import { readInput } from "../runtime/goroutine/stdin";
import { now, sleep } from "../runtime/goroutine/time";
import { malloc, mfree } from "../runtime/memory/malloc";

namespace Errno {
  export const Success: i32 = 0;
  export const BadF: i32 = 8;
  export const Inval: i32 = 28;
  export const NotSup: i32 = 58;
  export const SPipe: i32 = 70;
}

/** Standard error is the last descriptor that there is. */
const LAST_FD: i32 = 2;

// ---- arguments and environment ---------------------------------------------------------------------------------------

/** UTF-8, each ended by a zero byte, the program's name before the others. */
function packArgs(): ArrayBuffer {
  const list = args();
  list.unshift("main");
  return String.UTF8.encode(list.join("\0") + "\0");
}

function packEnviron(): ArrayBuffer {
  const size = hostEnviron(0, 0);
  const block = new ArrayBuffer(size);
  hostEnviron(changetype<usize>(block), size);
  return block;
}

/** Says how many texts a block has, and its bytes. */
function sizes(block: ArrayBuffer, count: usize, size: usize): i32 {
  let n = 0;
  for (let i = 0; i < block.byteLength; i++) if (load<u8>(changetype<usize>(block) + i) == 0) n++;
  store<i32>(count, n);
  store<i32>(size, block.byteLength);
  return Errno.Success;
}

/** Copies the texts of a block to `to`, and their addresses there to `pointers`. */
function unpack(block: ArrayBuffer, pointers: usize, to: usize): i32 {
  memory.copy(to, changetype<usize>(block), block.byteLength);
  let isFirst = true;
  for (let i = 0; i < block.byteLength; i++) {
    if (isFirst) {
      store<usize>(pointers, to + i);
      pointers += sizeof<usize>();
    }
    isFirst = load<u8>(to + i) == 0;
  }
  return Errno.Success;
}

export function args_sizes_get(count: usize, size: usize): i32 {
  return sizes(packArgs(), count, size);
}

export function args_get(pointers: usize, to: usize): i32 {
  return unpack(packArgs(), pointers, to);
}

export function environ_sizes_get(count: usize, size: usize): i32 {
  return sizes(packEnviron(), count, size);
}

export function environ_get(pointers: usize, to: usize): i32 {
  return unpack(packEnviron(), pointers, to);
}

// ---- time, chance, the end -------------------------------------------------------------------------------------------

const REALTIME: i32 = 0;
const MONOTONIC: i32 = 1;

function timeOf(clock: i32): i64 {
  return clock == REALTIME ? Date.now() * 1_000_000 : now();
}

export function clock_time_get(clock: i32, precision: i64, time: usize): i32 {
  if (clock != REALTIME && clock != MONOTONIC) return Errno.Inval;
  store<i64>(time, timeOf(clock));
  return Errno.Success;
}

export function clock_res_get(clock: i32, resolution: usize): i32 {
  if (clock != REALTIME && clock != MONOTONIC) return Errno.Inval;
  store<i64>(resolution, clock == REALTIME ? 1_000_000 : 1000);
  return Errno.Success;
}

export function random_get(buffer: usize, length: usize): i32 {
  hostRandom(buffer, length);
  return Errno.Success;
}

export function proc_exit(code: i32): void {
  exit(code);
}

export function sched_yield(): i32 {
  gosched();
  return Errno.Success;
}

// struct subscription: userdata, tag, then for a clock its number, the time, the precision, flags.
const SUBSCRIPTION_TAG: usize = 8;
const CLOCK_ID: usize = 16;
const CLOCK_TIME: usize = 24;
const CLOCK_FLAGS: usize = 40;
const CLOCK_ABSTIME: u16 = 1;
const TAG_CLOCK: u8 = 0;
// struct event: userdata, errno, type, then what a descriptor has.
const EVENT_BYTES: i32 = 32;
const EVENT_TYPE: usize = 10;

/** Waits for one clock, which is how libc sleeps; descriptors are always ready. */
export function poll_oneoff(subscriptions: usize, events: usize, n: i32, stored: usize): i32 {
  if (n != 1 || load<u8>(subscriptions, SUBSCRIPTION_TAG) != TAG_CLOCK) return Errno.NotSup;
  const clock = load<i32>(subscriptions, CLOCK_ID);
  if (clock != REALTIME && clock != MONOTONIC) return Errno.Inval;
  let d = load<i64>(subscriptions, CLOCK_TIME);
  if (load<u16>(subscriptions, CLOCK_FLAGS) & CLOCK_ABSTIME) d -= timeOf(clock);
  sleep(d);
  memory.fill(events, 0, EVENT_BYTES);
  store<u64>(events, load<u64>(subscriptions));
  store<u8>(events, TAG_CLOCK, EVENT_TYPE);
  store<i32>(stored, 1);
  return Errno.Success;
}

// ---- descriptors -----------------------------------------------------------------------------------------------------

// struct iovec
const IOVEC_BYTES: i32 = 8;

export function fd_write(fd: i32, iovecs: usize, n: i32, written: usize): i32 {
  if (fd != 1 && fd != 2) return Errno.BadF;
  let size: usize = 0;
  for (let i = 0; i < n; i++) size += load<usize>(iovecs + i * IOVEC_BYTES, 4);
  if (size != 0) {
    // In one piece, so that what others write comes before it or after it.
    const block = malloc(size);
    let at = block;
    for (let i = 0; i < n; i++) {
      const length = load<usize>(iovecs + i * IOVEC_BYTES, 4);
      memory.copy(at, load<usize>(iovecs + i * IOVEC_BYTES), length);
      at += length;
    }
    emit(fd, block, size);
    mfree(block);
  }
  store<usize>(written, size);
  return Errno.Success;
}

export function fd_read(fd: i32, iovecs: usize, n: i32, read: usize): i32 {
  if (fd != 0) return Errno.BadF;
  // Into the first that has room: there may be no more.
  while (n > 1 && load<i32>(iovecs, 4) == 0) {
    iovecs += IOVEC_BYTES;
    n--;
  }
  const length = n > 0 ? load<i32>(iovecs, 4) : 0;
  store<usize>(read, length == 0 ? 0 : readInput(load<usize>(iovecs), length));
  return Errno.Success;
}

// struct fdstat: type, flags, rights
const FDSTAT_BYTES: i32 = 24;
const FDSTAT_RIGHTS: usize = 8;
const CHARACTER_DEVICE: u8 = 2;
const RIGHT_READ: i64 = 1 << 1;
const RIGHT_WRITE: i64 = 1 << 6;

/** Standard input and output pass for a terminal, which makes libc put out line by line: many goroutines share them. */
export function fd_fdstat_get(fd: i32, stat: usize): i32 {
  if (<u32>fd > <u32>LAST_FD) return Errno.BadF;
  memory.fill(stat, 0, FDSTAT_BYTES);
  store<u8>(stat, CHARACTER_DEVICE);
  store<i64>(stat, fd == 0 ? RIGHT_READ : RIGHT_WRITE, FDSTAT_RIGHTS);
  return Errno.Success;
}

export function fd_fdstat_set_flags(fd: i32, flags: i32): i32 {
  return <u32>fd > <u32>LAST_FD ? Errno.BadF : Errno.NotSup;
}

// struct filestat: device, inode, type, links, size, three times
const FILESTAT_BYTES: i32 = 64;
const FILESTAT_TYPE: usize = 16;

export function fd_filestat_get(fd: i32, stat: usize): i32 {
  if (<u32>fd > <u32>LAST_FD) return Errno.BadF;
  memory.fill(stat, 0, FILESTAT_BYTES);
  store<u8>(stat, CHARACTER_DEVICE, FILESTAT_TYPE);
  return Errno.Success;
}

export function fd_seek(fd: i32, offset: i64, whence: i32, position: usize): i32 {
  return <u32>fd > <u32>LAST_FD ? Errno.BadF : Errno.SPipe;
}

export function fd_close(fd: i32): i32 {
  return <u32>fd > <u32>LAST_FD ? Errno.BadF : Errno.Success;
}

export function fd_sync(fd: i32): i32 {
  return <u32>fd > <u32>LAST_FD ? Errno.BadF : Errno.Inval;
}

/** No directory was given to the program. */
export function fd_prestat_get(fd: i32, stat: usize): i32 {
  return Errno.BadF;
}

export function fd_prestat_dir_name(fd: i32, to: usize, length: usize): i32 {
  return Errno.BadF;
}
