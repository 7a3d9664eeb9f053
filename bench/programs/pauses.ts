/**
 * Pauses: for how long a collection stops the program, by its own account, while goroutines on all Ps make objects and put them into
 * trees, a thousand each in a millisecond. Each collection gives a value; printed is that which 99 of 100 keep below, or the longest.
 *
 * Beside them are a million objects with 200 MB, or as many goroutines that are parked.
 */
import { Atomic, Chan, gc, go, gosched, memStats, Millisecond, setGCPercent, sleep, WaitGroup } from "skein";
import { arg, check, result } from "./harness";
import { allocate } from "./lib/cells";
import { grow, Node, scattered } from "./lib/tree";

const parked = arg(0, 0);
/** The depth of a mutator's tree. */
const depth = arg(1, 14);
const collections = arg(2, 100);
const longest = arg(3, 0) == 1;

/** Goroutines that change trees, each one of its own. */
const MUTATORS: i32 = 16;
/** Bytes of a node beside its references: 2^19 nodes and as many arrays are 200 MB. */
const NODE_SIZE: i32 = 368;
/** The depth of what is put into a tree at once. */
const GRAFT: i32 = 3;

const stop = new Atomic<i32>();

function park(ch: Chan<i32>, started: Atomic<i32>): void {
  started.add(1);
  ch.recv();
}

function mutate(tree: Node, seed: u32, done: WaitGroup): void {
  while (stop.load() == 0) {
    allocate(1000);
    seed = scattered(seed);
    tree.below(depth - GRAFT - 1, seed).left = grow(GRAFT, NODE_SIZE);
    sleep(Millisecond);
  }
  check(tree.count() == (2 << depth) - 1, "the nodes of the tree");
  done.done();
}

/** How long each of the collections has stopped the program, in ms. */
function collect(): f64[] {
  const pauses = new Array<f64>();
  let before = memStats();
  for (let i = 0; i < collections; i++) {
    gc();
    const after = memStats();
    pauses.push(<f64>(after.pauseTotal - before.pauseTotal) / 1e6 / <f64>(after.numGC - before.numGC));
    before = after;
  }
  return pauses;
}

export function main(): void {
  // Those that are asked for are all there are.
  setGCPercent(-1);
  const ch = new Chan<i32>();
  const started = new Atomic<i32>();
  for (let i = 0; i < parked; i++) go(park(ch, started));
  while (started.load() < parked) gosched();
  const done = new WaitGroup();
  const trees = new Array<Node>();
  for (let i = 0; i < MUTATORS; i++) trees.push(grow(depth, NODE_SIZE));
  for (let i = 0; i < MUTATORS; i++) {
    done.add();
    go(mutate(trees[i], i + 1, done));
  }
  const pauses = collect().sort();
  stop.store(1);
  done.wait();
  result("ms", pauses[longest ? collections - 1 : ((collections - 1) * 99) / 100]);
}
