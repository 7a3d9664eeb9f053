// Goroutines have numbers, are counted, end by themselves or by goexit, and can be as many as memory holds.

import {
  go,
  goexit,
  goid,
  gosched,
  numGoroutine,
  numCPU,
  Chan,
  WaitGroup,
  Atomic,
  sleep,
  Millisecond,
  println,
} from "skein";
import { check, same, within } from "../expect";

function report(ch: Chan<i64>): void {
  ch.send(goid());
}

function everyGoroutineHasANumberOfItsOwn(): void {
  same(goid(), 1, "main's number");
  const ch = new Chan<i64>();
  const seen = new Set<i64>();
  seen.add(goid());
  for (let i = 0; i < 100; i++) {
    go(report(ch));
    const id = ch.recv();
    check(id > 1, `${id} is a number after main's`);
    check(!seen.has(id), `${id} is used once`);
    seen.add(id);
  }
  same(goid(), 1, "main's number later");
}

/** Waits until the goroutines that have nothing more to do have also ended. */
function untilGoroutines(n: i32): void {
  for (let i = 0; i < 20000 && numGoroutine() != n; i++) sleep(Millisecond);
  same(numGoroutine(), n, "live goroutines");
}

function wait(gate: Chan<bool>): void {
  gate.recv();
}

function liveGoroutinesAreCounted(): void {
  untilGoroutines(1);
  const gate = new Chan<bool>();
  for (let i = 0; i < 10; i++) {
    go(wait(gate));
    same(numGoroutine(), i + 2, "from the moment of go");
  }
  gate.close();
  untilGoroutines(1);
}

function leave(depth: i32): i32 {
  if (depth == 0) goexit();
  return leave(depth - 1) + 1;
}

function leaveLate(gate: Chan<bool>): void {
  gate.recv();
  leave(20);
}

let reached = 0;

function goexitEndsOnlyTheGoroutineThatCallsIt(): void {
  const gate = new Chan<bool>();
  for (let i = 0; i < 5; i++) {
    go(() => {
      leave(5);
      reached++;
    });
    go(leaveLate(gate));
  }
  gate.close();
  untilGoroutines(1);
  same(reached, 0, "what stands after goexit");
}

const visits = new Chan<i32>(1000);

function visit(turns: i32): void {
  for (let i = 0; i < turns; i++) {
    visits.send(i);
    gosched();
  }
}

function aYieldingGoroutineRunsOn(): void {
  for (let i = 0; i < 10; i++) go(visit(50));
  let sum = 0;
  for (let i = 0; i < 500; i++) sum += visits.recv();
  same(sum, 10 * 1225, "the turns of ten goroutines");
}

function aHundredThousandGoroutinesMayBeParked(): void {
  untilGoroutines(1);
  const n = 100000;
  const gate = new Chan<bool>();
  const wg = new WaitGroup();
  const sum = new Atomic<i64>();
  wg.add(n);
  for (let i = 0; i < n; i++) {
    go(() => {
      gate.recv();
      sum.add(i);
      wg.done();
    });
  }
  same(numGoroutine(), n + 1, "all of them live");
  gate.close();
  wg.wait();
  same<i64>(sum.load(), 4999950000, "each ran to its end once");
  untilGoroutines(1);
}

const deepest = new Chan<i64>();

function descend(depth: i64): i64 {
  if (depth == 0) return deepest.recv();
  const here = depth * 3;
  const below = descend(depth - 1);
  return below + here - depth * 2;
}

function aGoroutineMayParkAThousandCallsDeep(): void {
  const results = new Chan<i64>();
  for (let i = 0; i < 8; i++) {
    go(() => {
      results.send(descend(1000 + i));
    });
  }
  for (let i = 0; i < 8; i++) deepest.send(1000000);
  let sum: i64 = 0;
  let want: i64 = 0;
  for (let i: i64 = 0; i < 8; i++) {
    sum += results.recv();
    want += 1000000 + ((1000 + i) * (1001 + i)) / 2;
  }
  same(sum, want, "what the frames held");
}

function plain(depth: i32): i32 {
  return depth == 0 ? 0 : plain(depth - 1) + 1;
}

function aGoroutineMayRecurseAThousandCallsDeep(): void {
  same(plain(5000), 5000, "on main");
  const results = new Chan<i32>();
  go(() => {
    results.send(plain(5000));
  });
  same(results.recv(), 5000, "on another goroutine");
}

export function main(): void {
  check(numCPU() >= 1, "there is a processor");
  within(numCPU(), 1, 4096, "processors");
  everyGoroutineHasANumberOfItsOwn();
  liveGoroutinesAreCounted();
  goexitEndsOnlyTheGoroutineThatCallsIt();
  aYieldingGoroutineRunsOn();
  aHundredThousandGoroutinesMayBeParked();
  aGoroutineMayParkAThousandCallsDeep();
  aGoroutineMayRecurseAThousandCallsDeep();
  println("ok");
}
