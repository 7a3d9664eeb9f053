// A Mutex lets one goroutine at a time through, may be unlocked by any, and starves nobody.

import {
  go,
  Chan,
  Mutex,
  WaitGroup,
  Atomic,
  gosched,
  sleep,
  now,
  Microsecond,
  Millisecond,
  Second,
  println,
} from "skein";
import { check, same, settle } from "../expect";

function oneGoroutineAtATime(): void {
  const mutex = new Mutex();
  const wg = new WaitGroup();
  const inside = new Atomic<i32>();
  let total = new StaticArray<i32>(1);
  for (let g = 0; g < 10; g++) {
    wg.add();
    go(() => {
      for (let i = 0; i < 500; i++) {
        mutex.lock();
        same(inside.add(1), 1, "goroutines inside");
        const before = total[0];
        if (i % 50 == 0) gosched();
        total[0] = before + 1;
        inside.add(-1);
        mutex.unlock();
      }
      wg.done();
    });
  }
  wg.wait();
  same(total[0], 5000, "increments");
}

function tryLockNeverWaits(): void {
  const mutex = new Mutex();
  check(mutex.tryLock(), "a free mutex");
  check(!mutex.tryLock(), "a locked mutex");
  mutex.unlock();
  check(mutex.tryLock(), "a free mutex again");
  const result = new Chan<bool>();
  go(() => {
    result.send(mutex.tryLock());
  });
  check(!result.recv(), "from another goroutine");
  mutex.unlock();
}

function anyGoroutineMayUnlock(): void {
  const mutex = new Mutex();
  mutex.lock();
  go(() => {
    settle();
    mutex.unlock();
  });
  mutex.lock();
  mutex.unlock();
}

function waitersGetInOneByOne(): void {
  const mutex = new Mutex();
  const order = new Chan<i32>(10);
  mutex.lock();
  for (let i = 0; i < 10; i++) {
    go(() => {
      mutex.lock();
      order.send(i);
      mutex.unlock();
    });
  }
  settle();
  same(order.length, 0, "nobody got in");
  mutex.unlock();
  let sum = 0;
  for (let i = 0; i < 10; i++) sum += order.recv();
  same(sum, 45, "everybody got in");
}

let stop = false;

/** Holds the mutex nearly all the time. */
function hog(mutex: Mutex, stopped: Chan<bool>): void {
  while (!stop) {
    mutex.lock();
    sleep(100 * Microsecond);
    mutex.unlock();
  }
  stopped.send(true);
}

function aWaiterIsNotStarved(): void {
  const mutex = new Mutex();
  const stopped = new Chan<bool>();
  for (let i = 0; i < 2; i++) go(hog(mutex, stopped));
  const start = now();
  for (let i = 0; i < 10; i++) {
    sleep(100 * Microsecond);
    mutex.lock();
    mutex.unlock();
  }
  check(now() - start < 10 * Second, "ten locks against goroutines that hold the mutex nearly always");
  stop = true;
  for (let i = 0; i < 2; i++) stopped.recv();
}

/** A hog lets others run while it holds the mutex, and takes it again at once: only a hand-over lets them in. */
function computingHog(mutex: Mutex, until: Atomic<i32>): void {
  while (until.load() == 0) {
    mutex.lock();
    gosched();
    const end = now() + 50 * Microsecond;
    while (now() < end) {}
    mutex.unlock();
  }
}

function aWaiterIsNotStarvedByAComputation(): void {
  const mutex = new Mutex();
  const flag = new Atomic<i32>();
  go(computingHog(mutex, flag));
  sleep(2 * Millisecond);
  const start = now();
  for (let i = 0; i < 10; i++) {
    mutex.lock();
    mutex.unlock();
  }
  check(now() - start < 10 * Second, "ten locks against a goroutine that computes");
  flag.store(1);
}

class Account {
  balance: i64 = 1000;
  mutex: Mutex = new Mutex();
}

function transfer(from: Account, to: Account, amount: i64): void {
  from.mutex.lock();
  from.balance -= amount;
  from.mutex.unlock();
  gosched();
  to.mutex.lock();
  to.balance += amount;
  to.mutex.unlock();
}

function mutexesInObjects(): void {
  const accounts: Account[] = [];
  for (let i = 0; i < 10; i++) accounts.push(new Account());
  const wg = new WaitGroup();
  for (let g = 0; g < 20; g++) {
    wg.add();
    go(() => {
      for (let i = 0; i < 100; i++) transfer(accounts[(g + i) % 10], accounts[(g * 3 + i * 7 + 1) % 10], i);
      wg.done();
    });
  }
  wg.wait();
  let sum: i64 = 0;
  for (let i = 0; i < 10; i++) sum += accounts[i].balance;
  same(sum, 10000, "money");
}

export function main(): void {
  oneGoroutineAtATime();
  tryLockNeverWaits();
  anyGoroutineMayUnlock();
  waitersGetInOneByOne();
  aWaiterIsNotStarved();
  aWaiterIsNotStarvedByAComputation();
  mutexesInObjects();
  println("ok");
}
