// A Pool runs what is submitted on a bounded number of workers; submit waits while all are busy.

import { go, Chan, Pool, Atomic, WaitGroup, gosched, sleep, numGoroutine, Millisecond, println } from "skein";
import { check, same, settle, within } from "../expect";

const done = new Atomic<i32>();
const inside = new Atomic<i32>();
const most = new Atomic<i32>();

function work(n: i32): void {
  const now = inside.add(1);
  let seen = most.load();
  while (now > seen && !most.cas(seen, now)) seen = most.load();
  for (let i = 0; i < n; i++) gosched();
  inside.add(-1);
  done.add(1);
}

function fresh(): void {
  done.store(0);
  inside.store(0);
  most.store(0);
}

function noMoreThanItsSizeRunAtOnce(): void {
  fresh();
  const pool = new Pool(4);
  for (let i = 0; i < 200; i++) {
    pool.submit(work(3));
    within(pool.running(), 0, 4, "workers that run");
  }
  pool.wait();
  same(done.load(), 200, "what was submitted");
  within(most.load(), 1, 4, "the most at once");
  same(pool.running(), 0, "workers that run in the end");
  same(pool.free(), 4, "workers that are free in the end");
  pool.release();
}

function waiting(gate: Chan<bool>): void {
  inside.add(1);
  gate.recv();
  inside.add(-1);
  done.add(1);
}

function submitBlocksWhileAllAreBusy(): void {
  fresh();
  const pool = new Pool(2);
  const gate = new Chan<bool>();
  const submitted = new Atomic<i32>();
  go(() => {
    for (let i = 0; i < 5; i++) {
      pool.submit(waiting(gate));
      submitted.add(1);
    }
  });
  while (inside.load() < 2) settle();
  settle();
  same(submitted.load(), 2, "submitted while two can run");
  same(inside.load(), 2, "inside");
  same(pool.running(), 2, "running");
  same(pool.free(), 0, "free");
  gate.send(true);
  while (submitted.load() < 3) settle();
  same(submitted.load(), 3, "submitted after one ended");
  gate.close();
  while (submitted.load() < 5) settle();
  pool.wait();
  same(done.load(), 5, "done");
}

class Adder {
  total: Atomic<i32> = new Atomic<i32>();

  add(n: i32): void {
    this.total.add(n);
  }

  addAll(pool: Pool): void {
    for (let i = 0; i < 10; i++) {
      pool.submit(() => {
        this.total.add(i);
      });
    }
  }
}

function submitTakesTheFormsOfGo(): void {
  const pool = new Pool(3);
  const adder = new Adder();
  for (let i = 0; i < 10; i++) pool.submit(adder.add(i));
  adder.addAll(pool);
  const x = 1000;
  pool.submit(() => {
    adder.add(x);
  });
  pool.wait();
  same(adder.total.load(), 1090, "calls, methods and bodies");
}

function waitIsForAllThatWasSubmitted(): void {
  fresh();
  const pool = new Pool(3);
  pool.wait();
  const wg = new WaitGroup();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 9; i++) pool.submit(work(i));
    for (let w = 0; w < 3; w++) {
      wg.add();
      go(() => {
        pool.wait();
        check(done.load() >= (round + 1) * 9, "all of the round is done");
        wg.done();
      });
    }
    wg.wait();
  }
  same(done.load(), 27, "done");
}

function tuneSetsTheSizeForWhatStartsLater(): void {
  fresh();
  const pool = new Pool(2);
  const gate = new Chan<bool>();
  pool.submit(waiting(gate));
  pool.submit(waiting(gate));
  pool.tune(4);
  pool.submit(waiting(gate));
  pool.submit(waiting(gate));
  while (inside.load() < 4) settle();
  same(pool.running(), 4, "running after tune(4)");
  pool.tune(1);
  settle();
  same(inside.load(), 4, "those that run go on after tune(1)");
  const submitted = new Atomic<i32>();
  go(() => {
    pool.submit(waiting(gate));
    submitted.store(1);
  });
  for (let i = 0; i < 3; i++) gate.send(true);
  while (inside.load() > 1) settle();
  settle();
  same(submitted.load(), 0, "one still runs, and one may");
  gate.send(true);
  while (submitted.load() == 0) settle();
  gate.send(true);
  pool.wait();
  same(done.load(), 5, "done");
  same(pool.free(), 1, "free after tune(1)");
}

function aLargerSizeLetsAWaitingSubmitGoOn(): void {
  fresh();
  const pool = new Pool(1);
  const gate = new Chan<bool>();
  const submitted = new Chan<bool>();
  pool.submit(waiting(gate));
  go(() => {
    pool.submit(waiting(gate));
    submitted.send(true);
  });
  settle();
  pool.tune(2);
  submitted.recv();
  gate.close();
  pool.wait();
  same(done.load(), 2, "done");
}

function releaseLetsWhatRunsEnd(): void {
  fresh();
  const pool = new Pool(2);
  pool.submit(work(5));
  pool.submit(work(5));
  pool.release();
  pool.wait();
  same(done.load(), 2, "done");
}

function workMayParkAndSubmit(): void {
  fresh();
  const pool = new Pool(4);
  const inner = new Pool(2);
  for (let i = 0; i < 20; i++) {
    pool.submit(() => {
      sleep(Millisecond / 10);
      inner.submit(work(1));
    });
  }
  pool.wait();
  inner.wait();
  same(done.load(), 20, "done");
}

export function main(): void {
  noMoreThanItsSizeRunAtOnce();
  submitBlocksWhileAllAreBusy();
  submitTakesTheFormsOfGo();
  waitIsForAllThatWasSubmitted();
  tuneSetsTheSizeForWhatStartsLater();
  aLargerSizeLetsAWaitingSubmitGoOn();
  releaseLetsWhatRunsEnd();
  workMayParkAndSubmit();
  for (let i = 0; i < 20000 && numGoroutine() > 1; i++) sleep(Millisecond);
  same(numGoroutine(), 1, "the user's goroutines in the end");
  println("ok");
}
