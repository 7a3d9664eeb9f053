// When no goroutine can ever run again, the program ends with what each of them waits for, and exit code 2.
//
// case: a receive
// args: receive
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[chan receive\]:\n/
//
// case: a send
// args: send
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[chan send\]:\n/
//
// case: a send on a full channel
// args: full
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[chan send\]:\n/
//
// case: a range
// args: range
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[chan receive\]:\n/
//
// case: a select
// args: select
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[select\]:\n/
//
// case: a select without cases
// args: select-none
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[select \(no cases\)\]:\n/
//
// case: a select with only null channels
// args: select-null
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[select(?: \(no cases\))?\]:\n/
//
// case: a Mutex
// args: mutex
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[sync\.Mutex\.Lock\]:\n/
//
// case: a writer
// args: rwmutex
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[sync\.RWMutex\.Lock\]:\n/
//
// case: a reader
// args: rwmutex-reader
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[sync\.RWMutex\.RLock\]:\n/
//
// case: a WaitGroup
// args: waitgroup
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[sync\.WaitGroup\.Wait\]:\n/
//
// case: a Cond
// args: cond
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[sync\.Cond\.Wait\]:\n/
//
// case: a Semaphore
// args: semaphore
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[semacquire\]:\n/
//
// case: a Once inside itself
// args: once
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[[^\]]+\]:\n/
//
// case: a Pool that waits for itself
// args: pool
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[[^\]]+\]:\n/
//
// case: several goroutines
// args: several
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[sync\.WaitGroup\.Wait\]:\n/
// stderr-match: /\ngoroutine \d+ \[chan receive\]:\n/
// stderr-match: /\ngoroutine \d+ \[chan send\]:\n/
// stderr-match: /\ngoroutine \d+ \[sync\.Mutex\.Lock\]:\n/
// stderr-match: /\ngoroutine \d+ \[select\]:\n/
//
// case: after others have ended
// args: ended
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[chan receive\]:\n(?![^]*\ngoroutine )/
//
// case: after the last timer has fired
// args: timer
// exit: 2
// stdout: begin
// stdout: fired
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[chan receive\]:\n/
//
// case: after the last timer was stopped
// args: stopped
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[chan receive\]:\n/
//
// case: main has gone and others wait
// args: goexit-others
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n[^]*\ngoroutine \d+ \[chan receive\]:\n/
//
// case: main has gone and nobody is left
// args: goexit
// exit: 2
// stdout: begin
// stdout: the other ends
// stderr-match: /^fatal error: no goroutines \(main called runtime\.Goexit\) - deadlock!\n/
//
// case: main has gone alone
// args: goexit-alone
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: no goroutines \(main called runtime\.Goexit\) - deadlock!\n/
//
// case: main has gone and another exits
// args: goexit-exit
// exit: 4
// stdout: begin

import {
  go,
  args,
  println,
  exit,
  goexit,
  gosched,
  sleep,
  afterFunc,
  Chan,
  Select,
  Mutex,
  RWMutex,
  WaitGroup,
  Cond,
  Semaphore,
  Once,
  Pool,
  Timer,
  Millisecond,
  Second,
} from "skein";

function nested(once: Once): void {
  once.do(nothing());
}

function nothing(): void {}

function waitForPool(pool: Pool): void {
  pool.wait();
}

export function main(): void {
  println("begin");
  const how = args()[0];
  const ch = new Chan<i32>();
  const select = new Select();
  if (how == "receive") ch.recv();
  if (how == "send") ch.send(1);
  if (how == "full") {
    const buffered = new Chan<i32>(1);
    buffered.send(1);
    buffered.send(2);
  }
  if (how == "range") {
    for (let r = ch.range(); r.next();) println("a value");
  }
  if (how == "select") {
    select.recv<i32>(ch);
    select.send<i32>(ch, 1);
    select.wait();
  }
  if (how == "select-none") select.wait();
  if (how == "select-null") {
    select.recv<i32>(null);
    select.send<i32>(null, 1);
    select.wait();
  }
  if (how == "mutex") {
    const mutex = new Mutex();
    mutex.lock();
    mutex.lock();
  }
  if (how == "rwmutex") {
    const rw = new RWMutex();
    rw.rlock();
    rw.lock();
  }
  if (how == "rwmutex-reader") {
    const rw = new RWMutex();
    rw.lock();
    rw.rlock();
  }
  if (how == "waitgroup") {
    const wg = new WaitGroup();
    wg.add();
    wg.wait();
  }
  if (how == "cond") {
    const cond = new Cond();
    cond.mutex.lock();
    cond.wait();
  }
  if (how == "semaphore") {
    const semaphore = new Semaphore(1);
    semaphore.acquire();
    semaphore.acquire();
  }
  if (how == "once") {
    const once = new Once();
    once.do(nested(once));
  }
  if (how == "pool") {
    const pool = new Pool(1);
    pool.submit(waitForPool(pool));
    pool.wait();
  }
  if (how == "several") {
    const mutex = new Mutex();
    mutex.lock();
    const wg = new WaitGroup();
    wg.add(4);
    go(() => {
      ch.recv();
    });
    go(() => {
      new Chan<string>().send("x");
    });
    go(() => {
      mutex.lock();
    });
    go(() => {
      const mine = new Select();
      mine.recv<i32>(new Chan<i32>());
      mine.recv<string>(new Chan<string>());
      mine.wait();
    });
    wg.wait();
  }
  if (how == "ended") {
    for (let i = 0; i < 10; i++) {
      go(() => {
        gosched();
      });
    }
    sleep(20 * Millisecond);
    ch.recv();
  }
  if (how == "timer") {
    afterFunc(30 * Millisecond, println("fired"));
    new Timer(20 * Millisecond);
    ch.recv();
  }
  if (how == "stopped") {
    const timer = new Timer(3600 * Second);
    const call = afterFunc(3600 * Second, println("fired"));
    timer.stop();
    call.stop();
    ch.recv();
  }
  if (how == "goexit-others") {
    go(() => {
      ch.recv();
    });
    goexit();
  }
  if (how == "goexit") {
    go(() => {
      sleep(10 * Millisecond);
      println("the other ends");
    });
    goexit();
  }
  if (how == "goexit-alone") goexit();
  if (how == "goexit-exit") {
    go(() => {
      sleep(10 * Millisecond);
      exit(4);
    });
    goexit();
  }
  println("not reached");
}
