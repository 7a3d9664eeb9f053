/**
 * Marking: everything that can be reached from what `gc/roots.ts` names, while the program goes on. After Go's mgcmark.go;
 * `gc/collect.ts` argues why nothing reachable is missed.
 *
 * An object is *white* while its mark bit is clear, *grey* once it is set and the object is among the work (`work.ts`), *black* when what it
 * refers to has been marked too. When there is no work all that is reachable is black, and what is white is garbage.
 *
 * References inside objects are found precisely, by the visitors that AssemblyScript's compiler generates for each class
 * (`__visit_members`) and those that the library has for its collections. Saved frames, tasks and the waiters of goroutines are words
 * whose types nobody knows: each that is an address inside a cell in use counts (`scanWords`). Nothing moves, so both kinds may be mixed.
 *
 * Visitors run while others write
 * - A field is an aligned word: a visitor reads what it was at some instant. A collection's place and its length are two words, read at
 *   different instants: so the library's visitors (`host/compiler/patches.ts`) look at no more than the header of the place says, which never changes
 *   but to grow over cleared memory.
 * - An object that was made while marking goes on is black from the start: nobody looks through what is not yet filled in.
 * - What moves references within an object, or from one to another, shades them (`shade`), so that none slips past a visitor.
 *
 * Where there was no memory for work, all that is marked is looked through again, with the world stopped, until nothing new is found.
 *
 * Any thread that holds a P; the barrier, and what it shades, any thread.
 */
import { STATIC_BASE } from "../../layout";
import { CHECKED, check } from "../base/checked";
import { m } from "../base/registers";
import { addressOf, allp, gc, Lost, P, sched } from "../../abi";
import { classSize } from "./malloc";
import { cellOf, ID_RECORD, OBJECT_HEADER } from "./objects";
import {
  endPage,
  firstPage,
  PAGE_BITS,
  PAGE_SIZE,
  SPAN_BYTES,
  SPAN_CLASS,
  SPAN_COUNT,
  SPAN_LARGE,
  SPAN_OBJECT,
  SPAN_SMALL,
  spanEntry,
} from "./pages";
import { bitSet, bitsOfPage, PAGE_BITS_BYTES, setBit } from "./state";
import { grey, putRest, REST, takeGrey } from "./work";

/** Words that are looked through at a time, of a record or block of bytes. */
const WORDS_AT_ONCE: u32 = 4096;

/** Marks the object that a typed reference refers to. What is none (a program can make such a reference) is left alone. */
export function markObject(object: usize): void {
  if (object < sched.heapBase) {
    if (object >= <usize>STATIC_BASE && setBit(gc.marks, object)) grey(object);
    return;
  }
  const entry = load<u32>(spanEntry(<u32>(object >> PAGE_BITS)));
  if ((entry & SPAN_OBJECT) != 0) markCell(object - OBJECT_HEADER, entry);
}

function markCell(cell: usize, entry: u32): void {
  if (!setBit(gc.marks, cell)) return;
  countFound(entry);
  if (hasReferences(load<u32>(cell))) grey(cell + OBJECT_HEADER);
}


@inline
function countFound(entry: u32): void {
  const bytes = entry & SPAN_SMALL ? <i64>classSize(entry & SPAN_CLASS) : (<i64>(entry & SPAN_COUNT)) << PAGE_BITS;
  const pp = m.p;
  if (pp) pp.found += bytes;
  else atomic.add<i64>(addressOf(gc.told), bytes);
}

/**
 * The write barrier, after Dijkstra et al. (1978): what is put where a visitor may have been already is marked. For a typed reference, and
 * for a word that may be one.
 */
@inline
export function shadeObject(object: usize): void {
  if (gc.marking != 0) markObject(object);
}


@inline
export function shade(word: u64): void {
  if (gc.marking != 0) markWord(<usize>word);
}

/** An object was put before others in a list whose links, at `next` in each, are not written through the barrier. */
export function shadePushed(object: usize, next: usize): void {
  if (gc.marking == 0) return;
  markObject(object);
  const after = load<usize>(object + next);
  if (after != 0) markObject(after);
}

/** The same for all of a list, whose links have been turned round. */
export function shadeList(first: usize, next: usize): void {
  if (gc.marking == 0) return;
  for (let at = first; at != 0; at = load<usize>(at + next)) markObject(at);
}

/** The references in [from, to) are about to be moved: shades them all. */
export function shadeRange(from: usize, to: usize): void {
  for (let at = from; at < to; at += sizeof<usize>()) {
    const object = load<usize>(at);
    if (object != 0) markObject(object);
  }
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
  if (hasReferences(id) || (id == idof<ArrayBuffer>() && (entry & SPAN_BYTES) == 0)) grey(cell + OBJECT_HEADER);
}

