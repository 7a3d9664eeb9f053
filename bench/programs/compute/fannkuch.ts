/**
 * Fannkuch: the most flips that a permutation of 0 … n-1 takes until 0 is in front, over all permutations. Many short
 * loops over small arrays, with branches that do not predict.
 */
import { arg, check, total } from "../harness";

const n = arg(0, 9);
const permutation = new StaticArray<i32>(n);
const flipped = new StaticArray<i32>(n);
/** How often the first i + 1 elements are still to be rotated. */
const rotations = new StaticArray<i32>(n);

/** The known answers for n = 1 … 12. */
const known: StaticArray<i32> = [0, 1, 2, 4, 7, 10, 16, 22, 30, 38, 51, 65];

function flips(): i32 {
  for (let i = 0; i < n; i++) flipped[i] = permutation[i];
  let count = 0;
  for (let first = flipped[0]; first != 0; first = flipped[0]) {
    for (let low = 0, high = first; low < high; low++, high--) {
      const swapped = flipped[low];
      flipped[low] = flipped[high];
      flipped[high] = swapped;
    }
    count++;
  }
  return count;
}

/** Makes the next permutation by rotating a front part; false once all have been. */
function advance(): bool {
  for (let i = 1; i < n; i++) {
    const front = permutation[0];
    for (let j = 0; j < i; j++) permutation[j] = permutation[j + 1];
    permutation[i] = front;
    if (--rotations[i] > 0) return true;
    rotations[i] = i + 1;
  }
  return false;
}

function work(): void {
  for (let i = 0; i < n; i++) {
    permutation[i] = i;
    rotations[i] = i + 1;
  }
  let most = 0;
  do most = max(most, flips());
  while (advance());
  check(n <= known.length && most == known[n - 1], "the most flips");
}

export function main(): void {
  total(arg(1, 5), work);
}
