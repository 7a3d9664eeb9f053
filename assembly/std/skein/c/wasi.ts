/**
 * The calls of WASI preview 1 that wasi-libc makes, by their names there: arguments, environment, clocks, random bytes. Those on
 * descriptors are in `fd.ts`, those on paths in `path.ts`, waiting in `poll.ts`, sockets in `wasisock.ts`. A program has the directories that `skein run --dir` names, and no other.
 *
 * All return an errno of WASI, 0 for none. What may block hands its P on (`hostCall`).
 *
 * On a goroutine, as all that programs call.
 */
import { hostEnviron, hostRandom } from "../runtime/base/imports";
import { gosched } from "../runtime/goroutine/proc";
import { args, exit } from "../runtime/goroutine/program";
import { now } from "../runtime/goroutine/time";
import { Errno } from "./files";

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

export const REALTIME: i32 = 0;
export const MONOTONIC: i32 = 1;

export function timeOf(clock: i32): i64 {
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
