/**
 * Memory for objects, which the collector frees. After Go's mcache, mcentral and mheap.
 *
 * Objects up to 32 KiB, header included, are rounded up to a class (`malloc.ts`) and lie in spans of their own, a page each, apart
 * from what `malloc` gives. A span has no free list: two bits for each 16 bytes, in tables by address (`abi/gc.ts`), say which cells are
 * in use. A P allocates from a *run*, neighbouring free cells of its span, by moving a pointer; at the run's end it looks for
 * the next one in the bits, at the span's end for another span. So the usual allocation takes neither lock nor atomic
 * operation, nor a look at the bits. Larger objects are runs of pages of their own.
 *
 * Which cells are in use is known exactly when the world is stopped and the caches are flushed: those before the span's `allocEnd`,
 * for whoever allocates goes through a span from its beginning to its end; and of the others those with an allocation bit, which the last
 * sweep found marked.
 *
 * Freed by hand are records of tasks alone (`freeRecord`): their cells wait in the cache and are given out again. At the next flush
 * they are forgotten, and the collector finds them unused.
 *
 * While objects are marked, whatever is allocated is marked from the start: its class is not looked at, nor what is in it. So a run is marked
 * as it is found, and what is left of it at the flush is unmarked. Records, which are filled in without the write barrier, are also
 * entered among the work of marking (`work.ts` says why they are not looked through too early); and none is freed by hand, as some marker may
 * be looking at it.
 *
 * Any thread; threads without a P use caches of their own, under `sched.orphanLock`.
 */
import { lock, unlock } from "../base/lock";
import { CHECKED, check } from "../base/checked";
import { m } from "../base/registers";
import {
  addressOf,
  CLASS_COUNT,
  Handed,
  handedBy,
  ObjectCache,
  objectsOf,
  P,
  sched,
  gc,
  ORPHAN_OBJECTS,
  Span,
} from "../../abi";
import { requestGc } from "./request";
import { classOf, classSize, MAX_SMALL, MAX_STEP, STEP } from "./malloc";
import {
  PAGE_BITS,
  PAGE_SIZE,
  reservePages,
  SPAN_CLASS,
  SPAN_COUNT,
  SPAN_INNER,
  SPAN_OBJECT,
  SPAN_SMALL,
  spanEntry,
} from "./pages";
import { bitSet, bitsOfPage, clearBit, objectCentral, PAGE_BITS_BYTES, setBit, spanAt } from "./state";
import { noteLarge, noteRunTaken, untilSample } from "./profile";
import { pagesOrDie, putPartial, sweepSpan, takeUnswept } from "./sweep";
import { grey } from "./work";
import { assist } from "./assist";
import { throwOutOfMemory } from "../base/panic";

/**
 * Bytes before an object: AssemblyScript's runtime id, and its size. (The other words of AssemblyScript's header have no use here: an
 * object is therefore at an address of 8 bytes more than a multiple of 16.)
 */
export const OBJECT_HEADER: usize = 8;

/** In place of a runtime id: a record all of whose words may be references; one that was freed by hand. */
export const ID_RECORD: u32 = 0xffff_ffff;
const ID_FREED: u32 = 0xffff_fffe;

/** A P tells of what it has handed out when it is so many bytes. */
const TELL_BYTES: u32 = 32768;

/** Reserves the side tables, for all memory that there is. Before any object. */
export function initObjects(): void {
  const pages = <u32>memory.size();
  const bits = <u32>((<usize>pages * PAGE_BITS_BYTES + PAGE_SIZE - 1) >> PAGE_BITS);
  const spans = <u32>((<usize>pages * offsetof<Span>() + PAGE_SIZE - 1) >> PAGE_BITS);
  const base = reservePages(2 * bits + spans);
  if (base == 0) throwOutOfMemory();
  gc.marks = base;
  gc.allocs = base + ((<usize>bits) << PAGE_BITS);
  gc.spans = base + ((<usize>bits) << (PAGE_BITS + 1));
  gc.trigger = i64.MAX_VALUE;
}