/** The same for all words in [from, to). */
export function scanWords(from: usize, to: usize): void {
  for (let at = from; at + sizeof<usize>() <= to; at += sizeof<usize>()) {
    const word = load<usize>(at);
    if (word >= sched.heapBase) markWord(word);
  }
}

/** Looks through `n` grey objects; false if there are no more. On the thread that holds `pp`. */
export function drainSome(pp: P, n: i32): bool {
  for (; n > 0; n--) {
    const word = takeGrey(pp);
    if (word == 0) return false;
    if (word & REST) visit(word & ~REST, <u32>takeGrey(pp));
    else visit(word, 0);
  }
  return true;
}

/** All of them; and where some could not be remembered, what is marked. With the world stopped. */
export function drainAll(): void {
  const pp = m.p!;
  while (true) {
    while (drainSome(pp, i32.MAX_VALUE)) {}
    if ((atomic.and<i32>(addressOf(gc.lost), ~Lost.Grey) & Lost.Grey) == 0) return;
    visitMarked(true);
  }
}

/** Looks through an object, or what its visitor counts from `from` on: a large one is done in parts. */
function visit(object: usize, from: u32): void {
  const id = load<u32>(object - 8);
  if (id != ID_RECORD && id != idof<ArrayBuffer>()) {
    __visit_members(object, from);
    return;
  }
  const words = atomic.load<u32>(object - 4) / <u32>sizeof<usize>();
  let end = words;
  if (words - from > WORDS_AT_ONCE && putRest(object, from + WORDS_AT_ONCE)) end = from + WORDS_AT_ONCE;
  scanWords(object + <usize>from * sizeof<usize>(), object + <usize>end * sizeof<usize>());
}

/** Bytes of objects that have been found. While the world is stopped, exactly. */
export function foundSoFar(): i64 {
  let bytes = atomic.load<i64>(addressOf(gc.told));
  for (let i = 0; i < sched.nprocs; i++) bytes += allp(i).found;
  return bytes;
}

/** Whether an object was found; static ones are there for good. After marking, before its span is swept. */
@inline
export function isMarked(object: usize): bool {
  return object < sched.heapBase || bitSet(gc.marks, object - OBJECT_HEADER);
}

/** Visits each marked object that has references; and all ArrayBuffers, if it is not known which of them a frame has the address of. */
function visitMarked(buffers: bool): void {
  for (let cell = nextMarked(0); cell != 0; cell = nextMarked(cell)) {
    const id = load<u32>(cell);
    if (hasReferences(id) || (buffers && id == idof<ArrayBuffer>())) visit(cell + OBJECT_HEADER, 0);
  }
}

/** The next marked cell behind one, or the first of all behind 0; 0 if there are no more. */
export function nextMarked(cell: usize): usize {
  const end = endPage();
  for (let page = cell == 0 ? firstPage() : <u32>(cell >> PAGE_BITS); page < end; page++) {
    const entry = load<u32>(spanEntry(page));
    if ((entry & SPAN_OBJECT) == 0) continue;
    const base = (<usize>page) << PAGE_BITS;
    const size = entry & SPAN_LARGE ? PAGE_SIZE : <usize>classSize(entry & SPAN_CLASS);
    for (let at = cell >= base ? cell + size : base; at + size <= base + PAGE_SIZE; at += size) {
      if (bitSet(gc.marks, at)) return at;
    }
  }
  return 0;
}

/** Forgets all that was found, where nobody is to sweep it. With the world stopped. */
export function clearMarks(): void {
  const end = endPage();
  for (let page = firstPage(); page < end; page++) {
    if ((load<u32>(spanEntry(page)) & SPAN_OBJECT) != 0) memory.fill(bitsOfPage(gc.marks, page), 0, PAGE_BITS_BYTES);
  }
  clearStaticMarks();
}

/** Forgets which static objects were found: nobody sweeps them. */
export function clearStaticMarks(): void {
  const from = gc.marks + ((<usize>STATIC_BASE) >> 7);
  memory.fill(from, 0, gc.marks + (sched.heapBase >> 7) + 1 - from);
}

/** A checked build, after marking: no black object refers to a white one. */
export function checkMarks(): void {
  if (!CHECKED) return;
  const found = foundSoFar();
  visitMarked(false);
  while (drainSome(m.p!, i32.MAX_VALUE)) {}
  check(foundSoFar() == found, "no black object refers to a white one");
}
