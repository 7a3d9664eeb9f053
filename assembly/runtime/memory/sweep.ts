/**
 * Sweeping: what the mark phase did not find is free. After Go's mgcsweep.go.
 *
 * A sweep of a span takes the mark bits for its allocation bits, and clears them. Nothing is linked or cleared: who allocates
 * looks for the next run of cells whose bits are clear. A span without anything in use is given back to the page heap, for any
 * other class.
 *
 * A span is swept once after each mark: it is taken out of the list of those that were not, under the list's lock, by whoever sweeps it
 * (who wants a cell of its class, or the sweeper, a goroutine), and belongs to that thread until it is in another list, or
 * in a cache. No mark begins before all of them are swept.
 *
 * Any thread, on either stack.
 */
import { CHECKED, check } from "../base/checked";
import { lock, unlock } from "../base/lock";
import { throwOutOfMemory } from "../base/panic";
import { addressOf, CLASS_COUNT, gc, Span } from "../../abi";
import { classSize } from "./malloc";
import { freePages, PAGE_BITS, PAGE_SIZE, SPAN_CLASS, SPAN_COUNT, SPAN_LARGE, spanEntry, tryPages } from "./pages";
import { bitSet, bitsOfPage, objectCentral, PAGE_BITS_BYTES, spanAt } from "./state";

/** A block of pages; where there is none, after all garbage that has been found was swept. Ends the program if that does not help. */
export function pagesOrDie(n: u32): usize {
  let ptr = tryPages(n);
  if (ptr == 0 && gc.marks != 0) {
    sweepAll();
    ptr = tryPages(n);
  }
  if (ptr == 0) throwOutOfMemory();
  return ptr;
}

/** Takes a span that was not swept out of its list; 0 if there is none. */
export function takeUnswept(sizeClass: i32): u32 {
  const central = objectCentral(sizeClass);
  if (central.unswept == 0) return 0;
  lock(addressOf(central.lock));
  const page = central.unswept;
  if (page != 0) {
    central.unswept = spanAt(page).next;
    atomic.add<i32>(addressOf(gc.sweeping), 1);
  }
  unlock(addressOf(central.lock));
  return page;
}

/** Sweeps a span of small objects that `takeUnswept` gave; returns how many of its cells are in use. */
export function sweepSpan(page: u32): u32 {
  const span = spanAt(page);
  const size = classSize(load<u32>(spanEntry(page)) & SPAN_CLASS);
  if (gc.stress != 0) poisonFree(page, span, size);
  const marks = bitsOfPage(gc.marks, page);
  const allocs = bitsOfPage(gc.allocs, page);
  let live: u32 = 0;
  for (let at: usize = 0; at < PAGE_BITS_BYTES; at += 8) {
    const word = load<u64>(marks + at);
    live += <u32>popcnt(word);
    store<u64>(allocs + at, word);
    store<u64>(marks + at, 0);
  }
  if (CHECKED) check(live <= span.live, "what is marked was allocated");
  const freed = span.live - live;
  span.live = live;
  span.allocEnd = (<usize>page) << PAGE_BITS;
  if (freed != 0) countFreed(freed, <i64>freed * size);
  atomic.sub<i32>(addressOf(gc.sweeping), 1);
  return live;
}

function countFreed(cells: u32, bytes: i64): void {
  atomic.sub<i64>(addressOf(gc.heapAlloc), bytes);
  atomic.add<i64>(addressOf(gc.frees), cells);
}

/** What `gcstress` fills freed memory with: not what `malloc` does, which takes a cell full of that for one that is free. */
const POISON: u8 = 0xdd;

/** Before a sweep: fills the cells that are about to be free. */
function poisonFree(page: u32, span: Span, size: u32): void {
  const base = (<usize>page) << PAGE_BITS;
  for (let cell = base; cell + size <= base + PAGE_SIZE; cell += size) {
    const used = cell < span.allocEnd || bitSet(gc.allocs, cell);
    if (used && !bitSet(gc.marks, cell)) memory.fill(cell, POISON, size);
  }
}

/** Puts a span with free cells into the list of its class. */
export function putPartial(page: u32): void {
  const central = objectCentral(load<u32>(spanEntry(page)) & SPAN_CLASS);
  lock(addressOf(central.lock));
  spanAt(page).next = central.partial;
  central.partial = page;
  unlock(addressOf(central.lock));
}

/** Sweeps one span of a class, and puts it where it belongs; false if there was none. */
function sweepOne(sizeClass: i32): bool {
  const page = takeUnswept(sizeClass);
  if (page == 0) return false;
  const live = sweepSpan(page);
  if (live == 0) freeSpan(page);
  else if (live < <u32>PAGE_SIZE / classSize(sizeClass)) putPartial(page);
  return true;
}

/** Gives the page of a span without objects back to the page heap. */
function freeSpan(page: u32): void {
  store<u32>(spanEntry(page), SPAN_LARGE | 1);
  freePages((<usize>page) << PAGE_BITS);
}

/** Sweeps one large object; false if there was none. */
function sweepLarge(): bool {
  if (gc.unsweptLarge == 0) return false;
  lock(addressOf(gc.largeLock));
  const page = gc.unsweptLarge;
  if (page != 0) gc.unsweptLarge = spanAt(page).next;
  unlock(addressOf(gc.largeLock));
  if (page == 0) return false;
  const block = (<usize>page) << PAGE_BITS;
  if (bitSet(gc.marks, block)) {
    const at = gc.marks + (block >> 7);
    store<u8>(at, load<u8>(at) & ~1); // a page's first bit
    return true;
  }
  const n = load<u32>(spanEntry(page)) & SPAN_COUNT;
  if (gc.stress != 0) memory.fill(block, POISON, (<usize>n) << PAGE_BITS);
  countFreed(1, (<i64>n) << PAGE_BITS);
  freePages(block);
  return true;
}

/** Sweeps `n` spans, or what there is; false if nothing is left that nobody is sweeping. */
export function sweepSome(n: i32): bool {
  for (let sizeClass = 0; sizeClass < CLASS_COUNT; sizeClass++) {
    while (sweepOne(sizeClass)) if (--n <= 0) return true;
  }
  while (sweepLarge()) if (--n <= 0) return true;
  return false;
}

/** Sweeps everything that nobody else is sweeping. */
export function sweepAll(): void {
  while (sweepSome(i32.MAX_VALUE));
}
