// Ends with goroutines that wait: those in functions named `leaks…` for ever, the others for what somebody could still do.

import {
  addCleanup,
  afterFunc,
  args,
  gc,
  go,
  println,
  sleep,
  Chan,
  Cond,
  Millisecond,
  Mutex,
  Once,
  Pool,
  RWMutex,
  Second,
  Select,
  Semaphore,
  WaitGroup,
  WeakRef,
} from "skein";

const HOUR: i64 = 3600 * Second;

const known = new Chan<i32>();

class Node {
  next: Node | null = null;
  ch: Chan<i32> = new Chan<i32>();
}

const list = new Node();

const weak: WeakRef<Chan<i32>>[] = [];

// ---- for ever ----------------------------------------------------------------------------------------------------------

function leaksReceiving(ch: Chan<i32>): void {
  ch.recv();
}

function leaksSending(ch: Chan<i32>): void {
  ch.send(1);
}

function leaksReceivingFromNull(): void {
  changetype<Chan<i32>>(0).recv();
}

function leaksSendingToNull(): void {
  changetype<Chan<i32>>(0).send(1);
}

function leaksSelecting(a: Chan<i32>, b: Chan<i32>): void {
  const select = new Select();
  select.recv<i32>(a);
  select.send<i32>(b, 1);
  select.wait();
}

function leaksSelectingNothing(): void {
  new Select().wait();
}

function leaksLocking(mutex: Mutex): void {
  mutex.lock();
}

/** Waits for a lock that it holds for reading: once for the readers, and behind that once for the writer. */
function leaksWriting(rw: RWMutex): void {
  rw.lock();
}

function leaksReading(rw: RWMutex): void {
  rw.rlock();
}

function leaksWaiting(wg: WaitGroup): void {
  wg.wait();
}

function leaksWaitingForASignal(cond: Cond): void {
  cond.mutex.lock();
  cond.wait();
}

function leaksAcquiring(tickets: Semaphore): void {
  tickets.acquire(1);
}

function leaksDoingOnce(once: Once): void {
  once.do(leaksDoingOnce(once));
}

function leaksInAPool(pool: Pool): void {
  pool.wait();
}

function leaksSubmitting(pool: Pool): void {
  pool.submit(nothing());
}

function nothing(): void {}

/** Two who wait for each other, and only for each other. */
function leaksTogether(mine: Chan<i32>, others: Chan<i32>): void {
  mine.recv();
  others.send(1);
}

/** Has what another waits for, but is itself never woken. */
function leaksWithAnothers(mine: Chan<Chan<i32>>, others: Chan<i32>): void {
  mine.send(others);
}

function leaksBehindAnother(ch: Chan<i32>): void {
  ch.recv();
}

// ---- not for ever ------------------------------------------------------------------------------------------------------

function receivesFromAModuleVariable(): void {
  known.recv();
}

function receivesFromAListInAModuleVariable(): void {
  list.next!.ch.recv();
}

function receivesFromATimer(ch: Chan<i32>): void {
  ch.recv();
}

function receivesFromACleanup(ch: Chan<i32>): void {
  ch.recv();
}

function receivesFromAWeakRef(ch: Chan<i32>): void {
  ch.recv();
}

/** Waits for what can be had from somebody who can be woken himself. */
function receivesFromOneWhoReceives(ch: Chan<i32>): void {
  ch.recv();
}

function passesOn(from: Chan<i32>, to: Chan<i32>): void {
  to.send(from.recv());
}

function selectsOfOneThatIsKnown(ch: Chan<i32>): void {
  const select = new Select();
  select.recv<i32>(ch);
  select.recv<i32>(known);
  select.wait();
}

class Locks {
  mutex: Mutex = new Mutex();
  rw: RWMutex = new RWMutex();
  wg: WaitGroup = new WaitGroup();
  cond: Cond = new Cond();
  tickets: Semaphore = new Semaphore(1);
  pool: Pool = new Pool(1);
}

function sleeps(ch: Chan<i32>, locks: Locks): void {
  sleep(HOUR);
  ch.send(1);
  locks.mutex.unlock();
}

function waitsForASleeper(ch: Chan<i32>): void {
  ch.recv();
}

function locksASleepers(mutex: Mutex): void {
  mutex.lock();
}