/** A cell of `size` bytes at least, not cleared; `size` counts the header. */
@inline
export function allocCell(size: usize): usize {
  if (size > MAX_STEP) return allocBigger(size);
  // Most objects: the class, and what its cells take, without another branch.
  const pp = m.p;
  const bytes = (size + (STEP - 1)) & ~(STEP - 1);
  const sizeClass = <i32>(bytes / STEP) - 1;
  if (!pp) return allocOrphan(sizeClass);
  const cache = objectsOf(pp, sizeClass);
  const cell = cache.bump;
  if (cell == cache.end) return allocSlow(cache, sizeClass, handedBy(pp));
  cache.bump = cell + bytes;
  return cell;
}

function allocBigger(size: usize): usize {
  if (size > MAX_SMALL) return allocLarge(size);
  const sizeClass = classOf(size);
  const pp = m.p;
  if (!pp) return allocOrphan(sizeClass);
  const cache = objectsOf(pp, sizeClass);
  const cell = cache.bump;
  if (cell == cache.end) return allocSlow(cache, sizeClass, handedBy(pp));
  cache.bump = cell + classSize(sizeClass);
  return cell;
}

function allocOrphan(sizeClass: i32): usize {
  if (CHECKED) check(m.gated || m.inUser, "objects are made with a P, or where the collector waits");
  lock(addressOf(sched.orphanLock));
  const cache = changetype<ObjectCache>(ORPHAN_OBJECTS + sizeClass * offsetof<ObjectCache>());
  let cell = cache.bump;
  if (cell == cache.end) cell = allocSlow(cache, sizeClass, null);
  else cache.bump = cell + classSize(sizeClass);
  unlock(addressOf(sched.orphanLock));
  return cell;
}

function allocLarge(size: usize): usize {
  if (gc.stress != 0) countStress();
  const n = <u32>((size - 1) >> PAGE_BITS) + 1;
  tell((<i64>n) << PAGE_BITS, 1);
  const block = pagesOrDie(n);
  const page = <u32>(block >> PAGE_BITS);
  if (gc.marking != 0) setBit(gc.marks, block);
  store<u32>(spanEntry(page), load<u32>(spanEntry(page)) | SPAN_OBJECT);
  spanAt(page).live = 1;
  if (gc.sampling != 0 && m.p) noteLarge(block, (<usize>n) << PAGE_BITS);
  return block;
}

/** The run is used up. */
function allocSlow(cache: ObjectCache, sizeClass: i32, handed: Handed | null): usize {
  if (gc.stress != 0) countStress();
  const freed = cache.freed;
  if (freed != 0) {
    cache.freed = load<usize>(freed, OBJECT_HEADER);
    return freed;
  }
  while (!nextRun(cache, sizeClass, handed)) takeSpan(cache, sizeClass);
  const size = classSize(sizeClass);
  const cell = cache.bump;
  cache.bump = cell + size;
  if (gc.sampling != 0 && handed) noteRunTaken(m.p!, sizeClass, size, cell, cache.end - cell);
  return cell;
}

/** Finds the next free cells of the cache's span; false if there are none. */
function nextRun(cache: ObjectCache, sizeClass: i32, handed: Handed | null): bool {
  const page = cache.span;
  if (page == 0) return false;
  const span = spanAt(page);
  const size = <usize>classSize(sizeClass);
  const base = (<usize>page) << PAGE_BITS;
  const limit = base + (PAGE_SIZE / size) * size;
  let at = cache.end;
  if (span.live != 0) while (at < limit && bitSet(gc.allocs, at)) at += size;
  if (at >= limit) {
    span.allocEnd = base + PAGE_SIZE;
    cache.span = 0;
    return false;
  }
  let end = at + size;
  let last = limit;
  // With gcstress each allocation comes here.
  if (gc.stress != 0) last = end;
  else if (gc.sampling != 0 && handed) last = at + untilSample(m.p!, sizeClass, size, limit - at);
  if (span.live == 0) end = last;
  else while (end < last && !bitSet(gc.allocs, end)) end += size;
  if (gc.marking != 0) for (let cell = at; cell < end; cell += size) setBit(gc.marks, cell);
  cache.bump = at;
  cache.end = end;
  const bytes = <u32>(end - at);
  const cells = bytes / <u32>size;
  span.live += cells;
  if (!handed) {
    tell(bytes, cells);
    return true;
  }
  handed.bytes += bytes;
  handed.cells += cells;
  if (handed.bytes >= TELL_BYTES) tellHanded(handed);
  return true;
}

