// What a trace is to show: goroutines that yield, wait for each other, sleep and block; then the end that the argument asks for.

import { args, Chan, exit, go, gosched, println, sleep, sleepBlocking, WaitGroup } from "skein";

function yielding(times: i32, done: WaitGroup): void {
  for (let i = 0; i < times; i++) gosched();
  done.done();
}

function receiving(from: Chan<i32>, done: WaitGroup): void {
  for (let i = 0; i < 10; i++) from.recv();
  done.done();
}

function blocked(done: WaitGroup): void {
  sleepBlocking(5_000_000);
  done.done();
}

export function main(): i32 {
  const done = new WaitGroup();
  const values = new Chan<i32>(0);
  done.add(52);
  for (let i = 0; i < 50; i++) go(yielding(100, done));
  go(receiving(values, done));
  go(blocked(done));
  for (let i = 0; i < 10; i++) {
    sleep(100_000);
    values.send(i);
  }
  done.wait();
  println("done");
  const end = args().length > 0 ? args()[0] : "";
  if (end == "exit") exit(7);
  if (end == "panic") assert(false, "as was asked for");
  if (end == "deadlock") new Chan<i32>(0).recv();
  if (end == "forever") while (true) sleep(1_000_000);
  return 3;
}
