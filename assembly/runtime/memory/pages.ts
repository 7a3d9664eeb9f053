/**
 * The page heap: runs of 64 KiB pages, and the limit on memory. All of it is guarded by `sched.pageLock`.
 *
 * The span table has an entry per page:
 * - `SPAN_SMALL | class`: a span of small cells (written by `malloc.ts`, `objects.ts`);
 * - `SPAN_LARGE | n`: the first page of a block of n pages; its others are `SPAN_INNER | first`, so that an address inside finds the block;
 * - with `SPAN_OBJECT`: what is there are objects, which the collector frees;
 * - `SPAN_FREE | n`: the first and the last page of a free run of n pages; nothing else ever has SPAN_FREE set; those between keep whatever
 *   they had;
 * - with `SPAN_RELEASED`, of a free page alone: the system has it, and gives another when it is written to (`release.ts`);
 * - 0: never used.
 *
 * Free runs are linked through their first words, and are merged with their neighbours when freed: there are never two
 * adjacent ones. An allocation takes the first run that is long enough, or the next pages never used. The memory itself
 * never grows: the host gives it its full length at the start (`host/base/addressspace.ts` says why), and what is unused costs
 * nothing.
 *
 * Pages never used are those from `sched.pageNext` to the end of memory; with HEAP_TOP those from `sched.pageLow` to `pageNext`, which
 * are taken from their end. No page beyond memory has an entry that is not 0: the host leaves out the last of the address space.
 *
 * Any thread, on either stack.
 */
import { HEAP_HIGH, HEAP_TOP, SPANS_BASE } from "../../layout";
import { CHECKED, check } from "../base/checked";
import { lock, nap, unlock } from "../base/lock";
import { throwOutOfMemory } from "../base/panic";
import { sched, addressOf } from "../../abi";

export const PAGE_BITS: usize = 16;
export const PAGE_SIZE: usize = 1 << PAGE_BITS;
export const SPAN_SMALL: u32 = 0x80000000;
export const SPAN_LARGE: u32 = 0x40000000;
const SPAN_FREE: u32 = 0x20000000;
export const SPAN_OBJECT: u32 = 0x10000000;
export const SPAN_INNER: u32 = 0x08000000;
/** A large object that is bytes and nothing else. */
export const SPAN_BYTES: u32 = 0x04000000;
const SPAN_RELEASED: u32 = 0x02000000;
export const SPAN_COUNT: u32 = 0x1ffff;
/** The part of an entry with SPAN_SMALL that is the class. */
export const SPAN_CLASS: u32 = 0xff;
/** The first page whose addresses are negative as an i32. */
const HIGH_PAGE: u32 = 0x8000;

/** How long to wait before looking again for what is being given back, in ns. */
const RELEASE_LOOK_AGAIN: i64 = 20_000;

/** The span table's entry for a page. */
@inline
export function spanEntry(page: u32): usize {
  return <usize>SPANS_BASE + ((<usize>page) << 2);
}


@unmanaged
class FreeRun {
  next: FreeRun | null;
  prev: FreeRun | null;
}

/** Changes what the entry of a free page says, but not where its memory is. */
@inline
function setFree(page: u32, entry: u32): void {
  const at = spanEntry(page);
  store<u32>(at, entry | (load<u32>(at) & SPAN_RELEASED));
}

function unlink(run: FreeRun, n: u32): void {
  sched.freePages -= n;
  const next = run.next;
  const prev = run.prev;
  if (next) next.prev = prev;
  if (prev) prev.next = next;
  else sched.freeRuns = changetype<usize>(next);
}

function linkFree(page: u32, n: u32): void {
  sched.freePages += n;
  setFree(page, SPAN_FREE | n);
  setFree(page + n - 1, SPAN_FREE | n);
  const run = changetype<FreeRun>((<usize>page) << PAGE_BITS);
  const head = changetype<FreeRun | null>(sched.freeRuns);
  run.prev = null;
  run.next = head;
  if (head) head.prev = run;
  sched.freeRuns = changetype<usize>(run);
}

