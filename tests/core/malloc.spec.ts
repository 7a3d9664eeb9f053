import { flushCaches, malloc, mallocSize, mfree } from "../../assembly/runtime/memory/malloc";
import { m } from "../../assembly/runtime/base/registers";
import { MAX_PROCS } from "../../assembly/layout";
import { allp, CLASS_COUNT, cacheOf, P, sched } from "../../assembly/abi";
import { reset } from "./support";

/** Pages for all tests. */
const PAGES: u32 = 4096;
const LARGEST: usize = 40000;
/** Above this there are two classes only, which divide a page into 3 and 2. */
const QUARTER_PAGE: usize = 16384;

sched.pageNext = memory.grow(PAGES);
sched.maxPages = PAGES;

/** The tests run with a P, as goroutines do, or without, as the main thread does. */
function holding(p: P | null): void {
  reset();
  m.p = p;
}

/** True if blocks of every size hold what they should, are aligned, and none of them overlaps another. */
function everySize(): bool {
  const blocks = new StaticArray<usize>(<i32>LARGEST + 1);
  for (let size: usize = 1; size <= LARGEST; size += size < 2048 ? 1 : 61) {
    const block = malloc(size);
    if (block & 15 || mallocSize(block) < size) return false;
    store<u32>(block, <u32>size);
    store<u32>(block + mallocSize(block) - 4, <u32>size);
    blocks[<i32>size] = block;
  }
  for (let size: usize = 1; size <= LARGEST; size++) {
    const block = blocks[<i32>size];
    if (block == 0) continue;
    if (load<u32>(block) != <u32>size || load<u32>(block + mallocSize(block) - 4) != <u32>size) return false;
    mfree(block);
  }
  return true;
}

describe("the allocator", () => {
  it("gives the last P caches that no thread without a P uses", () => {
    holding(allp(MAX_PROCS - 1));
    const block = malloc(48);
    mfree(block);
    m.p = null;
    expect(malloc(48)).not.toBe(block);
    m.p = allp(MAX_PROCS - 1);
    expect(malloc(48)).toBe(block);
  });

  it("gives blocks that are large enough, aligned and apart, with a P and without", () => {
    holding(allp(0));
    expect(everySize()).toBe(true);
    holding(null);
    expect(everySize()).toBe(true);
  });

  it("gives every size up to 40000 a block that is large enough, aligned, and of which a fifth at most is wasted", () => {
    holding(allp(0));
    let last: usize = 0;
    for (let size: usize = 1; size <= LARGEST; size++) {
      const block = malloc(size);
      const have = mallocSize(block);
      if (have < size || (block & 15) != 0 || have < last) throw new Error(size.toString());
      if (size > 64 && size <= QUARTER_PAGE && (have - size) * 5 > have) throw new Error(size.toString());
      last = have;
      mfree(block);
    }
    expect(last).toBe(65536);
  });

  it("rounds up to steps of 16, then to four steps for each power of two", () => {
    holding(allp(0));
    const sizes: StaticArray<usize> = [
      1, 16, 17, 128, 129, 160, 161, 256, 257, 16384, 16385, 21840, 21841, 32768, 32769,
    ];
    const want: StaticArray<usize> = [
      16, 16, 32, 128, 160, 160, 192, 256, 320, 16384, 21840, 21840, 32768, 32768, 65536,
    ];
    for (let i = 0; i < sizes.length; i++) expect(mallocSize(malloc(sizes[i]))).toBe(want[i]);
    expect(mallocSize(malloc(0))).toBe(16);
    expect(mallocSize(malloc(65537))).toBe(131072);
  });

  it("gives the block freed last to the next who wants one of its class", () => {
    holding(allp(0));
    const block = malloc(100);
    mfree(block);
    expect(malloc(112)).toBe(block);
  });

  it("ignores freeing null", () => {
    mfree(0);
  });

  it("keeps two batches of freed cells at most, and passes the others on", () => {
    holding(allp(1));
    const cells = new StaticArray<usize>(1000);
    for (let i = 0; i < cells.length; i++) cells[i] = malloc(64);
    for (let i = 0; i < cells.length; i++) mfree(cells[i]);
    expect(cacheOf(allp(1), 3).freeCount).toBeLessThan(128);
    const pages = sched.heapPages;
    holding(allp(2));
    for (let i = 0; i < 800; i++) malloc(64);
    expect(sched.heapPages).toBe(pages);
  });

  it("hands on a P's batches when the P goes away", () => {
    holding(allp(3));
    const cells = new StaticArray<usize>(100);
    for (let i = 0; i < cells.length; i++) cells[i] = malloc(48);
    for (let i = 0; i < cells.length; i++) mfree(cells[i]);
    expect(cacheOf(allp(3), 2).freeCount).toBe(100);
    flushCaches(allp(3));
    let left = 0;
    for (let i = 0; i < CLASS_COUNT; i++) left += cacheOf(allp(3), i).freeCount;
    expect(left).toBe(36);
    holding(allp(4));
    for (let i = 0; i < 64; i++) expect(cells.includes(malloc(48))).toBe(true);
  });

  it("gives back the pages of large blocks", () => {
    holding(allp(0));
    const pages = sched.heapPages;
    const block = malloc(1 << 20);
    expect(sched.heapPages).toBe(pages + 16);
    mfree(block);
    expect(sched.heapPages).toBe(pages);
  });
});
