// A deadlock of goroutines that wait for everything there is. The line on which one waits says for what, in brackets.

import { go, println, Chan, Cond, Mutex, RWMutex, Select, Semaphore, WaitGroup } from "skein";

const mutex = new Mutex();
const rw = new RWMutex();

function receives(): void {
  new Chan<i32>().recv(); // [chan receive]
}

function sends(): void {
  new Chan<i32>().send(1); // [chan send]
}

function selects(): void {
  const select = new Select();
  select.recv<i32>(new Chan<i32>());
  select.wait(); // [select]
}

function selectsNothing(): void {
  new Select().wait(); // [select (no cases)]
}

function locks(): void {
  mutex.lock(); // [sync.Mutex.Lock]
}

function writes(): void {
  rw.lock(); // [sync.RWMutex.Lock]
}

function waitsForACondition(): void {
  const cond = new Cond();
  cond.mutex.lock();
  cond.wait(); // [sync.Cond.Wait]
}

function acquires(): void {
  const semaphore = new Semaphore(1);
  semaphore.acquire();
  semaphore.acquire(); // [semacquire]
}

function deep(depth: i32): void {
  if (depth > 0) deep(depth - 1);
  else rw.rlock(); // [sync.RWMutex.RLock]
}

export function main(): void {
  const wg = new WaitGroup();
  wg.add();
  mutex.lock();
  rw.lock();
  go(receives());
  go(sends());
  go(selects());
  go(selectsNothing());
  go(locks());
  go(writes());
  go(waitsForACondition());
  go(acquires());
  go(deep(3));
  println("begin");
  wg.wait(); // [sync.WaitGroup.Wait]
}
