// Cond wakes its waiters in the order they came; so does Semaphore, whatever they asked for.

import { go, Chan, Cond, Mutex, Semaphore, WaitGroup, Atomic, gosched, println } from "skein";
import { check, same, settle } from "../expect";

/** Starts a goroutine that waits, and returns when it does. */
function startWaiter(cond: Cond, name: i32, woken: Chan<i32>): void {
  const ready = new Chan<bool>();
  go(() => {
    cond.mutex.lock();
    ready.send(true);
    cond.wait();
    woken.send(name);
    cond.mutex.unlock();
  });
  ready.recv();
  // The waiter holds the mutex until it waits.
  cond.mutex.lock();
  cond.mutex.unlock();
}

function signalWakesTheFirst(): void {
  const cond = new Cond();
  const woken = new Chan<i32>(10);
  for (let i = 0; i < 5; i++) startWaiter(cond, i, woken);
  settle();
  same(woken.length, 0, "woken without a signal");
  for (let i = 0; i < 5; i++) {
    cond.signal();
    same(woken.recv(), i, "the one that waits longest");
    same(woken.length, 0, "only one is woken");
  }
  cond.signal();
  settle();
  same(woken.length, 0, "a signal for nobody is lost");
  startWaiter(cond, 9, woken);
  settle();
  same(woken.length, 0, "and wakes nobody later");
  cond.broadcast();
  same(woken.recv(), 9, "the last");
}

function broadcastWakesAll(): void {
  const mutex = new Mutex();
  const cond = new Cond(mutex);
  check(cond.mutex == mutex, "the mutex that was given");
  const woken = new Chan<i32>(10);
  for (let i = 0; i < 6; i++) startWaiter(cond, i, woken);
  mutex.lock();
  cond.broadcast();
  settle();
  same(woken.length, 0, "woken, but the mutex is held");
  mutex.unlock();
  let sum = 0;
  for (let i = 0; i < 6; i++) sum += woken.recv();
  same(sum, 15, "all are woken");
}

class Queue {
  items: i32[] = [];
  cond: Cond = new Cond();

  put(v: i32): void {
    this.cond.mutex.lock();
    this.items.push(v);
    this.cond.mutex.unlock();
    this.cond.signal();
  }

  take(): i32 {
    this.cond.mutex.lock();
    while (this.items.length == 0) this.cond.wait();
    const v = this.items.shift();
    this.cond.mutex.unlock();
    return v;
  }
}

function aQueueOfACondLosesNothing(): void {
  const queue = new Queue();
  const wg = new WaitGroup();
  const sum = new Atomic<i64>();
  for (let g = 0; g < 5; g++) {
    wg.add(2);
    go(() => {
      for (let i = 0; i < 500; i++) queue.put(i);
      wg.done();
    });
    go(() => {
      for (let i = 0; i < 500; i++) sum.add(queue.take());
      wg.done();
    });
  }
  wg.wait();
  same<i64>(sum.load(), 5 * 124750, "the sum of what was taken");
}

function aSemaphoreLetsNIn(): void {
  const semaphore = new Semaphore(3);
  const inside = new Atomic<i32>();
  const most = new Atomic<i32>();
  const wg = new WaitGroup();
  for (let g = 0; g < 20; g++) {
    wg.add();
    go(() => {
      semaphore.acquire();
      const n = inside.add(1);
      check(n <= 3, "at most three are inside");
      if (n == 3) most.store(3);
      // Who is first stays until two more are there, however far apart they start.
      while (most.load() != 3) gosched();
      for (let i = 0; i < 5; i++) gosched();
      inside.add(-1);
      semaphore.release();
      wg.done();
    });
  }
  wg.wait();
  same(most.load(), 3, "and three were");
  check(semaphore.tryAcquire(3), "all are free in the end");
  semaphore.release(3);
}

function tryAcquireNeverWaits(): void {
  const semaphore = new Semaphore(5);
  check(semaphore.tryAcquire(), "one");
  check(semaphore.tryAcquire(4), "four more");
  check(!semaphore.tryAcquire(), "none left");
  semaphore.release(2);
  check(!semaphore.tryAcquire(3), "not enough");
  check(semaphore.tryAcquire(2), "enough");
  semaphore.release(5);
}

function acquirersAreServedInOrder(): void {
  const semaphore = new Semaphore(4);
  const order = new Chan<i32>(10);
  semaphore.acquire(4);
  for (let i = 1; i <= 3; i++) {
    go(() => {
      semaphore.acquire(4 - i);
      order.send(4 - i);
    });
    settle();
  }
  semaphore.release(2);
  settle();
  same(order.length, 0, "the one that wants three is first, and keeps the others waiting");
  check(!semaphore.tryAcquire(), "tryAcquire does not overtake");
  semaphore.release(1);
  same(order.recv(), 3, "the first");
  settle();
  same(order.length, 0, "the others have to wait on");
  semaphore.release(1);
  settle();
  same(order.length, 0, "the second wants two");
  semaphore.release(1);
  same(order.recv(), 2, "the second");
  semaphore.release(1);
  same(order.recv(), 1, "the third");
}

function oneReleaseServesSeveral(): void {
  const semaphore = new Semaphore(6);
  const wg = new WaitGroup();
  semaphore.acquire(6);
  wg.add(6);
  for (let i = 0; i < 6; i++) {
    go(() => {
      semaphore.acquire();
      wg.done();
    });
  }
  settle();
  semaphore.release(6);
  wg.wait();
  check(!semaphore.tryAcquire(), "all six are taken");
}

export function main(): void {
  signalWakesTheFirst();
  broadcastWakesAll();
  aQueueOfACondLosesNothing();
  aSemaphoreLetsNIn();
  tryAcquireNeverWaits();
  acquirersAreServedInOrder();
  oneReleaseServesSeveral();
  println("ok");
}