/** Takes n pages, or returns 0. */
function takePages(n: u32): usize {
  let run = changetype<FreeRun | null>(sched.freeRuns);
  while (run) {
    const page = <u32>(changetype<usize>(run) >> PAGE_BITS);
    const have = load<u32>(spanEntry(page)) & SPAN_COUNT;
    if (have >= n) {
      takeFrom(page, have, page, n);
      return (<usize>page) << PAGE_BITS;
    }
    run = run.next;
  }
  const page = takeUnused(n);
  if (page != 0) markTaken(page, n);
  return (<usize>page) << PAGE_BITS;
}

/** Takes `n` pages out of the free run of `have` pages at `first`. */
function takeFrom(first: u32, have: u32, page: u32, n: u32): void {
  unlink(changetype<FreeRun>((<usize>first) << PAGE_BITS), have);
  setFree(first, 0);
  setFree(first + have - 1, 0);
  const before = page - first;
  if (before != 0) linkFree(first, before);
  if (have > before + n) linkFree(page + n, have - before - n);
  markTaken(page, n);
}

function markTaken(page: u32, n: u32): void {
  let released = 0;
  for (let i: u32 = 0; i < n; i++) {
    const at = spanEntry(page + i);
    if (load<u32>(at) & SPAN_RELEASED) released++;
    store<u32>(at, i == 0 ? SPAN_LARGE | n : SPAN_INNER | page);
  }
  sched.releasedPages -= released;
}

/** The first of n pages never used, or 0. */
function takeUnused(n: u32): u32 {
  const next = sched.pageNext;
  if (sched.heapPlace == HEAP_TOP) {
    if (next - sched.pageLow < n) return 0;
    sched.pageNext = next - n;
    return next - n;
  }
  if (<u32>memory.size() - next < n) return 0;
  sched.pageNext = next + n;
  return next;
}

/** Where the heap begins: behind the static data, or, to try addresses that few programs see, elsewhere (`HEAP_*`). */
export function initPages(heapBase: usize, place: i32): void {
  sched.heapBase = heapBase;
  sched.heapPlace = place;
  sched.pageLow = <u32>((heapBase + PAGE_SIZE - 1) >> PAGE_BITS);
  sched.pageNext = place == HEAP_TOP ? <u32>memory.size() : place == HEAP_HIGH ? HIGH_PAGE : sched.pageLow;
  const first = place == HEAP_HIGH ? HIGH_PAGE : sched.pageLow;
  sched.maxPages = min(sched.maxPages, memory.size() - <i32>first);
}

/** A block of `n` pages, counted against the limit. Ends the program if there is none. */
export function allocPages(n: u32): usize {
  const ptr = tryPages(n);
  if (ptr == 0) throwOutOfMemory();
  return ptr;
}

/** The same; 0 if there is none. */
export function tryPages(n: u32): usize {
  lock(addressOf(sched.pageLock));
  let ptr: usize = 0;
  if (sched.heapPages + <i32>n <= sched.maxPages) {
    ptr = takePages(n);
    // What is missing may be just what sysmon's thread is giving back: that takes a moment.
    while (ptr == 0 && sched.releasing != 0) {
      unlock(addressOf(sched.pageLock));
      nap(RELEASE_LOOK_AGAIN);
      lock(addressOf(sched.pageLock));
      ptr = takePages(n);
    }
    if (ptr != 0) atomic.store<i32>(addressOf(sched.heapPages), sched.heapPages + n);
  }
  unlock(addressOf(sched.pageLock));
  return ptr;
}

/** The pages that are or have been in use, as [first, end). */
export function firstPage(): u32 {
  return sched.heapPlace == HEAP_TOP ? sched.pageNext : sched.heapPlace == HEAP_HIGH ? HIGH_PAGE : sched.pageLow;
}

