// A WaitGroup waits until its counter is back at zero; a Once runs one call, which all others wait for.

import { go, Chan, WaitGroup, Once, Atomic, gosched, sleep, Millisecond, println } from "skein";
import { check, same, settle } from "../expect";

function waitReturnsAtOnceAtZero(): void {
  const wg = new WaitGroup();
  wg.wait();
  wg.add();
  wg.done();
  wg.wait();
  wg.add(0);
  wg.wait();
}

function everyWaiterIsWoken(): void {
  const wg = new WaitGroup();
  const woken = new Chan<i32>(5);
  wg.add(3);
  for (let i = 0; i < 5; i++) {
    go(() => {
      wg.wait();
      woken.send(i);
    });
  }
  wg.done();
  wg.add(-1);
  settle();
  same(woken.length, 0, "waiters woken too early");
  wg.done();
  let sum = 0;
  for (let i = 0; i < 5; i++) sum += woken.recv();
  same(sum, 10, "waiters woken");
}

function aWaitGroupIsUsedAgain(): void {
  const wg = new WaitGroup();
  const counter = new Atomic<i32>();
  for (let round = 1; round <= 50; round++) {
    wg.add(10);
    for (let i = 0; i < 10; i++) {
      go(() => {
        counter.add(1);
        wg.done();
      });
    }
    wg.wait();
    same(counter.load(), round * 10, "goroutines that are done");
  }
}

function goroutinesMayAddMore(): void {
  const wg = new WaitGroup();
  const counter = new Atomic<i32>();
  wg.add();
  go(branch(wg, counter, 8));
  wg.wait();
  same(counter.load(), 511, "nodes of a tree eight levels deep");
}

function branch(wg: WaitGroup, counter: Atomic<i32>, depth: i32): void {
  counter.add(1);
  if (depth > 0) {
    wg.add(2);
    go(branch(wg, counter, depth - 1));
    go(branch(wg, counter, depth - 1));
  }
  wg.done();
}

let calls = 0;

function slowly(by: i32): void {
  sleep(5 * Millisecond);
  calls += by;
}

function aOnceRunsOneCallAndTheOthersWaitForIt(): void {
  const once = new Once();
  const wg = new WaitGroup();
  for (let i = 0; i < 20; i++) {
    wg.add();
    go(() => {
      once.do(slowly(1));
      same(calls, 1, "calls when do returns");
      wg.done();
    });
  }
  wg.wait();
  once.do(slowly(100));
  same(calls, 1, "calls");
}

class Lazy {
  value: i32 = 0;
  once: Once = new Once();

  get(): i32 {
    this.once.do(this.compute(21));
    return this.value;
  }

  compute(half: i32): void {
    this.value += half * 2;
  }
}

function onceTakesTheFormsOfGo(): void {
  const lazy = new Lazy();
  same(lazy.get() + lazy.get(), 84, "a method");
  const once = new Once();
  const log: i32[] = [];
  let x = 1;
  for (let i = 0; i < 3; i++) {
    once.do(() => {
      log.push(x + i);
    });
    x = 10;
  }
  same(log.join(), "1", "a body, with what it captured the first time");
  const another = new Once();
  another.do(slowly(5));
  same(calls, 6, "a call");
}

function theCallRunsBeforeDoReturns(): void {
  const once = new Once();
  const log: string[] = [];
  log.push("before");
  once.do(() => {
    log.push("inside");
    gosched();
    log.push("still inside");
  });
  log.push("after");
  same(log.join(), "before,inside,still inside,after", "the order");
}

function oncesAreIndependent(): void {
  const inner = new Once();
  const outer = new Once();
  let log = new Array<i32>();
  outer.do(() => {
    inner.do(() => {
      log.push(1);
    });
    log.push(2);
  });
  same(log.join(), "1,2", "a Once inside another");
}

export function main(): void {
  waitReturnsAtOnceAtZero();
  everyWaiterIsWoken();
  aWaitGroupIsUsedAgain();
  goroutinesMayAddMore();
  aOnceRunsOneCallAndTheOthersWaitForIt();
  onceTakesTheFormsOfGo();
  theCallRunsBeforeDoReturns();
  oncesAreIndependent();
  check(calls == 6, "no call came late");
  println("ok");
}
