// The limit on Ms: setMaxThreads returns the previous one; needing more is a fatal error, as in Go.
//
// case: the default is Go's
// args: default
//
// case: below the limit
// args: below
//
// case: exceeded by blocking calls
// args: blocking
// exit: 2
// stderr-match: /^(?:runtime: program exceeds 6-thread limit\n)?fatal error: thread exhaustion/
//
// case: exceeded by locked goroutines
// args: locked
// exit: 2
// stderr-match: /^(?:runtime: program exceeds 6-thread limit\n)?fatal error: thread exhaustion/
//
// case: set below what is in use
// args: lower
// exit: 2
// stderr-match: /^(?:runtime: program exceeds 1-thread limit\n)?fatal error: thread exhaustion/

import {
  args,
  go,
  lockOSThread,
  println,
  setMaxThreads,
  sleep,
  sleepBlocking,
  Chan,
  WaitGroup,
  Millisecond,
  Second,
} from "skein";
import { same } from "../expect";

const started = new Chan<bool>();

function block(d: i64, wg: WaitGroup): void {
  sleepBlocking(d);
  wg.done();
}

function lockAndWait(never: Chan<bool>): void {
  lockOSThread();
  started.send(true);
  never.recv();
}

export function main(): void {
  const how = args()[0];
  const wg = new WaitGroup();
  if (how == "default") {
    same(setMaxThreads(100), 10000, "the first limit");
    same(setMaxThreads(10000), 100, "the limit set");
  }
  if (how == "below") {
    setMaxThreads(20);
    wg.add(4);
    for (let i = 0; i < 4; i++) go(block(20 * Millisecond, wg));
    wg.wait();
  }
  if (how == "blocking") {
    setMaxThreads(6);
    wg.add(12);
    for (let i = 0; i < 12; i++) go(block(10 * Second, wg));
    wg.wait();
  }
  if (how == "locked") {
    setMaxThreads(6);
    const never = new Chan<bool>();
    for (let i = 0; i < 12; i++) {
      go(lockAndWait(never));
      started.recv();
    }
  }
  if (how == "lower") {
    wg.add(4);
    for (let i = 0; i < 4; i++) go(block(10 * Second, wg));
    sleep(2000 * Millisecond);
    setMaxThreads(1);
    wg.wait();
  }
  println("ok");
}
