// A blocking call keeps its M and gives up its P; what is allowed elsewhere is allowed inside it.

import {
  blocking,
  go,
  goexit,
  goid,
  gosched,
  println,
  sleep,
  sleepBlocking,
  now,
  threadId,
  Chan,
  Mutex,
  Select,
  WaitGroup,
  Millisecond,
  Second,
} from "skein";
import { check, same } from "../expect";

/** Holds its thread until told, without a safepoint's help: what it waits for is done by others. */
function holdUntilTold(started: Chan<bool>, flag: StaticArray<i32>): void {
  started.send(true);
  while (atomic.load<i32>(changetype<usize>(flag)) == 0) sleepBlocking(Millisecond);
}

/** Were the P kept, the goroutine that ends the call would never run on one P. */
function othersRunDuringACall(): void {
  const flag = new StaticArray<i32>(1);
  const started = new Chan<bool>(1);
  const done = new Chan<bool>();
  go(() => {
    blocking(holdUntilTold(started, flag));
    done.send(true);
  });
  started.recv();
  let turns = 0;
  for (const until = now() + 20 * Second; turns < 1000 && now() < until; turns++) gosched();
  same(turns, 1000, "turns of others");
  atomic.store<i32>(changetype<usize>(flag), 1);
  done.recv();
}

function manyCallsAtOnceTakeAsLongAsOne(): void {
  const wg = new WaitGroup();
  const start = now();
  wg.add(8);
  for (let i = 0; i < 8; i++) {
    go(() => {
      const before = now();
      sleepBlocking(100 * Millisecond);
      check(now() - before >= 100 * Millisecond, "it blocks for as long as it is told");
      wg.done();
    });
  }
  wg.wait();
  // One after the other they would take 800 ms at the least; a slow machine takes some time to start eight threads.
  check(now() - start < 8 * Second, "eight calls of 100 ms take place at once");
}

function sleepBlockingOfNothingReturnsAtOnce(): void {
  sleepBlocking(0);
  sleepBlocking(-5 * Second);
}

class Account {
  balance: i32 = 0;

  pay(amount: i32): void {
    sleepBlocking(Millisecond);
    this.balance += amount;
  }
}

/** The forms of go, except that the caller waits. */
function aCallReturnsWhenItIsOver(): void {
  const account = new Account();
  let amount = 3;
  blocking(account.pay(amount));
  amount = 4;
  same(account.balance, 3, "after a method");
  blocking(() => {
    account.pay(amount);
  });
  same(account.balance, 7, "after a body");
}

function nested(account: Account): void {
  blocking(account.pay(1));
  blocking(account.pay(1));
  sleepBlocking(Millisecond);
}

function callsNest(): void {
  const account = new Account();
  blocking(nested(account));
  same(account.balance, 2, "payments");
}

function talk(input: Chan<i32>, output: Chan<i32>): void {
  for (let r = input.range(); r.next();) output.send(r.value * 2);
  output.close();
}

/** A goroutine may park inside of a blocking call, and be woken again and again. */
function channelsWorkInside(): void {
  const input = new Chan<i32>();
  const output = new Chan<i32>();
  go(() => {
    const id = goid();
    blocking(talk(input, output));
    same(goid(), id, "the goroutine after the call");
  });
  go(() => {
    for (let i = 0; i < 100; i++) input.send(i);
    input.close();
  });
  let sum = 0;
  for (let r = output.range(); r.next();) sum += r.value;
  same(sum, 9900, "what came back");
}

function useEverything(mutex: Mutex, results: Chan<i32>): void {
  for (let i = 0; i < 50; i++) {
    mutex.lock();
    if (i % 8 == 0) gosched();
    mutex.unlock();
    if (i % 16 == 0) sleep(Millisecond / 10);
  }
  const select = new Select();
  select.send<i32>(results, 1);
  select.wait();
}

function locksSelectsTimersAndYieldsWorkInside(): void {
  const mutex = new Mutex();
  const results = new Chan<i32>();
  for (let i = 0; i < 6; i++) {
    go(() => {
      if (i % 2 == 0) blocking(useEverything(mutex, results));
      else useEverything(mutex, results);
    });
  }
  let sum = 0;
  for (let i = 0; i < 6; i++) sum += results.recv();
  same(sum, 6, "results");
}

function start(ch: Chan<i32>): void {
  for (let i = 0; i < 10; i++) {
    go(() => {
      ch.send(i);
    });
  }
}

function goroutinesMayBeStartedInside(): void {
  const ch = new Chan<i32>();
  blocking(start(ch));
  let sum = 0;
  for (let i = 0; i < 10; i++) sum += ch.recv();
  same(sum, 45, "what they sent");
}

/** Ends the goroutine in the middle of the call; the M goes on with others. */
function goexitInsideEndsTheGoroutine(): void {
  for (let round = 0; round < 4; round++) {
    const ended = new Chan<i32>(2);
    go(() => {
      blocking(() => {
        ended.send(1);
        goexit();
      });
      ended.send(2);
    });
    same(ended.recv(), 1, "inside");
    sleep(Millisecond);
    ended.tryRecv();
    same(ended.length, 0, "nothing after goexit");
    const wg = new WaitGroup();
    wg.add(4);
    for (let i = 0; i < 4; i++) go(wg.done());
    wg.wait();
  }
}

let sink: i64 = 0;

/** A computation inside of a call takes no P, however long it is. */
function computingInsideKeepsNobodyWaiting(): void {
  const over = new StaticArray<i32>(1);
  const done = new Chan<bool>();
  go(() => {
    blocking(() => {
      while (atomic.load<i32>(changetype<usize>(over)) == 0) sink++;
    });
    done.send(true);
  });
  const ch = new Chan<i32>();
  go(() => {
    for (let i = 0; i < 100; i++) ch.send(i);
  });
  for (let i = 0; i < 100; i++) same(ch.recv(), i, "what is sent beside it");
  sleep(20 * Millisecond);
  atomic.store<i32>(changetype<usize>(over), 1);
  done.recv();
}

export function main(): void {
  check(threadId() >= 0, "there is a thread");
  othersRunDuringACall();
  manyCallsAtOnceTakeAsLongAsOne();
  sleepBlockingOfNothingReturnsAtOnce();
  aCallReturnsWhenItIsOver();
  callsNest();
  channelsWorkInside();
  locksSelectsTimersAndYieldsWorkInside();
  goroutinesMayBeStartedInside();
  goexitInsideEndsTheGoroutine();
  computingInsideKeepsNobodyWaiting();
  println("ok");
}
