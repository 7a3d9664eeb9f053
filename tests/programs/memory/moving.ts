// References move within and between collections while objects are marked: by every method of the library that moves them, through channels,
// selects, timers, tasks, maps that are rehashed. Each goroutine hands its boxes on in each round, and must find each of them as it was: one that was
// freed while somebody held it is soon another's.
// procs: 1,2,4
// timeout: 120
//
// case: as it comes
//
// case: while everything is collected all the time
// env: SKEIN_DEBUG=gcstress=211
import { afterFunc, Chan, gc, go, gosched, memStats, Microsecond, println, Select, WaitGroup, Pool } from "skein";
import { check, same } from "../expect";

class Box {
  constructor(
    public id: i32,
    public check: i32,
  ) {}
}

const BOXES = 1500;
const ROUNDS: i32 = 40;
const MAGIC: i32 = 0x5bd1e995;

function boxOf(id: i32): Box {
  return new Box(id, id ^ MAGIC);
}

let wrong = 0;

function verify(boxes: Array<Box>, what: string): void {
  if (boxes.length != BOXES) {
    println(`${what}: ${boxes.length} boxes`);
    wrong++;
    return;
  }
  let sum: i64 = 0;
  for (let i = 0; i < boxes.length; i++) {
    const box = boxes[i];
    if (box.check != (box.id ^ MAGIC)) wrong++;
    sum += box.id;
  }
  if (sum != (<i64>BOXES * (BOXES - 1)) / 2) {
    println(`${what}: the sum is ${sum}`);
    wrong++;
  }
}

function churn(n: i32): void {
  for (let i = 0; i < n; i++) if (boxOf(i).id != i) wrong++;
}

function moveWithin(boxes: Array<Box>, round: i32): Array<Box> {
  const k = round % 7;
  if (k == 0) {
    boxes.sort((a, b) => ((a.id * 7919) % BOXES) - ((b.id * 7919) % BOXES));
  } else if (k == 1) {
    boxes.reverse();
  } else if (k == 2) {
    for (let i = 0; i < 200; i++) boxes.push(boxes.shift());
  } else if (k == 3) {
    for (let i = 0; i < 200; i++) boxes.unshift(boxes.pop());
  } else if (k == 4) {
    const some = boxes.splice(100, 700);
    churn(100);
    boxes = boxes.concat(some);
  } else if (k == 5) {
    const fixed = StaticArray.fromArray(boxes);
    fixed.reverse();
    fixed.sort((a, b) => b.id - a.id);
    boxes = fixed.slice<Array<Box>>();
  } else {
    const half = boxes.slice(750);
    boxes.length = 750;
    churn(100);
    for (let i = half.length - 1; i >= 0; i--) boxes.push(half[i]);
  }
  return boxes;
}

function throughMap(boxes: Array<Box>): Array<Box> {
  const map = new Map<i32, Box>();
  const names = new Map<string, Box>();
  for (let i = 0; i < boxes.length; i++) {
    const box = boxes[i];
    if (i & 1) map.set(box.id, box);
    else names.set(box.id.toString(), box);
  }
  boxes = [];
  churn(100);
  const ids = map.keys();
  for (let i = 0; i < ids.length; i++) {
    const box = map.get(ids[i]);
    map.delete(ids[i]);
    boxes.push(box);
  }
  const rest = names.values();
  names.clear();
  churn(100);
  return boxes.concat(rest);
}

function throughSet(boxes: Array<Box>): Array<Box> {
  const set = new Set<Box>();
  while (boxes.length > 0) set.add(boxes.pop());
  churn(100);
  return set.values();
}

/** What is taken out and put in again stands behind all others, and at times these move up, past where a visitor has been. */
function throughRehashes(boxes: Array<Box>): Array<Box> {
  const map = new Map<i32, Box>();
  while (boxes.length > 0) {
    const box = boxes.pop();
    map.set(box.id, box);
  }
  for (let turn = 0; turn < 5; turn++) {
    for (let id = turn; id < BOXES; id += 3) {
      const box = map.get(id);
      map.delete(id);
      if (id % 16 == turn) churn(10);
      map.set(id, box);
    }
    gosched();
  }
  return map.values();
}

function feed(boxes: Array<Box>, out: Chan<Box>): void {
  while (boxes.length > 0) out.send(boxes.pop());
}

function throughChannel(boxes: Array<Box>, capacity: i32): Array<Box> {
  const c = new Chan<Box>(capacity);
  go(feed(boxes, c));
  const out: Array<Box> = [];
  for (let i = 0; i < BOXES; i++) out.push(c.recv());
  return out;
}

function throughSelect(boxes: Array<Box>): Array<Box> {
  const a = new Chan<Box>(3);
  const b = new Chan<Box>();
  const half = boxes.splice(BOXES / 2);
  go(feed(boxes, a));
  go(feed(half, b));
  const select = new Select();
  select.recv<Box>(a);
  select.recv<Box>(b);
  const out: Array<Box> = [];
  for (let i = 0; i < BOXES; i++) {
    select.wait();
    if ((i & 63) == 0) gosched();
    out.push(select.value<Box>());
  }
  return out;
}

function give(box: Box, out: Chan<Box>): void {
  out.send(box);
}

function throughTasks(boxes: Array<Box>): Array<Box> {
  const c = new Chan<Box>(16);
  const pool = new Pool(4);
  go(() => {
    for (let i = 0; boxes.length > 0; i++) {
      const box = boxes.pop();
      if (i % 3 == 0) go(give(box, c));
      else if (i % 3 == 1) pool.submit(give(box, c));
      else afterFunc(Microsecond * 50, give(box, c));
    }
  });
  const out: Array<Box> = [];
  for (let i = 0; i < BOXES; i++) out.push(c.recv());
  pool.wait();
  pool.release();
  return out;
}

function work(seed: i32, wg: WaitGroup): void {
  let boxes: Array<Box> = [];
  for (let i = 0; i < BOXES; i++) boxes.push(boxOf(i));
  for (let round = 0; round < ROUNDS; round++) {
    const k = (round + seed) % 7;
    boxes = moveWithin(boxes, round + seed);
    verify(boxes, `moved within (${(round + seed) % 7})`);
    if (k == 0) boxes = throughMap(boxes);
    else if (k == 1) boxes = throughSet(boxes);
    else if (k == 2) boxes = throughChannel(boxes, 0);
    else if (k == 3) boxes = throughChannel(boxes, 64);
    else if (k == 4) boxes = throughSelect(boxes);
    else if (k == 5) boxes = throughRehashes(boxes);
    else boxes = throughTasks(boxes);
    verify(boxes, `moved through (${k})`);
    if (round % 10 == seed) gc();
  }
  wg.done();
}

export function main(): void {
  const wg = new WaitGroup();
  for (let i = 0; i < 6; i++) {
    wg.add(1);
    go(work(i, wg));
  }
  wg.wait();
  same(wrong, 0, "boxes that are not as they were");
  check(memStats().numGC >= 6, "there were collections");
  println("ok");
}
