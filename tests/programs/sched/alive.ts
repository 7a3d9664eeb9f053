// What is still under way is no deadlock, however many wait for it: sleeps, timers, blocking calls, locked goroutines.

import {
  after,
  afterFunc,
  blocking,
  exit,
  go,
  goexit,
  lockOSThread,
  println,
  sleep,
  sleepBlocking,
  Chan,
  Mutex,
  Timer,
  Millisecond,
} from "skein";
import { same } from "../expect";

const pause: i64 = 30 * Millisecond;

/** Others who wait, so that whoever looks for a deadlock finds somebody. */
function waiters(gate: Chan<bool>): void {
  const mutex = new Mutex();
  mutex.lock();
  for (let i = 0; i < 3; i++) {
    go(() => {
      gate.recv();
      mutex.unlock();
    });
    go(mutex.lock());
  }
}

function aBlockingCall(done: Chan<i32>): void {
  go(() => {
    sleepBlocking(pause);
    done.send(1);
  });
  same(done.recv(), 1, "after sleepBlocking");
  go(() => {
    blocking(sleepBlocking(pause));
    done.send(2);
  });
  same(done.recv(), 2, "after blocking");
}

function send(done: Chan<i32>): void {
  sleepBlocking(pause);
  done.send(3);
}

function aCallThatSendsItself(done: Chan<i32>): void {
  go(blocking(send(done)));
  same(done.recv(), 3, "from inside a blocking call");
}

function timers(done: Chan<i32>): void {
  after(pause).recv();
  const timer = new Timer(pause);
  timer.chan.recv();
  timer.reset(pause);
  timer.chan.recv();
  afterFunc(pause, done.send(4));
  same(done.recv(), 4, "from afterFunc");
}

function locked(done: Chan<i32>): void {
  go(() => {
    lockOSThread();
    sleep(pause);
    sleepBlocking(pause);
    done.send(5);
  });
  same(done.recv(), 5, "from a locked goroutine");
}

/** Main goes, and another ends the program after a while. */
function mainMayGo(): void {
  go(() => {
    sleepBlocking(pause);
    sleep(pause);
    println("ok");
    exit(0);
  });
  goexit();
}

export function main(): void {
  const gate = new Chan<bool>();
  const done = new Chan<i32>();
  waiters(gate);
  aBlockingCall(done);
  aCallThatSendsItself(done);
  timers(done);
  locked(done);
  mainMayGo();
}
