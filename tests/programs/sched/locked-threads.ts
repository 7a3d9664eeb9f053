// lockOSThread keeps a goroutine on its M through whatever it waits for, and leaves the P to others meanwhile.

import {
  blocking,
  go,
  goexit,
  gosched,
  lockOSThread,
  println,
  sleep,
  sleepBlocking,
  threadId,
  unlockOSThread,
  Atomic,
  Chan,
  Cond,
  Mutex,
  Select,
  WaitGroup,
  Microsecond,
  Millisecond,
} from "skein";
import { check, same } from "../expect";

/** Module-level statements are the beginning of goroutine 1: it may be locked before main. */
lockOSThread();
const threadOfMain = threadId();

function mainIsStillLocked(): void {
  for (let i = 0; i < 10; i++) {
    gosched();
    sleep(100 * Microsecond);
    same(threadId(), threadOfMain, "main's thread");
  }
  unlockOSThread();
}

let sink: i64 = 0;

/** Waits in every way there is, and looks each time where it is. */
function theThreadIsKept(): void {
  const done = new Chan<bool>();
  const mutex = new Mutex();
  const cond = new Cond(mutex);
  const ch = new Chan<i32>();
  const ready = new Atomic<i32>();
  go(() => {
    lockOSThread();
    const thread = threadId();
    gosched();
    same(threadId(), thread, "after gosched");
    sleep(Millisecond);
    same(threadId(), thread, "after a sleep");
    same(ch.recv(), 1, "a receive");
    same(threadId(), thread, "after a receive");
    ch.send(2);
    same(threadId(), thread, "after a send");
    const select = new Select();
    select.recv<i32>(ch);
    select.recv<i32>(null);
    select.wait();
    same(threadId(), thread, "after a select");
    mutex.lock();
    ready.store(1);
    cond.wait();
    mutex.unlock();
    same(threadId(), thread, "after a Cond");
    sleepBlocking(2 * Millisecond);
    same(threadId(), thread, "after a blocking call");
    blocking(sleep(Millisecond));
    same(threadId(), thread, "after a sleep in a blocking call");
    for (let i = 0; i < 100_000_000; i++) sink += i;
    same(threadId(), thread, "after a computation that others interrupted");
    unlockOSThread();
    done.send(true);
  });
  go(() => {
    for (let i = 0; i < 100_000_000; i++) sink ^= i;
    done.send(true);
  });
  ch.send(1);
  same(ch.recv(), 2, "what it sent");
  ch.send(3);
  while (ready.load() == 0) gosched();
  mutex.lock();
  cond.signal();
  mutex.unlock();
  done.recv();
  done.recv();
}

function locksNest(): void {
  const done = new Chan<bool>();
  go(() => {
    lockOSThread();
    lockOSThread();
    lockOSThread();
    const thread = threadId();
    unlockOSThread();
    unlockOSThread();
    for (let i = 0; i < 20; i++) {
      sleep(50 * Microsecond);
      same(threadId(), thread, "locked three times, unlocked twice");
    }
    unlockOSThread();
    unlockOSThread(); // one too many does nothing
    done.send(true);
  });
  done.recv();
}

/** On one P too: the locked goroutine's M hands the P on when it waits. */
function othersGoOn(): void {
  const gate = new Chan<bool>();
  const wg = new WaitGroup();
  for (let i = 0; i < 5; i++) {
    wg.add();
    go(() => {
      lockOSThread();
      gate.recv();
      wg.done();
    });
  }
  const ch = new Chan<i32>();
  go(() => {
    for (let i = 0; i < 1000; i++) ch.send(i);
    ch.close();
  });
  let sum = 0;
  for (let r = ch.range(); r.next();) sum += r.value;
  same(sum, 499500, "what others sent beside five locked ones");
  gate.close();
  wg.wait();
}

/** Two of them, and values that go from thread to thread. */
function lockedGoroutinesTalk(): void {
  const there = new Chan<i32>();
  const back = new Chan<i32>();
  go(() => {
    lockOSThread();
    for (let r = there.range(); r.next();) back.send(r.value + 1);
    back.close();
  });
  const result = new Chan<i32>();
  go(() => {
    lockOSThread();
    let v = 0;
    for (let i = 0; i < 300; i++) {
      there.send(v);
      v = back.recv();
    }
    there.close();
    result.send(v);
  });
  same(result.recv(), 300, "there and back");
}

function endLocked(done: Chan<bool>, exits: bool): void {
  lockOSThread();
  lockOSThread();
  done.send(true);
  if (exits) goexit();
}

/** In Go their threads end with them; here as there, what comes after has threads that nobody has locked. */
function goroutinesMayEndLocked(): void {
  const done = new Chan<bool>();
  for (let i = 0; i < 12; i++) {
    go(endLocked(done, i % 2 == 0));
    done.recv();
  }
  const wg = new WaitGroup();
  const threads = new Chan<i32>(64);
  wg.add(64);
  for (let i = 0; i < 64; i++) {
    go(() => {
      gosched();
      threads.send(threadId());
      wg.done();
    });
  }
  wg.wait();
  same(threads.length, 64, "unlocked goroutines after locked ones");
}

export function main(): void {
  same(threadId(), threadOfMain, "the thread of the module and of main");
  mainIsStillLocked();
  theThreadIsKept();
  locksNest();
  othersGoOn();
  lockedGoroutinesTalk();
  goroutinesMayEndLocked();
  check(threadId() >= 0, "main has a thread");
  println("ok");
}
