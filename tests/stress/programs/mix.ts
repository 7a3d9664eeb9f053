// Everything at once, for as long as it is told, on a number of Ps that may change all the time; every count is checked.
//
//     skein run tests/stress/programs/mix.ts --procs 8 -- SECONDS SEED [changing]
//
// A round is a random mixture of small jobs. Each job knows what it must count; a round ends when all of its jobs have,
// and is wrong if any count differs by one, if a goroutine is left over, or if it does not end.

import {
  go,
  gomaxprocs,
  gosched,
  goexit,
  numGoroutine,
  sleep,
  now,
  ok,
  after,
  afterFunc,
  args,
  println,
  exit,
  Atomic,
  Chan,
  Cond,
  Mutex,
  Once,
  Pool,
  RWMutex,
  Select,
  Semaphore,
  Ticker,
  Timer,
  WaitGroup,
  Microsecond,
  Second,
} from "skein";
import { blockers, computation, hogs, resize, resizing, threads } from "./misbehaviour";
import { disturb, expect, fail, Random, totals } from "./support";

// Spawning: a tree of goroutines of random shape; every node is counted once.

function node(random: Random, depth: i32, counted: Atomic<i32>, planned: Atomic<i32>, wg: WaitGroup): void {
  counted.add(1);
  const children = depth == 0 ? 0 : random.below(5);
  planned.add(children);
  wg.add(children);
  for (let i = 0; i < children; i++) go(node(random.child(), depth - 1, counted, planned, wg));
  disturb(random);
  wg.done();
  if (random.below(3) == 0) goexit();
}

function spawnTree(random: Random): void {
  const counted = new Atomic<i32>();
  const planned = new Atomic<i32>(1);
  const wg = new WaitGroup();
  wg.add();
  go(node(random.child(), 5, counted, planned, wg));
  wg.wait();
  expect("nodes of a tree", counted.load(), planned.load());
  totals.goroutines.add(counted.load());
}

// Channels: producers and consumers over a chain of channels of random capacities.

function produce(random: Random, count: i32, out: Chan<i64>, wg: WaitGroup): void {
  for (let i = 1; i <= count; i++) {
    out.send(i);
    disturb(random);
  }
  wg.done();
}

function relay(random: Random, from: Chan<i64>, to: Chan<i64>, wg: WaitGroup): void {
  for (let r = from.range(); r.next();) {
    to.send(r.value);
    disturb(random);
  }
  wg.done();
}

function closeAfter(wg: WaitGroup, ch: Chan<i64>): void {
  wg.wait();
  ch.close();
}

function channels(random: Random): void {
  const producers = 1 + random.below(6);
  const count = 1 + random.below(200);
  let ch = new Chan<i64>(random.below(8));
  let wg = new WaitGroup();
  wg.add(producers);
  for (let i = 0; i < producers; i++) go(produce(random.child(), count, ch, wg));
  go(closeAfter(wg, ch));
  const stages = random.below(4);
  for (let s = 0; s < stages; s++) {
    const next = new Chan<i64>(random.below(8));
    const relays = 1 + random.below(4);
    wg = new WaitGroup();
    wg.add(relays);
    for (let i = 0; i < relays; i++) go(relay(random.child(), ch, next, wg));
    go(closeAfter(wg, next));
    ch = next;
  }
  let sum: i64 = 0;
  let received: i64 = 0;
  for (let r = ch.range(); r.next();) {
    sum += r.value;
    received++;
  }
  expect("messages", received, <i64>producers * count);
  expect("sum of messages", sum, (<i64>producers * count * (count + 1)) / 2);
  totals.messages.add(received * (stages + 1));
  totals.goroutines.add(producers);
}

// Selects: everyone selects over all channels, to send and to receive; what is sent is received once.

function selectors(random: Random, all: Chan<i32>[], turns: i32, sending: bool, sum: Atomic<i64>, wg: WaitGroup): void {
  const select = new Select();
  const offset = random.below(all.length);
  for (let i = 0; i < all.length; i++) {
    const ch = all[(i + offset) % all.length];
    if (sending) select.send<i32>(ch, 0);
    else select.recv<i32>(ch);
  }
  for (let t = 1; t <= turns; t++) {
    if (sending) {
      for (let i = 0; i < all.length; i++) select.set<i32>(i, t);
    }
    let index = -1;
    if (random.below(2) == 0) index = select.poll();
    if (index < 0) index = select.wait();
    if (!sending) {
      if (!ok()) throw new Error("a select received from a channel that nobody closes");
      sum.add(select.value<i32>());
    }
    disturb(random);
  }
  wg.done();
}

