/** Mergesort: an array of i32 is sorted by halves, into and out of a second one; two goroutines for each of the first splits. */
import { go, WaitGroup } from "skein";
import { arg, check, total } from "./harness";

const size = arg(0, 2_000_000);
/** Smaller parts are sorted by whoever has them. */
const APART: i32 = 1 << 16;

function merge(from: Array<i32>, to: Array<i32>, low: i32, middle: i32, high: i32): void {
  let left = low;
  let right = middle;
  for (let i = low; i < high; i++) {
    if (left < middle && (right >= high || from[left] <= from[right])) to[i] = from[left++];
    else to[i] = from[right++];
  }
}

/** Sorts a part of `values`; `spare` has the same elements there. */
function sort(values: Array<i32>, spare: Array<i32>, low: i32, high: i32): void {
  if (high - low < 2) return;
  const middle = low + ((high - low) >> 1);
  if (high - low > APART) {
    const done = new WaitGroup();
    done.add(1);
    go(sortApart(spare, values, low, middle, done));
    sort(spare, values, middle, high);
    done.wait();
  } else {
    sort(spare, values, low, middle);
    sort(spare, values, middle, high);
  }
  merge(spare, values, low, middle, high);
}

function sortApart(values: Array<i32>, spare: Array<i32>, low: i32, high: i32, done: WaitGroup): void {
  sort(values, spare, low, high);
  done.done();
}

const given = new Array<i32>(size);

function work(): void {
  let seed: u32 = 1;
  for (let i = 0; i < size; i++) {
    seed = seed * 1664525 + 1013904223;
    given[i] = <i32>(seed >> 1);
  }
  const spare = given.slice();
  sort(given, spare, 0, size);
  for (let i = 1; i < size; i++) check(given[i - 1] <= given[i], "the order");
}

export function main(): void {
  total(arg(1, 5), work);
}
