/**
 * What AssemblyScript's compiler and library expect of a runtime, on top of our allocator: the program's `--runtime`.
 *
 * An object keeps AssemblyScript's header: two words of collector info, the runtime id and the size, before the address
 * that programs see. Nothing is collected yet, so the words for the collector are zero, and `__link`, `__pin`, `__visit`
 * have nothing to do; nothing is freed unless the program itself calls `heap.free`.
 *
 * Any thread, on either stack.
 */
import { malloc, mallocSize, mfree, OBJECT_HEADER } from "./malloc";
import { throwOutOfMemory } from "../base/panic";
import { sched } from "../../abi";

/** Bytes of the header; AssemblyScript's OBJECT without the block word, which this allocator does not need. */
const HEADER: usize = OBJECT_HEADER;
/** AssemblyScript's limit on an object. */
const MAX_SIZE: usize = 1 << 30;


@inline
function setId(ptr: usize, id: u32): void {
  store<u32>(ptr - 8, id);
}


@inline
function setSize(ptr: usize, size: u32): void {
  store<u32>(ptr - 4, size);
}


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


@global @unsafe
export function __free(ptr: usize): void {
  mfree(ptr);
}


@global @unsafe
export function __new(size: usize, id: i32): usize {
  if (size > MAX_SIZE) throwOutOfMemory();
  const block = malloc(size + HEADER);
  const ptr = block + HEADER;
  store<u64>(block, 0);
  setId(ptr, id);
  setSize(ptr, <u32>size);
  if (size <= 64) {
    // Cells are multiples of 16 bytes, so whole words may be cleared past the end.
    for (let at = ptr, end = ptr + size; at < end; at += 8) store<u64>(at, 0);
  } else {
    memory.fill(ptr, 0, size);
  }
  return ptr;
}

/** A bigger object with the same contents; the old one stays as it is, for another goroutine may be using it. */
@global @unsafe
export function __renew(ptr: usize, size: usize): usize {
  const have = sizeOf(ptr);
  // Literals lie in static memory, where there is nothing to grow into.
  if (ptr >= sched.heapBase && size <= mallocSize(ptr - HEADER) - HEADER) {
    if (size > have) memory.fill(ptr + have, 0, size - have);
    setSize(ptr, <u32>size);
    return ptr;
  }
  const copy = __new(size, load<u32>(ptr - 8));
  memory.copy(copy, ptr, min<usize>(have, size));
  return copy;
}


@global @unsafe
export function __link(parentPtr: usize, childPtr: usize, expectMultiple: bool): void {}


@global @unsafe
export function __pin(ptr: usize): usize {
  return ptr;
}


@global @unsafe
export function __unpin(ptr: usize): void {}


@global @unsafe
export function __visit(ptr: usize, cookie: u32): void {}


@global @unsafe
export function __collect(): void {}