function selects(random: Random): void {
  const all: Chan<i32>[] = [];
  const width = 1 + random.below(6);
  for (let i = 0; i < width; i++) all.push(new Chan<i32>(random.below(3)));
  const pairs = 1 + random.below(4);
  const turns = 1 + random.below(120);
  const sum = new Atomic<i64>();
  const wg = new WaitGroup();
  wg.add(2 * pairs);
  for (let i = 0; i < pairs; i++) {
    go(selectors(random.child(), all, turns, true, sum, wg));
    go(selectors(random.child(), all, turns, false, sum, wg));
  }
  wg.wait();
  expect("sum of selected values", sum.load(), (<i64>pairs * turns * (turns + 1)) / 2);
  for (let i = 0; i < width; i++) expect("values left in a channel", all[i].length, 0);
  totals.selects.add(2 * pairs * turns);
}

// Selects on one channel from both sides, with duplicates, timeouts and close.

function selectUntilClosed(random: Random, ch: Chan<i32>, sum: Atomic<i64>, wg: WaitGroup): void {
  const select = new Select();
  select.recv<i32>(ch);
  select.recv<i32>(ch);
  select.recv<i64>(null);
  for (;;) {
    if (random.below(4) == 0) select.channel<i64>(2, after(random.below(200) * Microsecond));
    const i = select.wait();
    if (i == 2) {
      select.channel<i64>(2, null);
      totals.timers.add(1);
    } else if (!ok()) break;
    else sum.add(select.value<i32>());
  }
  wg.done();
}

function duplicates(random: Random): void {
  const ch = new Chan<i32>(random.below(2));
  const sum = new Atomic<i64>();
  const wg = new WaitGroup();
  const receivers = 1 + random.below(4);
  wg.add(receivers);
  for (let i = 0; i < receivers; i++) go(selectUntilClosed(random.child(), ch, sum, wg));
  const turns = 1 + random.below(100);
  const select = new Select();
  select.send<i32>(ch, 0);
  select.send<i32>(ch, 0);
  for (let t = 1; t <= turns; t++) {
    select.set<i32>(0, t);
    select.set<i32>(1, t);
    if (random.below(2) == 0) select.wait();
    else ch.send(t);
    disturb(random);
  }
  ch.close();
  wg.wait();
  expect("sum over a closed channel", sum.load(), (<i64>turns * (turns + 1)) / 2);
  totals.selects.add(turns);
}

// Timers: each fires once or was stopped, and not early.

function timers(random: Random): void {
  const n = 1 + random.below(40);
  const ran = new Atomic<i32>();
  const wg = new WaitGroup();
  let stopped = 0;
  for (let i = 0; i < n; i++) {
    const d = random.below(3000) * Microsecond;
    const due = now() + d;
    wg.add();
    const timer = afterFunc(d, () => {
      if (now() < due) fail("a timer fired early", now(), due);
      ran.add(1);
      wg.done();
    });
    if (random.below(3) == 0) {
      disturb(random);
      if (timer.stop()) {
        stopped++;
        wg.done();
      }
    }
  }
  const timer = new Timer(random.below(2000) * Microsecond);
  if (random.below(2) == 0) {
    timer.stop();
    timer.chan.tryRecv();
    if (ok()) throw new Error("a stale value after stop");
    const start = now();
    const d = random.below(500) * Microsecond;
    timer.reset(d);
    if (timer.chan.recv() < start + d) throw new Error("a reset timer fired early");
  } else timer.chan.recv();
  if (random.below(4) == 0) {
    const ticker = new Ticker((100 + random.below(300)) * Microsecond);
    for (let i = 0; i < 3; i++) ticker.chan.recv();
    ticker.stop();
    ticker.chan.tryRecv();
    if (ok()) throw new Error("a stale tick after stop");
  }
  wg.wait();
  expect("timers that ran or were stopped", ran.load() + stopped, n);
  totals.timers.add(n);
}

// Locks: counters that only a lock protects.

class Guarded {
  mutex: Mutex = new Mutex();
  rw: RWMutex = new RWMutex();
  semaphore: Semaphore = new Semaphore(3);
  once: Once = new Once();
  a: i32 = 0;
  b: i32 = 0;
  c: i32 = 0;
  inside: Atomic<i32> = new Atomic<i32>();
  begun: i32 = 0;

