/**
 * The allocator of the core's own structs, from any thread; who takes a block gives it back. (Objects of programs are in `objects.ts`.)
 *
 * After Bonwick's slabs and Go's mcache/mcentral/mheap. Sizes up to 32 KiB are rounded up to one of 38 classes. A P keeps
 * a cache per class: a list of freed cells and a fresh run to cut cells from. Only the M that holds the P touches them, so
 * the usual allocation takes no lock and no atomic operation. Behind them, one `Central` per class, under a lock of its
 * own, exchanges whole batches of cells with the Ps and cuts new runs from spans. A span is a 64 KiB page of one class;
 * larger blocks are runs of whole pages, from the page heap (`pages.ts`).
 *
 * The span table says for each page of the address space what it holds, so a block needs no header: `mfree` finds the class
 * from the address. An entry is written before the first block of the page is handed out, and blocks only reach another
 * thread through something that orders memory, so it may be read without a lock.
 *
 * Blocks are aligned to 16 bytes and not cleared. Threads without a P (the main thread, an M between Ps) share caches of their own,
 * under `sched.orphanLock`.
 *
 * Any thread, on either stack: nothing in this folder waits for longer than a lock, or is switched out.
 */
import { CENTRAL_BASE, ORPHANS_BASE } from "../../layout";
import { CHECKED, check } from "../base/checked";
import { lock, unlock } from "../base/lock";
import {
  freePages,
  PAGE_BITS,
  PAGE_SIZE,
  SPAN_CLASS,
  SPAN_COUNT,
  SPAN_INNER,
  SPAN_LARGE,
  SPAN_SMALL,
  spanEntry,
  tryPages,
} from "./pages";
import { pagesOrDie } from "./sweep";
import { m } from "../base/registers";
import { Cache, cacheOf, CLASS_COUNT, P, sched, addressOf } from "../../abi";

/** Largest block that comes from a class. */
export const MAX_SMALL: usize = 32768;

/** Up to MAX_STEP each class has cells of a STEP more than the one before. */
export const STEP: usize = 16;
export const MAX_STEP: usize = 128;

/** Bytes that move between a P and a Central at a time, and the bounds on how many cells that is. */
const BATCH_BYTES: u32 = 8192;
const BATCH_MAX: u32 = 64;

/** What all Ps share of one class; guarded by `lock`. */
@unmanaged
class Central {
  lock: i32;
  /** Batches: the first word of a cell links the cells of a batch, the second word of its first cell the batches. */
  batches: usize;
  /** The rest of the newest span. */
  bump: usize;
  bumpEnd: usize;
}

/** What the span table says of the page of an address. */
@inline
function spanOf(ptr: usize): u32 {
  return load<u32>(spanEntry(<u32>(ptr >> PAGE_BITS)));
}


@inline
function centralOf(sizeClass: i32): Central {
  return changetype<Central>(CENTRAL_BASE + sizeClass * offsetof<Central>());
}

/**
 * The class of a size from 1 to MAX_SMALL: steps of 16 up to 128, then four steps to each power of two, so that at most a
 * fifth of a block is wasted; the last two divide a page into 3 and 2.
 */
@inline
export function classOf(size: usize): i32 {
  if (size <= MAX_STEP) return <i32>((size + (STEP - 1)) / STEP) - 1;
  if (size > 16384) return size <= 21840 ? 36 : 37;
  const s = <u32>size - 1;
  const shift = 31 - clz(s);
  return 8 + ((shift - 7) << 2) + ((s >> (shift - 2)) & 3);
}

/** Bytes of a cell of a class. */
@inline
export function classSize(sizeClass: i32): u32 {
  if (sizeClass < 8) return (sizeClass + 1) << 4;
  if (sizeClass >= 36) return sizeClass == 36 ? 21840 : 32768;
  const k = sizeClass - 8;
  const shift = 7 + (k >> 2);
  return (1 << shift) + (((k & 3) + 1) << (shift - 2));
}


@inline
function batchOf(cell: u32): i32 {
  return min(max(<i32>(BATCH_BYTES / cell), 2), BATCH_MAX);
}

