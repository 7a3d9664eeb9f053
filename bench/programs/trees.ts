/**
 * Trees: binary trees of all depths from 4 to the greatest, built, counted and dropped by a goroutine for each batch of them, beside one
 * of the greatest depth that stays. Time for all; with a third argument the process's peak of resident memory instead.
 */
import { Chan, go } from "skein";
import { arg, check, peakResident, result, total } from "./harness";

const smallest: i32 = 4;
const deepest = max(arg(0, 18), smallest + 2);
/** Goroutines that share the trees of one depth. */
const batches: i32 = 16;

class Tree {
  left: Tree | null = null;
  right: Tree | null = null;

  count(): i32 {
    const left = this.left;
    const right = this.right;
    return 1 + (left ? left.count() : 0) + (right ? right.count() : 0);
  }
}

function grow(depth: i32): Tree {
  const tree = new Tree();
  if (depth > 0) {
    tree.left = grow(depth - 1);
    tree.right = grow(depth - 1);
  }
  return tree;
}

function batch(depth: i32, trees: i32, counts: Chan<i64>): void {
  let count: i64 = 0;
  for (let i = 0; i < trees; i++) count += grow(depth).count();
  counts.send(count);
}

function work(): void {
  const counts = new Chan<i64>();
  const stays = grow(deepest);
  for (let depth = smallest; depth <= deepest; depth += 2) {
    const trees = 1 << (deepest - depth + smallest);
    for (let i = 0; i < batches; i++) go(batch(depth, trees / batches, counts));
    let count: i64 = 0;
    for (let i = 0; i < batches; i++) count += counts.recv();
    check(count == <i64>trees * ((2 << depth) - 1), "the nodes of the trees of depth " + depth.toString());
  }
  check(stays.count() == (2 << deepest) - 1, "the nodes of the tree that stayed");
}

export function main(): void {
  if (arg(2, 0) == 0) return total(arg(1, 2), work);
  work();
  result("MB", peakResident());
}