  begin(): void {
    this.begun++;
  }
}

function lockers(random: Random, guarded: Guarded, turns: i32, writes: Atomic<i32>, wg: WaitGroup): void {
  for (let i = 0; i < turns; i++) {
    guarded.once.do(guarded.begin());
    guarded.mutex.lock();
    const a = guarded.a;
    disturb(random);
    guarded.a = a + 1;
    guarded.mutex.unlock();
    if (random.below(3) == 0) {
      guarded.rw.lock();
      guarded.b++;
      disturb(random);
      guarded.c++;
      guarded.rw.unlock();
      writes.add(1);
    } else {
      if (random.below(2) == 0 || !guarded.rw.tryRLock()) guarded.rw.rlock();
      const b = guarded.b;
      disturb(random);
      expect("two halves of a write", guarded.c, b);
      guarded.rw.runlock();
    }
    const n = 1 + random.below(3);
    guarded.semaphore.acquire(n);
    const inside = guarded.inside.add(n);
    if (inside > 3) fail("inside a semaphore of 3", inside, 3);
    disturb(random);
    guarded.inside.add(-n);
    guarded.semaphore.release(n);
  }
  wg.done();
}

function locks(random: Random): void {
  const guarded = new Guarded();
  const writes = new Atomic<i32>();
  const goroutines = 2 + random.below(8);
  const turns = 1 + random.below(60);
  const wg = new WaitGroup();
  wg.add(goroutines);
  for (let i = 0; i < goroutines; i++) go(lockers(random.child(), guarded, turns, writes, wg));
  wg.wait();
  expect("increments under a mutex", guarded.a, <i64>goroutines * turns);
  expect("writes under a writer's lock", guarded.b, writes.load());
  expect("runs of a Once", guarded.begun, 1);
  totals.locks.add(3 * goroutines * turns);
}

// Conditions: a bounded queue.

class BoundedQueue {
  items: i32[] = [];
  notEmpty: Cond;
  notFull: Cond;

  constructor(private size: i32) {
    const mutex = new Mutex();
    this.notEmpty = new Cond(mutex);
    this.notFull = new Cond(mutex);
  }

  put(v: i32): void {
    this.notFull.mutex.lock();
    while (this.items.length == this.size) this.notFull.wait();
    this.items.push(v);
    this.notEmpty.signal();
    this.notFull.mutex.unlock();
  }

  take(): i32 {
    this.notEmpty.mutex.lock();
    while (this.items.length == 0) this.notEmpty.wait();
    const v = this.items.shift();
    this.notFull.broadcast();
    this.notEmpty.mutex.unlock();
    return v;
  }
}

function takeAll(random: Random, queue: BoundedQueue, turns: i32, sum: Atomic<i64>, wg: WaitGroup): void {
  for (let i = 0; i < turns; i++) {
    sum.add(queue.take());
    disturb(random);
  }
  wg.done();
}

function conditions(random: Random): void {
  const queue = new BoundedQueue(1 + random.below(4));
  const sum = new Atomic<i64>();
  const wg = new WaitGroup();
  const pairs = 1 + random.below(4);
  const turns = 1 + random.below(100);
  for (let p = 0; p < pairs; p++) {
    wg.add(2);
    const mine = random.child();
    go(takeAll(random.child(), queue, turns, sum, wg));
    go(() => {
      for (let i = 1; i <= turns; i++) {
        queue.put(i);
        disturb(mine);
      }
      wg.done();
    });
  }
  wg.wait();
  expect("sum through a bounded queue", sum.load(), (<i64>pairs * turns * (turns + 1)) / 2);
}

// Pools.

function pools(random: Random): void {
  const pool = new Pool(1 + random.below(5));
  const n = 1 + random.below(100);
  const done = new Atomic<i32>();
  for (let i = 0; i < n; i++) {
    const mine = random.child();
    pool.submit(() => {
      disturb(mine);
      done.add(1);
    });
    if (random.below(20) == 0) pool.tune(1 + random.below(5));
  }
  pool.wait();
  expect("work of a pool", done.load(), n);
  pool.release();
  totals.goroutines.add(n);
}

// Memory: objects built by one goroutine, taken apart by another.

class Tree {
  left: Tree | null = null;
  right: Tree | null = null;
  label: string;

  constructor(public value: i32) {
    this.label = `tree ${value}`;
  }