export function endPage(): u32 {
  return sched.heapPlace == HEAP_TOP ? <u32>memory.size() : sched.pageNext;
}

/** A block that the limit does not count, for it is address space more than memory; 0 if there is none. */
export function reservePages(n: u32): usize {
  lock(addressOf(sched.pageLock));
  const ptr = takePages(n);
  unlock(addressOf(sched.pageLock));
  return ptr;
}

/** Gives back a block of `allocPages`. (One of `reservePages` is there for good.) */
export function freePages(ptr: usize): void {
  lock(addressOf(sched.pageLock));
  let page = <u32>(ptr >> PAGE_BITS);
  if (CHECKED)
    check(
      (load<u32>(spanEntry(page)) & SPAN_LARGE) != 0 && (ptr & (PAGE_SIZE - 1)) == 0,
      "pages are freed once, as a block",
    );
  let n = load<u32>(spanEntry(page)) & SPAN_COUNT;
  atomic.store<i32>(addressOf(sched.heapPages), sched.heapPages - n);
  store<u32>(spanEntry(page), 0);
  putFree(page, n);
  unlock(addressOf(sched.pageLock));
}

/** Puts pages among the free ones, merged with their neighbours. */
function putFree(page: u32, n: u32): void {
  if (page + n < <u32>memory.size()) {
    const after = load<u32>(spanEntry(page + n));
    if (after & SPAN_FREE) {
      const k = after & SPAN_COUNT;
      unlink(changetype<FreeRun>((<usize>(page + n)) << PAGE_BITS), k);
      setFree(page + n, 0);
      n += k;
    }
  }
  const before = load<u32>(spanEntry(page - 1));
  if (before & SPAN_FREE) {
    const k = before & SPAN_COUNT;
    unlink(changetype<FreeRun>((<usize>(page - k)) << PAGE_BITS), k);
    setFree(page - 1, 0);
    page -= k;
    n += k;
  }
  linkFree(page, n);
}

// ---- for `release.ts` --------------------------------------------------------------------------------------------------

/** Free pages whose memory the system has not got back. */
export function retainedPages(): i32 {
  return sched.freePages - sched.releasedPages;
}

/**
 * Takes some of those out of the heap, at most `n` neighbouring ones, so that nobody uses them meanwhile: their number, and the first in
 * `sched.releasing`. 0 if there are none.
 */
export function takeRetained(n: u32): u32 {
  lock(addressOf(sched.pageLock));
  let taken: u32 = 0;
  let run = changetype<FreeRun | null>(sched.freeRuns);
  while (run && taken == 0) {
    const first = <u32>(changetype<usize>(run) >> PAGE_BITS);
    const have = load<u32>(spanEntry(first)) & SPAN_COUNT;
    const end = first + have;
    let page = first;
    while (page < end && (load<u32>(spanEntry(page)) & SPAN_RELEASED) != 0) page++;
    while (taken < n && page + taken < end && (load<u32>(spanEntry(page + taken)) & SPAN_RELEASED) == 0) taken++;
    if (taken != 0) {
      takeFrom(first, have, page, taken);
      atomic.store<u32>(addressOf(sched.releasing), page);
    }
    run = run.next;
  }
  unlock(addressOf(sched.pageLock));
  return taken;
}

/** Puts back what `takeRetained` took, whose memory the system has got if `released`. */
export function putReleased(released: bool): void {
  lock(addressOf(sched.pageLock));
  const page = sched.releasing;
  const n = load<u32>(spanEntry(page)) & SPAN_COUNT;
  for (let i: u32 = 0; i < n; i++) store<u32>(spanEntry(page + i), released ? SPAN_RELEASED : 0);
  if (released) sched.releasedPages += n;
  putFree(page, n);
  atomic.store<u32>(addressOf(sched.releasing), 0);
  unlock(addressOf(sched.pageLock));
}
