// An RWMutex lets many readers or one writer through; a writer that waits keeps new readers out.

import { go, Chan, RWMutex, WaitGroup, Atomic, gosched, println } from "skein";
import { check, same, settle } from "../expect";

function readersShare(): void {
  const rw = new RWMutex();
  rw.rlock();
  rw.rlock();
  check(rw.tryRLock(), "a third reader");
  check(!rw.tryLock(), "a writer beside readers");
  rw.runlock();
  rw.runlock();
  rw.runlock();
  check(rw.tryLock(), "a writer alone");
  check(!rw.tryRLock(), "a reader beside a writer");
  check(!rw.tryLock(), "a second writer");
  rw.unlock();
  check(rw.tryRLock(), "a reader after the writer");
  rw.runlock();
}

function allReadersAreInsideAtOnce(): void {
  const rw = new RWMutex();
  const inside = new WaitGroup();
  const leave = new Chan<bool>();
  const left = new WaitGroup();
  inside.add(20);
  left.add(20);
  for (let i = 0; i < 20; i++) {
    go(() => {
      rw.rlock();
      inside.done();
      leave.recv();
      rw.runlock();
      left.done();
    });
  }
  inside.wait();
  leave.close();
  left.wait();
}

function aWaitingWriterKeepsNewReadersOut(): void {
  const rw = new RWMutex();
  const log = new Chan<string>(10);
  rw.rlock();
  go(() => {
    rw.lock();
    log.send("writer");
    rw.unlock();
  });
  settle();
  check(!rw.tryRLock(), "tryRLock with a writer waiting");
  check(!rw.tryLock(), "tryLock with a reader inside");
  for (let i = 0; i < 3; i++) {
    go(() => {
      rw.rlock();
      log.send("reader");
      rw.runlock();
    });
  }
  settle();
  same(log.length, 0, "who got in while the first reader was inside");
  rw.runlock();
  same(log.recv(), "writer", "who got in first");
  for (let i = 0; i < 3; i++) same(log.recv(), "reader", "who got in then");
}

function waitingReadersComeBeforeTheNextWriter(): void {
  const rw = new RWMutex();
  const log = new Chan<string>(10);
  rw.lock();
  for (let i = 0; i < 3; i++) {
    go(() => {
      rw.rlock();
      log.send("reader");
      settle();
      rw.runlock();
    });
  }
  settle();
  go(() => {
    rw.lock();
    log.send("writer");
    rw.unlock();
  });
  settle();
  rw.unlock();
  for (let i = 0; i < 3; i++) same(log.recv(), "reader", "who got in first");
  same(log.recv(), "writer", "who got in then");
}

function anyGoroutineMayUnlock(): void {
  const rw = new RWMutex();
  rw.lock();
  go(() => {
    settle();
    rw.unlock();
  });
  rw.rlock();
  go(() => {
    settle();
    rw.runlock();
  });
  rw.lock();
  rw.unlock();
}

/** Readers see either both writes or none. */
function readersAndWritersTogether(): void {
  const rw = new RWMutex();
  const pair = new StaticArray<i32>(2);
  const wg = new WaitGroup();
  const writers = new Atomic<i32>();
  const readers = new Atomic<i32>();
  for (let g = 0; g < 4; g++) {
    wg.add(2);
    go(() => {
      for (let i = 0; i < 300; i++) {
        rw.lock();
        same(writers.add(1), 1, "writers inside");
        same(readers.load(), 0, "readers beside a writer");
        pair[0]++;
        if (i % 20 == 0) gosched();
        pair[1]++;
        writers.add(-1);
        rw.unlock();
      }
      wg.done();
    });
    go(() => {
      for (let i = 0; i < 600; i++) {
        rw.rlock();
        readers.add(1);
        const first = pair[0];
        if (i % 40 == 0) gosched();
        same(pair[1], first, "the second half of a write");
        readers.add(-1);
        rw.runlock();
      }
      wg.done();
    });
  }
  wg.wait();
  same(pair[0], 1200, "writes");
}

export function main(): void {
  readersShare();
  allReadersAreInsideAtOnce();
  aWaitingWriterKeepsNewReadersOut();
  waitingReadersComeBeforeTheNextWriter();
  anyGoroutineMayUnlock();
  readersAndWritersTogether();
  println("ok");
}
