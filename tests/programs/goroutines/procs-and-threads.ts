// gomaxprocs sets the number of Ps while the program runs, setMaxThreads the limit on Ms; lockOSThread keeps an M.
// case: the number asked for
// args: $procs

import {
  go,
  gomaxprocs,
  setMaxThreads,
  lockOSThread,
  unlockOSThread,
  threadId,
  gosched,
  sleep,
  args,
  numCPU,
  Chan,
  WaitGroup,
  Atomic,
  Millisecond,
  Second,
  now,
  println,
} from "skein";
import { check, same } from "../expect";

function gomaxprocsReturnsThePreviousNumber(): void {
  const given = I32.parseInt(args()[0]);
  same(gomaxprocs(0), given, "what --procs said");
  same(gomaxprocs(-5), given, "a negative number only asks");
  same(gomaxprocs(2), given, "the previous number");
  same(gomaxprocs(0), 2, "the new number");
  const more = numCPU() + 3;
  same(gomaxprocs(more), 2, "more than there are processors");
  same(gomaxprocs(1), more, "and less again");
  same(gomaxprocs(given), 1, "and back");
}

function setMaxThreadsReturnsThePreviousLimit(): void {
  const first = setMaxThreads(64);
  check(first > 0, "there is a limit to begin with");
  same(setMaxThreads(first), 64, "the previous limit");
}

const counted = new Atomic<i64>();

function count(turns: i32, wg: WaitGroup): void {
  for (let i = 0; i < turns; i++) {
    counted.add(1);
    if (i % 16 == 0) gosched();
  }
  wg.done();
}

function nothingIsLostWhileTheNumberChanges(): void {
  const given = gomaxprocs(0);
  const wg = new WaitGroup();
  wg.add(50);
  for (let i = 0; i < 50; i++) go(count(2000, wg));
  for (let i = 0; i < 12; i++) {
    gomaxprocs(1 + ((i * 5) % 8));
    sleep(Millisecond);
  }
  wg.wait();
  same<i64>(counted.load(), 100000, "turns");
  gomaxprocs(given);
}

function aLockedGoroutineStaysOnItsThread(): void {
  const wg = new WaitGroup();
  const ch = new Chan<i32>();
  for (let g = 0; g < 3; g++) {
    wg.add();
    go(() => {
      lockOSThread();
      lockOSThread();
      const thread = threadId();
      for (let i = 0; i < 20; i++) {
        gosched();
        same(threadId(), thread, "after gosched");
        ch.send(i);
        same(threadId(), thread, "after a send");
        if (i % 5 == 0) sleep(Millisecond / 4);
        same(threadId(), thread, "after a sleep");
      }
      unlockOSThread();
      gosched();
      same(threadId(), thread, "locked twice, unlocked once");
      unlockOSThread();
      wg.done();
    });
  }
  let sum = 0;
  for (let i = 0; i < 60; i++) sum += ch.recv();
  wg.wait();
  same(sum, 570, "what the locked ones sent");
}

function lockedGoroutinesHaveThreadsOfTheirOwn(): void {
  const threads = new Chan<i32>();
  const gate = new Chan<bool>();
  for (let i = 0; i < 4; i++) {
    go(() => {
      lockOSThread();
      threads.send(threadId());
      gate.recv();
      unlockOSThread();
    });
  }
  const seen = new Set<i32>();
  for (let i = 0; i < 4; i++) seen.add(threads.recv());
  same(seen.size, 4, "four locked goroutines, four threads");
  gate.close();
}

function mainMayBeLocked(): void {
  lockOSThread();
  const thread = threadId();
  const ch = new Chan<i32>();
  for (let i = 0; i < 10; i++) {
    go(() => {
      ch.send(i);
    });
  }
  let sum = 0;
  for (let i = 0; i < 10; i++) sum += ch.recv();
  same(sum, 45, "what main received");
  same(threadId(), thread, "main's thread");
  unlockOSThread();
  unlockOSThread();
}

function aGoroutineMayEndLocked(): void {
  const done = new Chan<bool>(3);
  for (let i = 0; i < 3; i++) {
    go(() => {
      lockOSThread();
      done.send(true);
    });
  }
  for (let i = 0; i < 3; i++) done.recv();
  go(() => {
    done.send(true);
  });
  done.recv();
}

function busy(until: i64): void {
  while (now() < until) {}
}

function severalPsMeanSeveralThreads(): void {
  const given = gomaxprocs(2);
  const seen = new Set<i32>();
  const late = now() + 20 * Second;
  while (seen.size < 2 && now() < late) {
    const threads = new Chan<i32>(4);
    const until = now() + 50 * Millisecond;
    for (let i = 0; i < 4; i++) {
      go(() => {
        busy(until);
        threads.send(threadId());
      });
    }
    for (let i = 0; i < 4; i++) seen.add(threads.recv());
  }
  check(seen.size >= 2, "two Ps compute on two threads");
  gomaxprocs(given);
}

export function main(): void {
  gomaxprocsReturnsThePreviousNumber();
  setMaxThreadsReturnsThePreviousLimit();
  nothingIsLostWhileTheNumberChanges();
  aLockedGoroutineStaysOnItsThread();
  lockedGoroutinesHaveThreadsOfTheirOwn();
  mainMayBeLocked();
  aGoroutineMayEndLocked();
  severalPsMeanSeveralThreads();
  println("ok");
}
