// Threads that allocate, check, pass on and free blocks.
//
// A block begins with its size and a mark, and is filled with a word made of these and its address; so a block that was
// handed out twice, or overlaps another, is found damaged by one of its owners.
import { futexsleep } from "../../../assembly/runtime/base/lock";
import { malloc, mallocSize, mfree } from "../../../assembly/runtime/memory/malloc";
import { PAGE_BITS, reservePages } from "../../../assembly/runtime/memory/pages";
import { fastrand, fastrandn } from "../../../assembly/runtime/base/rand";
import { addressOf, sched } from "../../../assembly/abi";
import { become, setup, word } from "./setup";

const PROCS: i32 = 4;
/** Blocks that a thread keeps, and blocks on their way between threads. */
const KEPT: u32 = 64;
const PASSED: u32 = 64;
/** Of a large block, so many bytes at each end are filled. */
const EDGE: usize = 1024;
/** How long one who finds the way to the other thread full, or empty, sleeps, in ns. */
const MOMENT: i64 = 100_000;

const DAMAGED = 0;
const CROSSED = 1;
const TABLES = 2;
const FIRST_PAGE = 3;

export function prepare(): void {
  setup(PROCS);
  store<usize>(word(TABLES), reservePages(1));
  store<u32>(word(FIRST_PAGE), sched.pageNext);
}

/** Where the `i`th block of a thread is kept; thread 0's are those passed on. */
function slot(id: i32, i: u32): usize {
  return load<usize>(word(TABLES)) + ((<usize>id * KEPT + i) << 2);
}

function filling(block: usize): u64 {
  return (load<u64>(block) ^ ((<u64>block) << 32)) * 0x9e3779b97f4a7c15;
}

/** A block of `size` bytes, filled to the end of what it really has. */
function make(size: usize): usize {
  const block = malloc(size);
  const have = mallocSize(block);
  if (have < size || (block & 15) != 0) atomic.add<i32>(word(DAMAGED), 1);
  store<u32>(block, <u32>have);
  store<u32>(block, fastrand(), 4);
  const fill = filling(block);
  for (let at: usize = 8; at < have; at = following(at, have)) store<u64>(block + at, fill);
  return block;
}

function following(at: usize, have: usize): usize {
  return at + 8 == EDGE && have > 2 * EDGE ? have - EDGE : at + 8;
}

/** Frees a block, unless it is not as it was made. */
function destroy(block: usize): void {
  const have = mallocSize(block);
  let good = load<u32>(block) == have;
  const fill = filling(block);
  for (let at: usize = 8; good && at < have; at = following(at, have)) good = load<u64>(block + at) == fill;
  if (good) mfree(block);
  else atomic.add<i32>(word(DAMAGED), 1);
}

/** Mostly small, sometimes of any size that comes from a class, now and then of several pages. */
function anySize(): usize {
  const kind = fastrandn(64);
  if (kind == 0) return 32769 + fastrandn(300_000);
  if (kind < 8) return 1 + fastrandn(32768);
  return 1 + fastrandn(1 << (4 + fastrandn(6)));
}

/** Allocates, passes on and frees blocks of any size `n` times, then frees all it has. */
export function churn(id: i32, p: i32, n: i32): void {
  become(id, p);
  let crossed = 0;
  for (let i = 0; i < n; i++) {
    const at = slot(id, fastrandn(KEPT));
    const old = load<usize>(at);
    if (old != 0) destroy(old);
    let block = make(anySize());
    if (fastrandn(4) == 0) {
      block = atomic.xchg<usize>(slot(0, fastrandn(PASSED)), block);
      crossed++;
    }
    store<usize>(at, block);
  }
  clear(id);
  atomic.add<i32>(word(CROSSED), crossed);
}

function clear(id: i32): void {
  for (let i: u32 = 0; i < KEPT; i++) {
    const block = atomic.xchg<usize>(slot(id, i), 0);
    if (block != 0) destroy(block);
  }
}

/** The same with nothing but blocks of 1 to 8 pages. */
export function churnLarge(id: i32, p: i32, n: i32): void {
  become(id, p);
  for (let i = 0; i < n; i++) {
    const at = slot(id, fastrandn(KEPT / 4));
    const old = load<usize>(at);
    if (old != 0) destroy(old);
    store<usize>(at, make(32769 + fastrandn(7 << 16)));
  }
  clear(id);
}

/** Allocates `n` blocks of `size` bytes, for `consume` to free. */
export function produce(p: i32, size: i32, n: i32): void {
  become(1, p);
  for (let i = 0; i < n; i++) {
    const block = make(size);
    const at = slot(0, i % PASSED);
    while (true) {
      const before = atomic.cmpxchg<usize>(at, 0, block);
      if (before == 0) break;
      futexsleep(at, before, MOMENT);
    }
  }
}

/** Frees what `produce` allocates. */
export function consume(p: i32, n: i32): void {
  become(2, p);
  for (let i = 0; i < n; i++) {
    const at = slot(0, i % PASSED);
    while (atomic.load<usize>(at) == 0) futexsleep(at, 0, MOMENT);
    destroy(atomic.xchg<usize>(at, 0));
  }
}

/** Frees what is on its way between threads. */
export function clearPassed(): void {
  become(0, -1);
  clear(0);
}

export function damaged(): i32 {
  return load<i32>(word(DAMAGED));
}

export function crossed(): i32 {
  return load<i32>(word(CROSSED));
}

export function heapPages(): i32 {
  return load<i32>(addressOf(sched.heapPages));
}

/** Pages of the heap ever used. */
export function usedPages(): i32 {
  return sched.pageNext - load<u32>(word(FIRST_PAGE));
}

/** Allocates all pages ever used as one block; whether it was made of these pages and no others. */
export function fitsWhole(): i32 {
  const n = usedPages();
  const block = reservePages(n);
  const first = load<u32>(word(FIRST_PAGE));
  return <u32>(block >> PAGE_BITS) == first && sched.pageNext == first + n ? 1 : 0;
}
