/**
 * What C's malloc and its kin are: the allocator of the core's own blocks, which the collector neither looks into nor frees. So they are
 * as fast as that, take no lock as a rule, and serve all threads. Unlike the core, C is told when there is no memory.
 *
 * Any thread, either stack.
 */
import { gopanic } from "../base/panic";
import { blockOf, mallocSize, mallocTry, MAX_SMALL, mfree } from "./malloc";
import { PAGE_SIZE } from "./pages";

/** The largest object that there can be, as pointers within it must have a difference. */
const MAX_BYTES: usize = 0x7fff_ffff;

/**
 * A freed block has its address, mixed with this, in its second word, which the allocator leaves alone, until it is handed out again: so a
 * block that has that is freed twice. The address tells it from a copy of another block.
 */
const FREED: u64 = 0x9e37_79b9_7f4a_7c15;
const FREED_OFFSET: usize = 8;

export function c_malloc(size: usize): usize {
  return size > MAX_BYTES ? 0 : handOut(mallocTry(max<usize>(size, 1)));
}

export function c_calloc(count: usize, size: usize): usize {
  const bytes = <u64>count * size;
  if (bytes > MAX_BYTES) return 0;
  const block = handOut(mallocTry(max<usize>(<usize>bytes, 1)));
  if (block != 0) memory.fill(block, 0, <usize>bytes);
  return block;
}

export function c_realloc(block: usize, size: usize): usize {
  if (block == 0) return c_malloc(size);
  checkBlock(block, "realloc(): invalid pointer");
  const old = mallocSize(block);
  // It stays where it is, unless it would waste more than it uses.
  if (size <= old && size > old >> 1) return block;
  const moved = c_malloc(size);
  if (moved == 0) return 0;
  memory.copy(moved, block, min(old, size));
  give(block);
  return moved;
}

export function c_free(block: usize): void {
  if (block == 0) return;
  checkBlock(block, "free(): invalid pointer");
  give(block);
}

/** Bytes that a block really has. */
export function c_size(block: usize): usize {
  return block == 0 ? 0 : mallocSize(block);
}

/**
 * A block at a multiple of `alignment`, a power of two. Cells of a class whose size is a power of two are aligned to that, and
 * whole pages to the size of a page.
 */
export function c_aligned(alignment: usize, size: usize): usize {
  if (alignment <= 16) return c_malloc(size);
  if (alignment > PAGE_SIZE || size > MAX_BYTES) return 0;
  const least = max(alignment, size);
  if (least > MAX_SMALL) return handOut(mallocTry(max<usize>(least, MAX_SMALL + 1)));
  return handOut(mallocTry((<usize>1) << (32 - clz<u32>(<u32>least - 1))));
}

function handOut(block: usize): usize {
  if (block != 0) store<u64>(block, 0, FREED_OFFSET);
  return block;
}

function give(block: usize): void {
  store<u64>(block, FREED ^ block, FREED_OFFSET);
  mfree(block);
}

/** Ends the goroutine of who gives back what malloc has not given. */
function checkBlock(block: usize, message: string): void {
  if (blockOf(block) != block) gopanic(message);
  if (load<u64>(block, FREED_OFFSET) == (FREED ^ block)) gopanic("free(): double free detected");
}
