// Misuse of the locks and counters panics, in Go's words where Go has some.
//
// case: unlock of an unlocked Mutex
// args: mutex
// exit: 2
// stderr-match: /^panic: sync: unlock of unlocked mutex\n\ngoroutine 1 \[running\]:\n/
//
// case: unlock of an unlocked RWMutex
// args: rwmutex
// exit: 2
// stderr-match: /^panic: sync: Unlock of unlocked RWMutex\n\ngoroutine 1 \[running\]:\n/
//
// case: runlock of an unlocked RWMutex
// args: rwmutex-reader
// exit: 2
// stderr-match: /^panic: sync: RUnlock of unlocked RWMutex\n\ngoroutine 1 \[running\]:\n/
//
// case: runlock of an RWMutex that a writer holds
// args: rwmutex-writer
// exit: 2
// stderr-match: /^panic: sync: RUnlock of unlocked RWMutex\n\ngoroutine 1 \[running\]:\n/
//
// case: unlock of an RWMutex that a reader holds
// args: rwmutex-other
// exit: 2
// stderr-match: /^panic: sync: Unlock of unlocked RWMutex\n\ngoroutine 1 \[running\]:\n/
//
// case: a WaitGroup counter below zero
// args: waitgroup
// exit: 2
// stderr-match: /^panic: sync: negative WaitGroup counter\n\ngoroutine 1 \[running\]:\n/
//
// case: wait on a Cond without its mutex
// args: cond
// exit: 2
// stderr-match: /^panic: sync: unlock of unlocked mutex\n\ngoroutine 1 \[running\]:\n/
//
// case: releasing past the size of a Semaphore
// args: release
// exit: 2
// stderr-match: /^panic: .*\n\ngoroutine 1 \[running\]:\n/
//
// case: acquiring more than the size of a Semaphore
// args: acquire
// exit: 2
// stderr-match: /^panic: .*\n\ngoroutine 1 \[running\]:\n/
//
// case: submit after release
// args: submit
// exit: 2
// stderr-match: /^panic: .*\n\ngoroutine 1 \[running\]:\n/
//
// case: a panic in a Pool
// args: pool-panic
// exit: 2
// stderr-match: /^panic: in the pool\n\ngoroutine \d+ \[running\]:\n/
//
// case: a panic in a Once
// args: once-panic
// exit: 2
// stderr-match: /^panic: in the once\n\ngoroutine 1 \[running\]:\n/

import { args, Chan, Cond, Mutex, Once, Pool, RWMutex, Semaphore, WaitGroup, println } from "skein";

function fail(message: string): void {
  throw new Error(message);
}

export function main(): void {
  const how = args()[0];
  if (how == "mutex") {
    const mutex = new Mutex();
    mutex.lock();
    mutex.unlock();
    mutex.unlock();
  } else if (how == "rwmutex") {
    new RWMutex().unlock();
  } else if (how == "rwmutex-reader") {
    const rw = new RWMutex();
    rw.rlock();
    rw.runlock();
    rw.runlock();
  } else if (how == "rwmutex-writer") {
    const rw = new RWMutex();
    rw.lock();
    rw.runlock();
  } else if (how == "rwmutex-other") {
    const rw = new RWMutex();
    rw.rlock();
    rw.unlock();
  } else if (how == "waitgroup") {
    const wg = new WaitGroup();
    wg.add(2);
    wg.done();
    wg.add(-2);
  } else if (how == "cond") {
    new Cond().wait();
  } else if (how == "release") {
    const semaphore = new Semaphore(2);
    semaphore.acquire();
    semaphore.release(2);
  } else if (how == "acquire") {
    new Semaphore(2).acquire(3);
  } else if (how == "submit") {
    const pool = new Pool(2);
    pool.release();
    pool.submit(fail("this must not run"));
  } else if (how == "pool-panic") {
    const pool = new Pool(2);
    pool.submit(fail("in the pool"));
    pool.wait();
    new Chan<i32>().recv();
  } else if (how == "once-panic") {
    new Once().do(fail("in the once"));
  }
  println("not reached");
}
