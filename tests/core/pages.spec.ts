import { allocPages, freePages, PAGE_SIZE, reservePages } from "../../assembly/runtime/memory/pages";
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