/** Gives the cache another span, with free cells at its `end` or behind. */
function takeSpan(cache: ObjectCache, sizeClass: i32): void {
  const central = objectCentral(sizeClass);
  let page: u32 = 0;
  if (central.partial != 0) {
    lock(addressOf(central.lock));
    page = central.partial;
    if (page != 0) central.partial = spanAt(page).next;
    unlock(addressOf(central.lock));
  }
  const cells = <u32>PAGE_SIZE / classSize(sizeClass);
  while (page == 0) {
    page = takeUnswept(sizeClass);
    if (page == 0) page = newSpan(sizeClass);
    else if (sweepSpan(page) == cells) page = 0;
  }
  cache.span = page;
  cache.bump = cache.end = spanAt(page).allocEnd;
}

function newSpan(sizeClass: i32): u32 {
  const block = pagesOrDie(1);
  const page = <u32>(block >> PAGE_BITS);
  const span = spanAt(page);
  span.live = 0;
  span.allocEnd = block;
  memory.fill(bitsOfPage(gc.allocs, page), 0, PAGE_BITS_BYTES);
  store<u32>(spanEntry(page), SPAN_OBJECT | SPAN_SMALL | sizeClass);
  return page;
}

/** Counts what was handed out, and asks for a collection if it has come to the goal. */
function tell(bytes: i64, cells: u32): void {
  atomic.add<i64>(addressOf(gc.heapAlloc), bytes);
  atomic.add<i64>(addressOf(gc.mallocs), cells);
  const live = atomic.add<i64>(addressOf(gc.heapLive), bytes) + bytes;
  if (gc.marking != 0) assist(bytes, live);
  else if (live >= gc.trigger) requestGc();
}

function tellHanded(handed: Handed): void {
  const bytes = handed.bytes;
  const cells = handed.cells;
  handed.bytes = 0;
  handed.cells = 0;
  tell(bytes, cells);
}

function countStress(): void {
  if ((atomic.add<i32>(addressOf(gc.allocations), 1) + 1) % gc.stress == 0) requestGc();
}

// ---- records -----------------------------------------------------------------------------------------------------------

/** A record that the collector looks through word by word; not cleared, so all of it is to be written. */
export function newRecord(size: usize): usize {
  const pp = m.p;
  let cell: usize = 0;
  if (pp && size + OBJECT_HEADER <= MAX_SMALL && gc.stress == 0) {
    const cache = objectsOf(pp, classOf(size + OBJECT_HEADER));
    cell = cache.freed;
    if (cell != 0) cache.freed = load<usize>(cell, OBJECT_HEADER);
  }
  if (cell == 0) cell = allocCell(size + OBJECT_HEADER);
  store<u64>(cell, ((<u64>size) << 32) | ID_RECORD);
  if (gc.marking != 0) grey(cell + OBJECT_HEADER);
  return cell + OBJECT_HEADER;
}

/** The same where the size is known: one that was freed just now is taken without a call. */
@inline
export function newSmallRecord(size: usize): usize {
  const bytes = (size + OBJECT_HEADER + (STEP - 1)) & ~(STEP - 1);
  const pp = m.p;
  if (bytes > MAX_STEP || !pp || (gc.stress | gc.marking) != 0) return newRecord(size);
  const cache = objectsOf(pp, <i32>(bytes / STEP) - 1);
  const cell = cache.freed;
  if (cell == 0) return newRecord(size);
  cache.freed = load<usize>(cell, OBJECT_HEADER);
  store<u64>(cell, ((<u64>size) << 32) | ID_RECORD);
  return cell + OBJECT_HEADER;
}

