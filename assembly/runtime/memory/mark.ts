/**
 * Marking: everything that can be reached from what `roots.ts` names. After Go's mgcmark.go, without its concurrency.
 *
 * An object is *white* while its mark bit is clear, *grey* once it is set and the object is on the mark stack, *black* when what it refers to
 * has been marked too. When the stack is empty all that is reachable is black, and what is white is garbage.
 *
 * References inside objects are found precisely, by the visitors that AssemblyScript's compiler generates for each class
 * (`__visit_members`) and those that the library has for its collections. Saved frames, tasks and the waiters of goroutines are words
 * whose types nobody knows: each that is an address inside a cell in use counts (`scanWords`). Nothing moves, so both kinds may be mixed.
 *
 * The mark stack is in pages of its own, which the limit on memory does not count. Where not even those can be had, marking goes on without
 * remembering, and what was marked is looked through again, all of it, until nothing new is found.
 *
 * One thread, on g0, with the world stopped.
 */
import { STATIC_BASE } from "../../layout";
import { CHECKED, check } from "../base/checked";
import { sched, gc } from "../../abi";
import { classSize } from "./malloc";
import { cellOf, ID_RECORD, OBJECT_HEADER } from "./objects";
import {
  endPage,
  firstPage,
  freeReserved,
  PAGE_BITS,
  PAGE_SIZE,
  reservePages,
  SPAN_BYTES,
  SPAN_CLASS,
  SPAN_COUNT,
  SPAN_LARGE,
  SPAN_OBJECT,
  SPAN_SMALL,
  spanEntry,
} from "./pages";
import { bitSet, setBit } from "./state";

/** The mark stack: blocks of a page, linked by their first words; `TOP` is where the next entry goes. */
const STACK: usize = memory.data(16, 8);
const TOP: usize = 0;
const BLOCK: usize = 4;
const OVERFLOWED: usize = 8;

/** Where an entry of a block begins, behind the link. */
const FIRST: usize = 8;


@inline
function push(object: usize): void {
  const top = load<usize>(STACK, TOP);
  if ((top & (PAGE_SIZE - 1)) == 0) {
    pushSlow(object);
    return;
  }
  store<usize>(top, object);
  store<usize>(STACK, top + sizeof<usize>(), TOP);
}

/** The block is full, or there is none. */
function pushSlow(object: usize): void {
  const block = reservePages(1);
  if (block == 0) {
    store<i32>(STACK, 1, OVERFLOWED);
    return;
  }
  store<usize>(block, load<usize>(STACK, BLOCK));
  store<usize>(STACK, block, BLOCK);
  store<usize>(block, object, FIRST);
  store<usize>(STACK, block + FIRST + sizeof<usize>(), TOP);
}

/** The object pushed last; 0 if there is none. */
@inline
function pop(): usize {
  const block = load<usize>(STACK, BLOCK);
  if (block == 0) return 0;
  const top = load<usize>(STACK, TOP) - sizeof<usize>();
  const object = load<usize>(top);
  if (top == block + FIRST) {
    const before = load<usize>(block);
    freeReserved(block);
    store<usize>(STACK, before, BLOCK);
    store<usize>(STACK, before != 0 ? before + PAGE_SIZE : 0, TOP);
  } else {
    store<usize>(STACK, top, TOP);
  }
  return object;
}

/** Marks the object that a typed reference refers to. What is none (a program can make such a reference) is left alone. */
export function markObject(object: usize): void {
  if (object < sched.heapBase) {
    if (object >= <usize>STATIC_BASE && setBit(gc.marks, object)) push(object);
    return;
  }
  const entry = load<u32>(spanEntry(<u32>(object >> PAGE_BITS)));
  if ((entry & SPAN_OBJECT) != 0) markCell(object - OBJECT_HEADER, entry);
}

function markCell(cell: usize, entry: u32): void {
  if (!setBit(gc.marks, cell)) return;
  countFound(entry);
  if (hasReferences(load<u32>(cell))) push(cell + OBJECT_HEADER);
}