/** `size` bytes, aligned to 16, not cleared. Ends the program if there is no memory. */
@host
export function malloc(size: usize): usize {
  if (size > MAX_SMALL) return pagesOrDie(<u32>((size - 1) >> PAGE_BITS) + 1);
  const sizeClass = classOf(max(size, 1));
  const pp = m.p;
  if (!pp) return mallocOrphan(sizeClass);
  const cache = cacheOf(pp, sizeClass);
  const cell = cache.free;
  if (cell != 0) {
    cache.free = load<usize>(cell);
    cache.freeCount--;
    if (CHECKED) unpoison(cell, sizeClass);
    return cell;
  }
  return mallocSlow(cache, sizeClass);
}

/** Pages that are left to those that cannot do without: by who wants many, by who wants little. */
const SPARED_BY_LARGE: i32 = 32;
const SPARED_BY_SMALL: i32 = 16;

/** As malloc, for what its caller can do without: 0 if it would take the last of the memory. */
@host
export function mallocTry(size: usize): usize {
  if (!hasRoom(size)) return 0;
  return size > MAX_SMALL ? tryPages(<u32>((size - 1) >> PAGE_BITS) + 1) : malloc(size);
}

/** Whether there is memory for something that can be done without. Others may take it meanwhile. */
export function hasRoom(size: usize): bool {
  const pages = <i32>((size - 1) >> PAGE_BITS) + 1;
  const spared = size > MAX_SMALL ? SPARED_BY_LARGE : SPARED_BY_SMALL;
  return atomic.load<i32>(addressOf(sched.heapPages)) + pages + spared <= sched.maxPages;
}

/** Gives back a block of `malloc`; null is allowed. */
@host
export function mfree(ptr: usize): void {
  if (ptr == 0) return;
  const span = spanOf(ptr);
  if ((span & SPAN_SMALL) == 0) {
    freePages(ptr);
    return;
  }
  const pp = m.p;
  if (!pp) {
    mfreeOrphan(ptr, span & ~SPAN_SMALL);
    return;
  }
  mfreeTo(cacheOf(pp, span & ~SPAN_SMALL), ptr, span & ~SPAN_SMALL);
}

/** Bytes that the block at `ptr`, one of `malloc` or of an object, really has. */
export function mallocSize(ptr: usize): usize {
  const span = spanOf(ptr);
  return span & SPAN_SMALL ? <usize>classSize(span & SPAN_CLASS) : (<usize>(span & SPAN_COUNT)) << PAGE_BITS;
}

/** The block, one of `malloc` or of an object, that an address lies in; 0 if in none. */
export function blockOf(address: usize): usize {
  if (address < sched.heapBase || address >> PAGE_BITS >= <usize>memory.size()) return 0;
  const own = <u32>(address >> PAGE_BITS);
  const entry = load<u32>(spanEntry(own));
  if (entry & SPAN_SMALL) {
    const size = classSize(entry & SPAN_CLASS);
    const page = address & ~(PAGE_SIZE - 1);
    const block = page + ((address - page) / size) * size;
    return block + size > page + PAGE_SIZE ? 0 : block; // behind the last cell
  }
  const first = entry & SPAN_INNER ? entry & SPAN_COUNT : own;
  const large = load<u32>(spanEntry(first));
  // An inner page of a block that was freed may still name where that began.
  if ((large & SPAN_LARGE) == 0 || own - first >= (large & SPAN_COUNT)) return 0;
  return (<usize>first) << PAGE_BITS;
}


@inline
function mfreeTo(cache: Cache, ptr: usize, sizeClass: i32): void {
  if (CHECKED) poison(ptr, sizeClass);
  store<usize>(ptr, cache.free);
  cache.free = ptr;
  if (++cache.freeCount >= batchOf(classSize(sizeClass)) << 1) release(cache, sizeClass);
}

// ---- checked builds: what a freed cell holds behind the links of the free lists --------------------------------------------

const POISON: u64 = 0xdbdb_dbdb_dbdb_dbdb;
const POISONED_MAX: usize = 256;

