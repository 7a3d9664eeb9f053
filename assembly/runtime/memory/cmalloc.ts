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

export function c_malloc(size: usize): usize {
  return size > MAX_BYTES ? 0 : mallocTry(max<usize>(size, 1));
}

export function c_calloc(count: usize, size: usize): usize {
  const bytes = <u64>count * size;
  if (bytes > MAX_BYTES) return 0;
  const block = mallocTry(max<usize>(<usize>bytes, 1));
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
  mfree(block);
  return moved;
}

export function c_free(block: usize): void {
  if (block == 0) return;
  checkBlock(block, "free(): invalid pointer");
  mfree(block);
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
  if (least > MAX_SMALL) return mallocTry(max<usize>(least, MAX_SMALL + 1));
  return mallocTry((<usize>1) << (32 - clz<u32>(<u32>least - 1)));
}

/** Ends the goroutine of who gives back what malloc has not given. */
function checkBlock(block: usize, message: string): void {
  if (blockOf(block) != block) gopanic(message);
}
