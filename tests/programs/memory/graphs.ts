// Many goroutines change random graphs of objects while the collector runs; exactly what is unreachable goes. (A number in a frame that looks
// like an address may keep an object for a while, so one is missed only if several collections in a row have left it.)
// procs: 1,2,8
// timeout: 120
//
// case: short
//
// case: while everything is collected all the time
// env: SKEIN_DEBUG=gcstress=97
//
// case: with a small heap
// env: SKEIN_GC=20
import { args, Atomic, Chan, gc, go, gosched, println, WaitGroup, WeakRef } from "skein";
import { check, same } from "../expect";

/** Objects of one goroutine's graph, of which some at a time are there, and steps between two checks. */
const PLACES: i32 = 200;
const STEPS: i32 = 600;
const GOROUTINES: i32 = 6;
/** Collections that may leave an object which nothing reaches. */
const PATIENCE: i32 = 4;

/** An object whose contents say which it is, so that one which was freed and used again is seen. */
class Item {
  a: Item | null = null;
  list: Array<Item | null> = [];
  table: Map<i32, Item> | null = null;
  name: string;
  constructor(
    public owner: i32,
    public serial: i32,
  ) {
    this.name = nameOf(owner, serial);
  }
}

function nameOf(owner: i32, serial: i32): string {
  return owner.toString() + ":" + serial.toString();
}

/** A goroutine's graph: its roots, and weak references to all objects it ever made and has not seen go. */
class Graph {
  roots: Array<Item | null> = new Array<Item | null>(8);
  weak: Array<WeakRef<Item>> = [];
  serials: Array<i32> = [];
  /** How many collections have left each of them although nothing reached it. */
  left: Array<i32> = [];
  made: i32 = 0;
  seed: u32;
  constructor(public owner: i32) {
    this.seed = <u32>(owner * 7919 + 1);
  }

  random(n: i32): i32 {
    this.seed = this.seed * 1664525 + 1013904223;
    return <i32>((this.seed >> 8) % <u32>n);
  }

  /** Some object that can be reached from the roots, or null. */
  pick(): Item | null {
    let it = this.roots[this.random(8)];
    for (let depth = this.random(6); depth > 0 && it; depth--) {
      const next = this.follow(it);
      if (!next) break;
      it = next;
    }
    return it;
  }

  follow(it: Item): Item | null {
    const table = it.table;
    const way = this.random(3);
    if (way == 0) return it.a;
    if (way == 1) return it.list.length > 0 ? it.list[this.random(it.list.length)] : null;
    if (!table || table.size == 0) return null;
    const key = this.random(4);
    return table.has(key) ? table.get(key) : null;
  }

  make(): Item {
    const it = new Item(this.owner, this.made++);
    this.weak.push(new WeakRef<Item>(it));
    this.serials.push(it.serial);
    this.left.push(0);
    return it;
  }

  step(): void {
    const it = this.pick();
    const way = this.random(10);
    if (way < 2 || !it) {
      this.roots[this.random(8)] = way == 0 ? null : this.make();
      return;
    }
    check(it.name == nameOf(it.owner, it.serial), "an object that is reached has its contents");
    if (way < 5) {
      const child = way == 2 ? this.pick() : this.make();
      const place = this.random(3);
      if (place == 0) it.a = child;
      else if (place == 1) it.list.push(child);
      else if (child) {
        let table = it.table;
        if (!table) it.table = table = new Map<i32, Item>();
        table.set(this.random(4), child);
      }
    } else if (way == 5) {
      it.a = null;
    } else if (way == 6) {
      if (it.list.length > 0) it.list[this.random(it.list.length)] = null;
    } else if (way == 7) {
      it.list = [];
    } else if (way == 8) {
      it.table = null;
    } else if (it.table) {
      it.table!.delete(this.random(4));
    }
  }

  /** All that the roots reach, by serial. */
  reach(): Set<i32> {
    const seen = new Set<i32>();
    const work: Array<Item> = [];
    for (let i = 0; i < 8; i++) if (this.roots[i]) work.push(this.roots[i]!);
    while (work.length > 0) {
      const it = work.pop();
      if (it.owner != this.owner || seen.has(it.serial)) continue;
      check(it.name == nameOf(it.owner, it.serial), "what is reached has its contents");
      seen.add(it.serial);
      if (it.a) work.push(it.a!);
      for (let i = 0; i < it.list.length; i++) if (it.list[i]) work.push(it.list[i]!);
      const table = it.table;
      if (table) {
        const values = table.values();
        for (let i = 0; i < values.length; i++) work.push(values[i]);
      }
    }
    return seen;
  }
}

/** In a function of its own: nothing of it is left in the caller's frame. */
function run(graph: Graph): void {
  for (let i = 0; i < STEPS; i++) {
    graph.step();
    if (i % 50 == 0) gosched();
  }
  if (graph.weak.length > PLACES * 8) graph.roots.fill(null);
}

/** After a collection: what is reached is there, and what is not has gone. */
function verify(graph: Graph): void {
  const seen = graph.reach();
  const weak: Array<WeakRef<Item>> = [];
  const serials: Array<i32> = [];
  const left: Array<i32> = [];
  for (let i = 0; i < graph.weak.length; i++) {
    const isThere = graph.weak[i].deref() != null;
    const isReached = seen.has(graph.serials[i]);
    const times = isReached ? 0 : graph.left[i] + 1;
    if (isReached && !isThere) check(false, nameOf(graph.owner, graph.serials[i]) + " is reached and has gone");
    if (!isThere) continue;
    if (times > PATIENCE) check(false, nameOf(graph.owner, graph.serials[i]) + " is unreachable and still there");
    weak.push(graph.weak[i]);
    serials.push(graph.serials[i]);
    left.push(times);
  }
  graph.weak = weak;
  graph.serials = serials;
  graph.left = left;
}

const total = new Atomic<i64>();

function work(owner: i32, rounds: i32, wg: WaitGroup): void {
  const graph = new Graph(owner);
  for (let round = 0; round < rounds; round++) {
    run(graph);
    gc();
    verify(graph);
  }
  total.add(graph.made);
  wg.done();
}

/** Objects that go from goroutine to goroutine through channels, each with contents to check. */
function pass(from: Chan<Item>, to: Chan<Item>, n: i32, wg: WaitGroup): void {
  for (let i = 0; i < n; i++) {
    const it = from.recv();
    same(it.name, nameOf(it.owner, it.serial), "an object that was received has its contents");
    const next = new Item(it.owner + 1, i);
    next.a = it;
    to.send(i % 16 == 0 ? new Item(0, i) : next);
  }
  wg.done();
}

export function main(): void {
  const given = args();
  const rounds = given.length > 0 ? <i32>parseInt(given[0]) : 12;
  const wg = new WaitGroup();
  const ring = new Array<Chan<Item>>();
  for (let i = 0; i < 4; i++) ring.push(new Chan<Item>(i));
  for (let i = 0; i < 4; i++) {
    wg.add();
    go(pass(ring[i], ring[(i + 1) % 4], 200 * rounds, wg));
  }
  ring[3].send(new Item(0, 0));
  for (let i = 0; i < GOROUTINES; i++) {
    wg.add();
    go(work(i + 1, rounds, wg));
  }
  wg.wait();
  check(total.load() > 0, "objects were made");
  println("ok");
}