@inline
function countFound(entry: u32): void {
  gc.found += entry & SPAN_SMALL ? <i64>classSize(entry & SPAN_CLASS) : (<i64>(entry & SPAN_COUNT)) << PAGE_BITS;
}

/** Bit of the flags of a class: no field refers to an object. */
const POINTERFREE: u32 = 32;


@inline
function hasReferences(id: u32): bool {
  if (id >= load<u32>(__rtti_base)) return id == ID_RECORD;
  return (load<u32>(__rtti_base + sizeof<u32>() + ((<usize>id) << 2)) & POINTERFREE) == 0;
}

/**
 * Marks what a word of unknown meaning may refer to.
 *
 * Code that reads an object's header has it as an address of 20 bytes before the object, where AssemblyScript's headers begin: that is in
 * the cell before. And the library goes through arrays and maps by the address of their data, when nothing may refer to the array
 * itself any more: so an ArrayBuffer found here, unlike one that an object refers to, is looked through.
 */
export function markWord(word: usize): void {
  markAround(word);
  if ((word & 15) == 4) markAround(word + 12);
}

function markAround(address: usize): void {
  const cell = cellOf(address);
  if (cell == 0 || !setBit(gc.marks, cell)) return;
  const entry = load<u32>(spanEntry(<u32>(cell >> PAGE_BITS)));
  countFound(entry);
  const id = load<u32>(cell);
  if (hasReferences(id) || (id == idof<ArrayBuffer>() && (entry & SPAN_BYTES) == 0)) push(cell + OBJECT_HEADER);
}

/** The same for all words in [from, to). */
export function scanWords(from: usize, to: usize): void {
  for (let at = from; at + sizeof<usize>() <= to; at += sizeof<usize>()) {
    const word = load<usize>(at);
    if (word >= sched.heapBase) markWord(word);
  }
}

/** Marks everything that what is marked refers to. */
export function drainMarks(): void {
  while (true) {
    for (let object = pop(); object != 0; object = pop()) visit(object);
    if (load<i32>(STACK, OVERFLOWED) == 0) return;
    store<i32>(STACK, 0, OVERFLOWED);
    visitMarked(true);
  }
}

function visit(object: usize): void {
  const id = load<u32>(object - 8);
  if (id != ID_RECORD && id != idof<ArrayBuffer>()) __visit_members(object, 0);
  else scanWords(object, object + load<u32>(object - 4));
}

/** Whether an object was found; static ones are there for good. After marking, before its span is swept. */
@inline
export function isMarked(object: usize): bool {
  return object < sched.heapBase || bitSet(gc.marks, object - OBJECT_HEADER);
}

/** Visits each marked object that has references; and all ArrayBuffers, if it is not known which of them a frame has the address of. */
function visitMarked(buffers: bool): void {
  const end = endPage();
  for (let page = firstPage(); page < end; page++) {
    const entry = load<u32>(spanEntry(page));
    if ((entry & SPAN_OBJECT) == 0) continue;
    const base = (<usize>page) << PAGE_BITS;
    const size = entry & SPAN_LARGE ? PAGE_SIZE : <usize>classSize(entry & SPAN_CLASS);
    for (let cell = base; cell + size <= base + PAGE_SIZE; cell += size) {
      if (!bitSet(gc.marks, cell)) continue;
      const id = load<u32>(cell);
      if (hasReferences(id) || (buffers && id == idof<ArrayBuffer>())) visit(cell + OBJECT_HEADER);
    }
  }
}

/** Forgets which static objects were found: nobody sweeps them. */
export function clearStaticMarks(): void {
  const from = gc.marks + ((<usize>STATIC_BASE) >> 7);
  memory.fill(from, 0, gc.marks + (sched.heapBase >> 7) + 1 - from);
}

/** A checked build, after marking: no black object refers to a white one. */
export function checkMarks(): void {
  if (!CHECKED) return;
  const found = gc.found;
  visitMarked(false);
  check(load<usize>(STACK, BLOCK) == 0 && gc.found == found, "no black object refers to a white one");
}