function readsASleepers(rw: RWMutex): void {
  rw.rlock();
}

function writesASleepers(rw: RWMutex): void {
  rw.lock();
}

function waitsForASleepersGroup(wg: WaitGroup): void {
  wg.wait();
}

function waitsForASleepersSignal(cond: Cond): void {
  cond.mutex.lock();
  cond.wait();
}

function acquiresASleepers(tickets: Semaphore): void {
  tickets.acquire(1);
}

function submitsToASleepers(pool: Pool): void {
  pool.submit(sleep(HOUR));
  pool.submit(nothing());
}

// ------------------------------------------------------------------------------------------------------------------------

function startLeaks(): void {
  go(leaksReceiving(new Chan<i32>()));
  go(leaksReceiving(new Chan<i32>(3)));
  go(leaksSending(new Chan<i32>()));
  go(leaksReceivingFromNull());
  go(leaksSendingToNull());
  go(leaksSelecting(new Chan<i32>(), new Chan<i32>()));
  go(leaksSelectingNothing());
  const mutex = new Mutex();
  mutex.lock();
  go(leaksLocking(mutex));
  const read = new RWMutex();
  read.rlock();
  go(leaksWriting(read));
  go(leaksWriting(read));
  const written = new RWMutex();
  written.lock();
  go(leaksReading(written));
  const wg = new WaitGroup();
  wg.add(1);
  go(leaksWaiting(wg));
  go(leaksWaitingForASignal(new Cond()));
  const tickets = new Semaphore(1);
  tickets.acquire(1);
  go(leaksAcquiring(tickets));
  go(leaksDoingOnce(new Once()));
  const pool = new Pool(1);
  pool.submit(leaksReceiving(new Chan<i32>()));
  go(leaksInAPool(pool));
  go(leaksSubmitting(pool));
  const a = new Chan<i32>();
  const b = new Chan<i32>();
  go(leaksTogether(a, b));
  go(leaksTogether(b, a));
  const others = new Chan<i32>();
  go(leaksWithAnothers(new Chan<Chan<i32>>(), others));
  go(leaksBehindAnother(others));
}

function startOthers(): void {
  go(receivesFromAModuleVariable());
  go(receivesFromAListInAModuleVariable());
  const later = new Chan<i32>();
  afterFunc(HOUR, later.send(1));
  go(receivesFromATimer(later));
  const cleaned = new Chan<i32>();
  addCleanup(list, cleaned.send(1));
  go(receivesFromACleanup(cleaned));
  const weakly = new Chan<i32>();
  weak.push(new WeakRef<Chan<i32>>(weakly));
  go(receivesFromAWeakRef(weakly));
  const passed = new Chan<i32>();
  go(passesOn(known, passed));
  go(receivesFromOneWhoReceives(passed));
  go(selectsOfOneThatIsKnown(new Chan<i32>()));

  const slept = new Chan<i32>();
  const locks = new Locks();
  locks.mutex.lock();
  locks.rw.lock();
  locks.wg.add(1);
  locks.tickets.acquire(1);
  go(sleeps(slept, locks));
  go(waitsForASleeper(slept));
  go(locksASleepers(locks.mutex));
  go(readsASleepers(locks.rw));
  go(writesASleepers(locks.rw));
  go(waitsForASleepersGroup(locks.wg));
  go(waitsForASleepersSignal(locks.cond));
  go(acquiresASleepers(locks.tickets));
  go(submitsToASleepers(locks.pool));
}

/** A chain of those who each wait for the next, whose last waits for what is known; and one whose last waits for what nobody else knows. */
function startChains(n: i32): void {
  let end = known;
  let lost = new Chan<i32>();
  for (let i = 0; i < n; i++) {
    const own = new Chan<i32>();
    go(passesOn(end, own));
    end = own;
    const others = new Chan<i32>();
    go(leaksTogether(lost, others));
    lost = others;
  }
}

export function main(): void {
  list.next = new Node();
  const what = args()[0];
  if (what == "leaking") startLeaks();
  if (what == "chains") startChains(100_000);
  else startOthers();
  sleep(1 * Second); // by then all wait, also where other work is on the processors
  for (let i = 0; i < 3; i++) {
    gc(); // a leaked goroutine stays
    sleep(Millisecond);
  }
  println("end");
}