/** Overwrites a cell that is freed. One that is free has nothing but poison already. */
function poison(ptr: usize, sizeClass: i32): void {
  const size = classSize(sizeClass);
  check((ptr & (PAGE_SIZE - 1)) % size == 0, "what is freed is the beginning of a cell");
  let isFree = true;
  for (let at: usize = 8; at < min<usize>(size, POISONED_MAX); at += 8) {
    if (load<u64>(ptr + at) != POISON) isFree = false;
    store<u64>(ptr + at, POISON);
  }
  check(!isFree, "a cell is freed once");
}

/** Nobody has written to a cell since it was freed. */
function unpoison(ptr: usize, sizeClass: i32): void {
  const size = classSize(sizeClass);
  for (let at: usize = 8; at < min<usize>(size, POISONED_MAX); at += 8) {
    check(load<u64>(ptr + at) == POISON, "a free cell is not written to");
    store<u64>(ptr + at, ~POISON);
  }
}

function mallocSlow(cache: Cache, sizeClass: i32): usize {
  const size = classSize(sizeClass);
  const bump = cache.bump;
  if (bump + size <= cache.bumpEnd) {
    cache.bump = bump + size;
    return bump;
  }
  return refill(cache, sizeClass);
}

/** Gets a batch of freed cells, or a fresh run, from the Central. */
function refill(cache: Cache, sizeClass: i32): usize {
  const size = classSize(sizeClass);
  const central = centralOf(sizeClass);
  lock(changetype<usize>(central));
  const batch = central.batches;
  if (batch != 0) {
    central.batches = load<usize>(batch, sizeof<usize>());
    unlock(changetype<usize>(central));
    cache.free = load<usize>(batch);
    cache.freeCount = batchOf(size) - 1;
    if (CHECKED) unpoison(batch, sizeClass);
    return batch;
  }
  let bump = central.bump;
  if (bump + <usize>size > central.bumpEnd) {
    bump = pagesOrDie(1);
    store<u32>(spanEntry(<u32>(bump >> PAGE_BITS)), SPAN_SMALL | sizeClass);
    central.bumpEnd = bump + (PAGE_SIZE / size) * size;
  }
  const end = min(bump + size * batchOf(size), central.bumpEnd);
  central.bump = end;
  unlock(changetype<usize>(central));
  cache.bump = bump + size;
  cache.bumpEnd = end;
  return bump;
}

/** The cache holds two batches: one goes to the Central. */
function release(cache: Cache, sizeClass: i32): void {
  const n = batchOf(classSize(sizeClass));
  const first = cache.free;
  let last = first;
  for (let i = 1; i < n; i++) last = load<usize>(last);
  cache.free = load<usize>(last);
  cache.freeCount -= n;
  store<usize>(last, 0);
  const central = centralOf(sizeClass);
  lock(changetype<usize>(central));
  store<usize>(first, central.batches, sizeof<usize>());
  central.batches = first;
  unlock(changetype<usize>(central));
}

// ---- threads without a P ---------------------------------------------------------------------------------------------

@inline
function orphanCache(sizeClass: i32): Cache {
  return changetype<Cache>(ORPHANS_BASE + sizeClass * offsetof<Cache>());
}

function mallocOrphan(sizeClass: i32): usize {
  lock(addressOf(sched.orphanLock));
  const cache = orphanCache(sizeClass);
  let cell = cache.free;
  if (cell != 0) {
    cache.free = load<usize>(cell);
    cache.freeCount--;
    if (CHECKED) unpoison(cell, sizeClass);
  } else {
    cell = mallocSlow(cache, sizeClass);
  }
  unlock(addressOf(sched.orphanLock));
  return cell;
}

function mfreeOrphan(ptr: usize, sizeClass: i32): void {
  lock(addressOf(sched.orphanLock));
  mfreeTo(orphanCache(sizeClass), ptr, sizeClass);
  unlock(addressOf(sched.orphanLock));
}

/** Hands a P's caches to the Centrals when the P goes away. The caller owns the P. */
export function flushCaches(pp: P): void {
  for (let sizeClass = 0; sizeClass < CLASS_COUNT; sizeClass++) {
    const cache = cacheOf(pp, sizeClass);
    const n = batchOf(classSize(sizeClass));
    while (cache.freeCount >= n) release(cache, sizeClass);
  }
}
