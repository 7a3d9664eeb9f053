/** Quicksort: an array of i32 is sorted in place, around the middle one of three, small parts by insertion. */
import { arg, check, total } from "./harness";

const size = arg(0, 2_000_000);
const SMALL: i32 = 12;

function insertion(values: Array<i32>, low: i32, high: i32): void {
  for (let i = low + 1; i <= high; i++) {
    const value = values[i];
    let j = i - 1;
    while (j >= low && values[j] > value) {
      values[j + 1] = values[j];
      j--;
    }
    values[j + 1] = value;
  }
}

function swap(values: Array<i32>, i: i32, j: i32): void {
  const value = values[i];
  values[i] = values[j];
  values[j] = value;
}

function sort(values: Array<i32>, low: i32, high: i32): void {
  while (high - low >= SMALL) {
    const middle = low + ((high - low) >> 1);
    if (values[middle] < values[low]) swap(values, middle, low);
    if (values[high] < values[low]) swap(values, high, low);
    if (values[high] < values[middle]) swap(values, high, middle);
    const pivot = values[middle];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) {
        swap(values, i, j);
        i++;
        j--;
      }
    }
    sort(values, low, j);
    low = i;
  }
  insertion(values, low, high);
}

const values = new Array<i32>(size);

function work(): void {
  let seed: u32 = 1;
  for (let i = 0; i < size; i++) {
    seed = seed * 1664525 + 1013904223;
    values[i] = <i32>(seed >> 1);
  }
  sort(values, 0, size - 1);
  for (let i = 1; i < size; i++) check(values[i - 1] <= values[i], "the order");
}

export function main(): void {
  total(arg(1, 5), work);
}
