/**
 * What AssemblyScript's compiler and library expect of a runtime: the program's `--runtime`.
 *
 * An object has a header of two words before the address that programs see: the runtime id and the size (`objects.ts`). `__link` is the
 * write barrier (`mark.ts`): the compiler and the library call it after each store of a reference in an object.
 *
 * Any thread, on either stack.
 */
import { allocCell, OBJECT_HEADER } from "./objects";
import { malloc, mallocSize, mfree, STEP } from "./malloc";
import { markObject, shadeRange } from "./mark";
import { PAGE_BITS, SPAN_BYTES, SPAN_OBJECT, SPAN_SMALL, spanEntry } from "./pages";
import { pin, unpin } from "./pins";
import { requestGc } from "./request";
import { BARRIER } from "../base/checked";
import { throwOutOfMemory } from "../base/panic";
import { gc, objectsOf, sched } from "../../abi";
import { m } from "../base/registers";
import { putRest } from "./work";

/** AssemblyScript's limit on an object. */
const MAX_SIZE: usize = 1 << 30;

/** From here on a call of the engine's is faster than a loop. */
const COPY_MAX: usize = 128;
const CLEAR_MAX: usize = 128;


@inline
function sizeOf(ptr: usize): u32 {
  return load<u32>(ptr - 4);
}


@global @unsafe
export function __alloc(size: usize): usize {
  return malloc(size);
}


@global @unsafe
export function __realloc(ptr: usize, size: usize): usize {
  const have = mallocSize(ptr);
  if (size <= have) return ptr;
  const block = malloc(size);
  memory.copy(block, ptr, have);
  mfree(ptr);
  return block;
}

/** Frees a block of `__alloc`. An object is left to the collector: others may still refer to it. */
@global @unsafe
export function __free(ptr: usize): void {
  if (ptr < sched.heapBase) return;
  if ((load<u32>(spanEntry(<u32>(ptr >> PAGE_BITS))) & SPAN_OBJECT) == 0) mfree(ptr);
}


@global @unsafe
export function __new(size: usize, id: i32): usize {
  const ptr = __newUncleared(size, id);
  if (size <= CLEAR_MAX) {
    // Cells are multiples of 16 bytes, of which the header is half of one: an odd number of words is there to be cleared.
    store<u64>(ptr, 0);
    for (let at = ptr + 8, end = ptr + size; at < end; at += 16) {
      store<u64>(at, 0);
      store<u64>(at, 0, 8);
    }
  } else {
    memory.fill(ptr, 0, size);
  }
  return ptr;
}

/**
 * The same for an object of a class, in the place of a call: with a size known there, of at most 56 bytes, all but the looks at the cache is
 * decided by the compiler (`host/compiler/allocations.ts`).
 */
@inline
export function newInstance(size: usize, id: i32): usize {
  const bytes = (size + OBJECT_HEADER + (STEP - 1)) & ~(STEP - 1);
  const pp = m.p;
  if (!pp) return __new(size, id);
  const cache = objectsOf(pp, <i32>(bytes / STEP) - 1);
  const cell = cache.bump;
  if (cell == cache.end) return __new(size, id);
  cache.bump = cell + bytes;
  store<u64>(cell, ((<u64>size) << 32) | (<u64>(<u32>id)));
  store<u64>(cell, 0, 8);
  if (bytes > 16) {
    store<u64>(cell, 0, 16);
    store<u64>(cell, 0, 24);
  }
  if (bytes > 32) {
    store<u64>(cell, 0, 32);
    store<u64>(cell, 0, 40);
  }
  if (bytes > 48) {
    store<u64>(cell, 0, 48);
    store<u64>(cell, 0, 56);
  }
  return cell + OBJECT_HEADER;
}

/** The same, not cleared: for what holds no references, and is written whole. */
@global @unsafe
export function __newUncleared(size: usize, id: i32): usize {
  if (size > MAX_SIZE) throwOutOfMemory();
  const cell = allocCell(size + OBJECT_HEADER);
  store<u64>(cell, ((<u64>size) << 32) | (<u64>(<u32>id)));
  return cell + OBJECT_HEADER;
}

/** `memory.copy` of what does not overlap. */
@global @unsafe
export function __copyBytes(to: usize, from: usize, size: usize): void {
  if (size > COPY_MAX) {
    memory.copy(to, from, size);
  } else if (size >= 8) {
    const last = size - 8;
    for (let i: usize = 0; i < last; i += 8) store<u64>(to + i, load<u64>(from + i));
    store<u64>(to + last, load<u64>(from + last));
  } else if (size >= 4) {
    const last = size - 4;
    const end = load<u32>(from + last);
    store<u32>(to, load<u32>(from));
    store<u32>(to + last, end);
  } else if (size >= 2) {
    store<u16>(to, load<u16>(from));
    if (size & 1) store<u8>(to + 2, load<u8>(from + 2));
  } else if (size != 0) {
    store<u8>(to, load<u8>(from));
  }
}

/** The same for bytes, which the collector never has to look through. */
@global @unsafe
export function __newBytes(size: usize, id: i32): usize {
  const ptr = __new(size, id);
  const entry = spanEntry(<u32>(ptr >> PAGE_BITS));
  const span = load<u32>(entry);
  if ((span & SPAN_SMALL) == 0) store<u32>(entry, span | SPAN_BYTES);
  return ptr;
}

/** A bigger object with the same contents; the old one stays as it is, for another goroutine may be using it. */
@global @unsafe
export function __renew(ptr: usize, size: usize): usize {
  const have = sizeOf(ptr);
  // Literals lie in static memory, where there is nothing to grow into.
  if (ptr >= sched.heapBase && size <= mallocSize(ptr - OBJECT_HEADER) - OBJECT_HEADER) {
    if (size > have) memory.fill(ptr + have, 0, size - have);
    // A visitor beside this sees cleared memory behind what was.
    atomic.store<u32>(ptr - 4, <u32>size);
    return ptr;
  }
  const copy = __newUncleared(size, load<u32>(ptr - 8));
  const kept = min<usize>(have, size);
  __copyBytes(copy, ptr, kept);
  memory.fill(copy + kept, 0, size - kept);
  return copy;
}


@global @unsafe
export function __link(parentPtr: usize, childPtr: usize, expectMultiple: bool): void {
  if (BARRIER && gc.marking != 0) barrier(childPtr);
}

/** Apart from `__link`, which is inlined everywhere. */
function barrier(object: usize): void {
  if (object != 0) markObject(object);
}

/** The references in [from, to) are about to be moved by other than single stores that are linked. */
@global @unsafe
export function __linkRange(from: usize, to: usize): void {
  if (BARRIER && gc.marking != 0) shadeRange(from, to);
}

/** A visitor has looked through a part of a collection, and leaves the rest, from element `from`; false if it is to go on itself. */
@global @unsafe
export function __visitRest(ptr: usize, from: u32): bool {
  return putRest(ptr, from);
}


@global @unsafe
export function __pin(ptr: usize): usize {
  if (ptr >= sched.heapBase) pin(ptr);
  return ptr;
}


@global @unsafe
export function __unpin(ptr: usize): void {
  if (ptr >= sched.heapBase) unpin(ptr);
}

/** Called by the visitors of classes. */
@global @unsafe
export function __visit(ptr: usize, cookie: u32): void {
  markObject(ptr);
}


@global @unsafe
export function __collect(): void {
  requestGc();
}