  sum(): i64 {
    let sum: i64 = this.value;
    if (this.label != `tree ${this.value}`) throw new Error(`${this.value} is labelled ${this.label}`);
    const left = this.left;
    if (left) sum += left.sum();
    const right = this.right;
    if (right) sum += right.sum();
    return sum;
  }
}

function grow(from: i32, to: i32): Tree | null {
  if (from >= to) return null;
  const middle = (from + to) / 2;
  const tree = new Tree(middle);
  tree.left = grow(from, middle);
  tree.right = grow(middle + 1, to);
  return tree;
}

function allocation(random: Random): void {
  const trees = new Chan<Tree>(2);
  const n = 1 + random.below(4);
  const size = 10 + random.below(60);
  for (let i = 0; i < n; i++) {
    go(() => {
      trees.send(grow(0, size)!);
    });
  }
  let sum: i64 = 0;
  for (let i = 0; i < n; i++) sum += trees.recv().sum();
  expect("sum of trees", sum, (<i64>n * size * (size - 1)) / 2);
  totals.objects.add(n * size);
}

// Deep stacks that park and move between Ms.

function deep(random: Random, depth: i32): i64 {
  if (depth == 0) return 0;
  if (random.below(40) == 0) gosched();
  const below = deep(random, depth - 1);
  if (random.below(40) == 0) sleep(random.below(50) * Microsecond);
  return below + depth;
}

function stacks(random: Random): void {
  const results = new Chan<i64>();
  const n = 1 + random.below(4);
  const depth = 1 + random.below(300);
  for (let i = 0; i < n; i++) {
    const mine = random.child();
    go(() => {
      results.send(deep(mine, depth));
    });
  }
  let sum: i64 = 0;
  for (let i = 0; i < n; i++) sum += results.recv();
  expect("sum over deep stacks", sum, (<i64>n * depth * (depth + 1)) / 2);
}

function job(kind: i32, random: Random, wg: WaitGroup): void {
  switch (kind) {
    case 0:
      spawnTree(random);
      break;
    case 1:
      channels(random);
      break;
    case 2:
      selects(random);
      break;
    case 3:
      duplicates(random);
      break;
    case 4:
      timers(random);
      break;
    case 5:
      locks(random);
      break;
    case 6:
      conditions(random);
      break;
    case 7:
      pools(random);
      break;
    case 8:
      allocation(random);
      break;
    case 9:
      stacks(random);
      break;
    case 10:
      threads(random);
      break;
    case 11:
      blockers(random);
      break;
    case 12:
      hogs(random);
      break;
    case 13:
      resizing(random);
      break;
    default:
      computation(random);
  }
  totals.jobs.add(1);
  wg.done();
}

const KINDS = 15;

/** The seed, the round and its age, for whoever looks at a program that hangs. */
const progress = new Atomic<i64>();

function watch(): void {
  let last: i64 = -1;
  for (;;) {
    sleep(30 * Second);
    const round = progress.load();
    if (round == last) {
      println(`round ${round} has not ended in 30 seconds; ${numGoroutine()} goroutines are left`);
      exit(1);
    }
    last = round;
  }
}

export function main(): void {
  const list = args();
  const seconds = list.length > 0 ? I64.parseInt(list[0]) : 60;
  const seed = list.length > 1 ? U64.parseInt(list[1]) : <u64>now();
  println(`seed ${seed}, ${seconds} s, ${gomaxprocs(0)} Ps`);
  const random = new Random(seed);
  const until = now() + seconds * Second;
  if (list.length > 2 && list[2] == "changing") resize.store(1);
  go(watch());
  while (now() < until) {
    const round = progress.add(1);
    if (resize.load() != 0) gomaxprocs(1 + random.below(8));
    const jobs = 1 + random.below(24);
    const wg = new WaitGroup();
    wg.add(jobs);
    for (let i = 0; i < jobs; i++) go(job(random.below(KINDS), random.child(), wg));
    wg.wait();
    // What the jobs started ends soon after them: only the watch and main are left.
    for (let i = 0; i < 10000 && numGoroutine() > 2; i++) sleep(100 * Microsecond);
    expect(`goroutines left after round ${round}`, numGoroutine(), 2);
  }
  println(`${progress.load()} rounds, ${totals.jobs.load()} jobs, all counts exact`);
  println(
    `at least ${totals.goroutines.load()} goroutines, ${totals.messages.load()} messages, ${totals.selects.load()} selects, ` +
      `${totals.timers.load()} timers, ${totals.locks.load()} locks, ${totals.objects.load()} objects, ${totals.blockingCalls.load()} blocking calls`,
  );
}
