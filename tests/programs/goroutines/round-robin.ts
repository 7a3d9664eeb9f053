// One P runs its goroutines round-robin, and what one makes ready runs while it goes on.
// procs: 1

import { env, go, gosched, Chan, WaitGroup, println } from "skein";
import { check, same } from "../expect";

const turns: i32[] = [];

function take(name: i32, n: i32, wg: WaitGroup): void {
  for (let i = 0; i < n; i++) {
    turns.push(name);
    gosched();
  }
  wg.done();
}

function yieldingGoroutinesTakeTurns(): void {
  const wg = new WaitGroup();
  // As many as the ring of a P has places in a checked build: what finds none there goes to the global queue.
  wg.add(4);
  for (let i = 0; i < 4; i++) go(take(i, 200, wg));
  wg.wait();
  same(turns.length, 800, "turns");
  // The goroutine that sweeps takes turns too.
  if (env("SKEIN_DEBUG").includes("gcstress")) return;
  for (let round = 0; round < 200; round++) {
    let seen = 0;
    for (let i = 0; i < 4; i++) seen |= 1 << turns[round * 4 + i];
    same(seen, 15, `each of the four has a turn in round ${round}`);
  }
}

function nobodyRunsBeforeTheCallerStops(): void {
  const log: i32[] = [];
  for (let i = 0; i < 10; i++) {
    go(() => {
      log.push(i);
    });
  }
  same(log.length, 0, "before main yields");
  while (log.length < 10) gosched();
  log.sort((a, b) => a - b);
  same(log.join(), "0,1,2,3,4,5,6,7,8,9", "after");
}

function aSenderDoesNotStopForItsReceiver(): void {
  const ch = new Chan<i32>(1);
  const log: string[] = [];
  const done = new Chan<bool>();
  go(() => {
    log.push(`received ${ch.recv()}`);
    done.send(true);
  });
  gosched();
  ch.send(1);
  log.push("sent");
  done.recv();
  same(log.join(), "sent,received 1", "the order");
}

export function main(): void {
  nobodyRunsBeforeTheCallerStops();
  yieldingGoroutinesTakeTurns();
  aSenderDoesNotStopForItsReceiver();
  check(turns[0] < 5, "a name");
  println("ok");
}