/** Frees one that was made so; what is larger, and while objects are marked, the collector finds. Without a call, so it goes into who calls it. */
export function freeSmallRecord(record: usize): void {
  const cell = record - OBJECT_HEADER;
  const size = load<u32>(cell, 4) + <u32>OBJECT_HEADER;
  const pp = m.p;
  if (gc.marking != 0 || size > <u32>MAX_STEP || !pp) return;
  store<u32>(cell, ID_FREED);
  const cache = objectsOf(pp, <i32>((size + (<u32>STEP - 1)) / <u32>STEP) - 1);
  store<usize>(cell, cache.freed, OBJECT_HEADER);
  cache.freed = cell;
}

/** Frees a record that nobody will use again. What still points to it, a saved frame perhaps, does no harm. */
export function freeRecord(record: usize): void {
  if (gc.marking != 0) return;
  const cell = record - OBJECT_HEADER;
  store<u32>(cell, ID_FREED);
  const pp = m.p;
  const size = load<u32>(cell, 4) + <u32>OBJECT_HEADER;
  if (!pp || size > <u32>MAX_SMALL) return;
  const cache = objectsOf(pp, classOf(size));
  store<usize>(cell, cache.freed, OBJECT_HEADER);
  cache.freed = cell;
}

// ---- the collector's side ----------------------------------------------------------------------------------------------

/** The cell of an object, or of a record, that an address lies in; 0 if in none that is in use. With the caches flushed. */
export function cellOf(address: usize): usize {
  if (address < sched.heapBase || address >> PAGE_BITS >= <usize>memory.size()) return 0;
  const page = <u32>(address >> PAGE_BITS);
  const entry = load<u32>(spanEntry(page));
  if (entry & SPAN_SMALL) {
    if ((entry & SPAN_OBJECT) == 0) return 0;
    const size = <usize>classSize(entry & SPAN_CLASS);
    const base = (<usize>page) << PAGE_BITS;
    const cell = base + ((address - base) / size) * size;
    if (cell + size > base + PAGE_SIZE) return 0;
    return cell < spanAt(page).allocEnd || bitSet(gc.allocs, cell) ? cell : 0;
  }
  return largeOf(page, entry);
}

function largeOf(page: u32, entry: u32): usize {
  const first = entry & SPAN_INNER ? entry & SPAN_COUNT : page;
  const large = load<u32>(spanEntry(first));
  if ((large & SPAN_OBJECT) == 0 || (large & SPAN_SMALL) != 0 || page - first >= (large & SPAN_COUNT)) return 0;
  return (<usize>first) << PAGE_BITS;
}

/** Empties a P's caches. The caller owns the P; spans that are not full go to the list of their class. */
export function flushObjects(pp: P): void {
  for (let sizeClass = 0; sizeClass < CLASS_COUNT; sizeClass++) flush(objectsOf(pp, sizeClass), sizeClass);
  tellHanded(handedBy(pp));
}

/** The same for threads without a P. While none of them may allocate. */
export function flushOrphanObjects(): void {
  for (let sizeClass = 0; sizeClass < CLASS_COUNT; sizeClass++) {
    flush(changetype<ObjectCache>(ORPHAN_OBJECTS + sizeClass * offsetof<ObjectCache>()), sizeClass);
  }
}

function flush(cache: ObjectCache, sizeClass: i32): void {
  const page = cache.span;
  if (page != 0) {
    const span = spanAt(page);
    const left = <u32>(cache.end - cache.bump);
    const cells = left / classSize(sizeClass);
    if (gc.marking != 0) {
      const size = <usize>classSize(sizeClass);
      for (let cell = cache.bump; cell < cache.end; cell += size) clearBit(gc.marks, cell);
    }
    span.allocEnd = cache.bump;
    span.live -= cells;
    takeBack(left, cells);
    putPartial(page);
  }
  cache.bump = 0;
  cache.end = 0;
  cache.freed = 0;
  cache.span = 0;
}

/** What was counted as handed out, and was not used. */
function takeBack(bytes: u32, cells: u32): void {
  atomic.sub<i64>(addressOf(gc.heapAlloc), bytes);
  atomic.sub<i64>(addressOf(gc.heapLive), bytes);
  atomic.sub<i64>(addressOf(gc.mallocs), cells);
}
