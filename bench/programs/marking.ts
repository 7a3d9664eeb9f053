/**
 * Marking: how fast goroutines on all Ps change trees of a million objects while one collection follows another, as a share of how fast they
 * do without.
 */
import { Atomic, gc, go, gosched, Millisecond, now, setGCPercent, sleep, WaitGroup } from "skein";
import { arg, check, result } from "./harness";
import { grow, Node, scattered } from "./lib/tree";

/** The depth of a mutator's tree. */
const depth = arg(0, 14);
const time = <i64>arg(1, 1000) * Millisecond;
const repetitions = arg(2, 3);

/** Goroutines that change trees, each one of its own. */
const MUTATORS: i32 = 16;
const NODE_SIZE: i32 = 368;
/** Changes between two looks at the others. */
const AT_ONCE: i32 = 500;

const stop = new Atomic<i32>();
const changes = new Atomic<i64>();

function mutate(tree: Node, seed: u32, done: WaitGroup): void {
  while (stop.load() == 0) {
    for (let i = 0; i < AT_ONCE; i++) {
      seed = scattered(seed);
      tree.below(depth - 4, seed).swap();
    }
    changes.add(AT_ONCE);
    gosched();
  }
  check(tree.count() == (2 << depth) - 1, "the nodes of the tree");
  done.done();
}

/** Changes made meanwhile, for each nanosecond. */
function speed(isCollecting: bool): f64 {
  const before = changes.load();
  const start = now();
  if (!isCollecting) sleep(time);
  else while (now() - start < time) gc();
  return <f64>(changes.load() - before) / <f64>(now() - start);
}

export function main(): void {
  setGCPercent(-1);
  const done = new WaitGroup();
  const trees = new Array<Node>();
  for (let i = 0; i < MUTATORS; i++) trees.push(grow(depth, NODE_SIZE));
  for (let i = 0; i < MUTATORS; i++) {
    done.add();
    go(mutate(trees[i], i + 1, done));
  }
  speed(false);
  for (let i = 0; i < repetitions; i++) {
    const alone = speed(false);
    result("x", speed(true) / alone);
  }
  stop.store(1);
  done.wait();
}
