// Memory that goroutines share, and what guards it.

import { Atomic, Chan, Cond, gosched, Mutex, println, Semaphore, WaitGroup } from "skein";
import { background } from "skein/context";
import { onceValue, SyncMap, Weighted } from "skein/sync";

class Counters {
  private readonly mutex: Mutex = new Mutex();
  private readonly counts: Map<string, i32> = new Map<string, i32>();

  inc(name: string): void {
    this.mutex.lock();
    this.counts.set(name, this.get(name) + 1);
    this.mutex.unlock();
  }

  get(name: string): i32 {
    return this.counts.has(name) ? this.counts.get(name) : 0;
  }
}

export function mutexCounters(): void {
  const counters = new Counters();
  const wg = new WaitGroup();
  for (const name of ["a", "a", "b"]) {
    wg.go(() => {
      for (let i = 0; i < 1000; i++) counters.inc(name);
    });
  }
  wg.wait();
  println(`a ${counters.get("a")} b ${counters.get("b")}`);
}

export function atomicCounters(): void {
  const ops = new Atomic<u64>();
  const wg = new WaitGroup();
  for (let i = 0; i < 50; i++) {
    wg.go(() => {
      for (let k = 0; k < 1000; k++) ops.add(1);
    });
  }
  wg.wait();
  println(`ops: ${ops.load()}`);
}

export function onceValues(): void {
  const config = onceValue<string>(() => {
    println("loading");
    return "config";
  });
  const wg = new WaitGroup();
  const seen = new Chan<string>(5);
  for (let i = 0; i < 5; i++) wg.go(() => seen.send(config()));
  wg.wait();
  seen.close();
  for (const s of seen) println(s);
}

export function philosophers(): void {
  const n = 5;
  const forks: Mutex[] = [];
  for (let i = 0; i < n; i++) forks.push(new Mutex());
  const meals = new Atomic<i32>();
  const wg = new WaitGroup();
  for (let i = 0; i < n; i++) {
    wg.go(() => {
      // The lower one first, so nobody waits for ever.
      const first = min(i, (i + 1) % n);
      const second = max(i, (i + 1) % n);
      for (let meal = 0; meal < 3; meal++) {
        forks[first].lock();
        forks[second].lock();
        meals.add(1);
        gosched();
        forks[second].unlock();
        forks[first].unlock();
      }
    });
  }
  wg.wait();
  println(`${meals.load()} meals`);
}

class Buffer {
  private readonly mutex: Mutex;
  private readonly notFull: Cond;
  private readonly notEmpty: Cond;
  private readonly items: i32[] = [];

  constructor(private readonly size: i32) {
    const mutex = new Mutex();
    this.mutex = mutex;
    this.notFull = new Cond(mutex);
    this.notEmpty = new Cond(mutex);
  }

  put(item: i32): void {
    this.mutex.lock();
    while (this.items.length == this.size) this.notFull.wait();
    this.items.push(item);
    this.notEmpty.signal();
    this.mutex.unlock();
  }

  take(): i32 {
    this.mutex.lock();
    while (this.items.length == 0) this.notEmpty.wait();
    const item = this.items.shift();
    this.notFull.signal();
    this.mutex.unlock();
    return item;
  }
}

export function boundedBuffer(): void {
  const buffer = new Buffer(3);
  const total = new Atomic<i32>();
  const wg = new WaitGroup();
  for (let p = 0; p < 4; p++) {
    wg.go(() => {
      for (let i = 1; i <= 100; i++) buffer.put(i);
    });
    wg.go(() => {
      for (let i = 0; i < 100; i++) total.add(buffer.take());
    });
  }
  wg.wait();
  println(`${total.load()}`);
}

export function semaphore(): void {
  const places = new Semaphore(3);
  const weights = new Weighted(10);
  const running = new Atomic<i32>();
  const most = new Atomic<i32>();
  const wg = new WaitGroup();
  for (let i = 0; i < 20; i++) {
    wg.go(() => {
      places.acquire();
      const now = running.add(1);
      for (let seen = most.load(); now > seen; seen = most.load()) if (most.cas(seen, now)) break;
      gosched();
      running.add(-1);
      places.release();
      weights.acquire(background(), 1 + (i % 3));
      weights.release(1 + (i % 3));
    });
  }
  wg.wait();
  println(`${most.load() <= 3} ${weights.tryAcquire(10)} ${weights.tryAcquire(1)}`);
}

export function sharedMap(): void {
  const map = new SyncMap<string, i32>();
  const wg = new WaitGroup();
  for (let i = 0; i < 10; i++) wg.go(() => map.store(`k${i % 4}`, i % 4));
  wg.wait();
  const lines: string[] = [];
  map.range((key, value) => {
    lines.push(`${key}=${value}`);
    return true;
  });
  lines.sort();
  println(lines.join(" "));
  println(`${map.loadOrStore("k0", 9)} ${map.loadOrStore("new", 9)} ${map.has("gone")}`);
}
