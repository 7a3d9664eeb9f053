import {
  allocPages,
  freePages,
  PAGE_SIZE,
  putReleased,
  reservePages,
  retainedPages,
  takeRetained,
} from "../../assembly/runtime/memory/pages";
import { sched } from "../../assembly/abi";
import { reset } from "./support";

/** Pages that a test may use, and how many of them count. */
const PAGES: u32 = 64;
const LIMIT: i32 = 48;

let base: usize = 0;

/** The end of memory becomes the heap, with nothing in it. */
function prepare(): void {
  reset();
  const first = memory.grow(PAGES);
  base = (<usize>first) << 16;
  sched.pageNext = first;
  sched.freeRuns = 0;
  sched.freePages = 0;
  sched.releasedPages = 0;
  sched.heapPages = 0;
  sched.maxPages = LIMIT;
}

/** The `i`th page of the heap. */
function page(i: u32): usize {
  return base + <usize>i * PAGE_SIZE;
}

/** How many pages were ever used. */
function used(): u32 {
  return sched.pageNext - <u32>(base >> 16);
}

describe("the page heap", () => {
  beforeEach(prepare);

  it("gives pages one after the other, and counts them", () => {
    expect(allocPages(1)).toBe(page(0));
    expect(allocPages(5)).toBe(page(1));
    expect(allocPages(2)).toBe(page(6));
    expect(sched.heapPages).toBe(8);
    expect(used()).toBe(8);
  });

  it("splits a free run, and merges the pieces when they are freed, in whatever order", () => {
    for (let order = 0; order < 6; order++) {
      const whole = allocPages(10);
      const after = allocPages(1);
      freePages(whole);
      const parts: StaticArray<usize> = [allocPages(3), allocPages(4), allocPages(3)];
      expect(parts[0]).toBe(whole);
      expect(parts[1]).toBe(whole + 3 * PAGE_SIZE);
      expect(parts[2]).toBe(whole + 7 * PAGE_SIZE);
      const first = order / 2;
      const second = (first + 1 + (order & 1)) % 3;
      freePages(parts[first]);
      freePages(parts[second]);
      freePages(parts[3 - first - second]);
      expect(allocPages(10)).toBe(whole);
      freePages(whole);
      freePages(after);
      expect(used()).toBe(11);
    }
    expect(sched.heapPages).toBe(0);
  });

  it("merges with neither side what is between two blocks in use", () => {
    const blocks: StaticArray<usize> = [allocPages(2), allocPages(2), allocPages(2)];
    freePages(blocks[1]);
    expect(allocPages(3)).toBe(page(6));
    expect(allocPages(2)).toBe(page(2));
  });

  it("uses pages again before it takes new ones", () => {
    const small = allocPages(1);
    allocPages(1);
    const large = allocPages(4);
    allocPages(1);
    freePages(large);
    freePages(small);
    expect(allocPages(4)).toBe(large);
    expect(allocPages(1)).toBe(small);
    expect(used()).toBe(7);
  });

  it("keeps to the limit, which freed pages make room under", () => {
    const first = allocPages(LIMIT - 1);
    expect(() => {
      allocPages(2);
    }).toThrow("out of memory");
    allocPages(1);
    freePages(first);
    expect(sched.heapPages).toBe(1);
    expect(allocPages(LIMIT - 1)).toBe(first);
  });

  it("does not count what is reserved, and refuses what memory has not got", () => {
    expect(reservePages(PAGES - 1)).toBe(page(0));
    expect(sched.heapPages).toBe(0);
    expect(reservePages(2)).toBe(0);
    expect(reservePages(1)).toBe(page(PAGES - 1));
    expect(reservePages(1)).toBe(0);
  });
});

/** Gives back up to `n` pages; says which. */
function release(n: u32): usize {
  if (takeRetained(n) == 0) return 0;
  const at = (<usize>sched.releasing) << 16;
  putReleased(true);
  return at;
}
describe("free pages", () => {
  beforeEach(prepare);

  it("are given back once, and counted until they are used again", () => {
    const first = allocPages(10);
    const guard = allocPages(1);
    freePages(first);
    expect(retainedPages()).toBe(10);
    expect(release(4)).toBe(page(0));
    expect(release(4)).toBe(page(4));
    expect(release(4)).toBe(page(8));
    expect(release(4)).toBe(0);
    expect(sched.releasedPages).toBe(10);
    expect(retainedPages()).toBe(0);
    expect(allocPages(3)).toBe(page(0));
    expect(sched.releasedPages).toBe(7);
    freePages(page(0));
    expect(retainedPages()).toBe(3);
    expect(release(16)).toBe(page(0));
    expect(sched.freePages).toBe(10);
    freePages(guard);
    expect(retainedPages()).toBe(1);
    expect(allocPages(11)).toBe(page(0));
    expect(sched.releasedPages).toBe(0);
  });

  it("are nobody's while they are given back, and come back if they cannot be", () => {
    const whole = allocPages(6);
    allocPages(1);
    freePages(whole);
    expect(takeRetained(2)).toBe(2);
    expect(allocPages(4)).toBe(page(2));
    putReleased(false);
    expect(sched.releasedPages).toBe(0);
    expect(allocPages(2)).toBe(page(0));
    expect(sched.freePages).toBe(0);
  });

  it("stay what they are when those beside them are freed", () => {
    const parts: StaticArray<usize> = [allocPages(2), allocPages(2), allocPages(2)];
    allocPages(1);
    freePages(parts[1]);
    expect(release(8)).toBe(page(2));
    freePages(parts[0]);
    freePages(parts[2]);
    expect(sched.releasedPages).toBe(2);
    expect(release(8)).toBe(page(0));
    expect(release(8)).toBe(page(4));
    expect(sched.releasedPages).toBe(6);
  });
});
