// The program ends when main returns, whatever else is still running.
//
// case: a goroutine that computes
// args: computes
// stdout: end
//
// case: goroutines that wait
// args: waits
// stdout: end
//
// case: goroutines that sleep
// args: sleeps
// stdout: end
//
// case: goroutines that talk to each other
// args: talks
// stdout: end
//
// case: a ticker
// args: ticks
// stdout: end
//
// case: goroutines that were never run
// args: starts
// stdout: end

import { go, args, println, sleep, gomaxprocs, gosched, Chan, Mutex, Select, Ticker, Second, Millisecond } from "skein";

let sink: i64 = 0;

function compute(): void {
  for (;;) sink++;
}

function talk(from: Chan<i32>, to: Chan<i32>): void {
  for (;;) to.send(from.recv() + 1);
}

function never(): void {
  sleep(Second);
  println("not reached");
}

export function main(): void {
  const how = args()[0];
  if (how == "computes") {
    // Main needs a P too.
    for (let i = 1; i < gomaxprocs(0); i++) go(compute());
    sleep(5 * Millisecond);
  }
  if (how == "waits") {
    const ch = new Chan<i32>();
    const mutex = new Mutex();
    mutex.lock();
    for (let i = 0; i < 10; i++) {
      go(() => {
        ch.recv();
      });
      go(() => {
        mutex.lock();
      });
      go(() => {
        const select = new Select();
        select.recv<i32>(ch);
        select.wait();
      });
    }
    sleep(5 * Millisecond);
  }
  if (how == "sleeps") {
    for (let i = 0; i < 10; i++) go(sleep(3600 * Second));
    gosched();
  }
  if (how == "talks") {
    const a = new Chan<i32>();
    const b = new Chan<i32>();
    go(talk(a, b));
    go(talk(b, a));
    a.send(1);
    sleep(5 * Millisecond);
  }
  if (how == "ticks") {
    const ticker = new Ticker(Millisecond);
    ticker.chan.recv();
  }
  if (how == "starts") {
    for (let i = 0; i < 1000; i++) go(never());
  }
  println("end");
}
