import { setG } from "../../assembly/runtime/base/registers";
import {
  Mutex,
  mutexAcquire,
  mutexDecline,
  mutexGoOn,
  mutexRelease,
  mutexWithdraw,
} from "../../assembly/runtime/sync/mutex";
import { rwAnnounce, RWMutex, rwRead, rwWithdrawReader, rwWithdrawWriter } from "../../assembly/runtime/sync/rwmutex";
import { Semaphore } from "../../assembly/runtime/sync/semaphore";
import { Atomic } from "../../assembly/runtime/sync/atomic";
import { G, waiterOf } from "../../assembly/abi";
import { fakeG, reset, takeReady } from "./support";

/** Another goroutine, which is the current one from now on. */
function another(id: i64): G {
  const gp = fakeG(id);
  setG(gp);
  return gp;
}

/** A goroutine waits: as if its stack had been saved, the lock of its queue is released. */
function park(word: usize): void {
  expect(word).not.toBe(0);
  store<i32>(word, 0);
}

describe("a mutex", () => {
  beforeEach(reset);

  it("is held by one", () => {
    const mu = new Mutex();
    mu.lock();
    expect(mu.tryLock()).toBe(false);
    mu.unlock();
    expect(mu.tryLock()).toBe(true);
    mu.unlock();
  });
});

describe("a mutex that two wait for", () => {
  beforeEach(reset);

  it("passes over one that gives up", () => {
    const mu = new Mutex();
    mu.lock();
    const first = another(2);
    park(mutexAcquire(mu));
    another(3);
    park(mutexAcquire(mu));
    expect(mutexWithdraw(mu, waiterOf(first), false)).toBe(true);
    expect(mutexWithdraw(mu, waiterOf(first), false)).toBe(false);
    mutexRelease(mu);
    expect(takeReady()).toBe(3);
    expect(mutexGoOn(mu)).toBe(0);
    mutexRelease(mu);
    expect(takeReady()).toBe(0);
    expect(mu.tryLock()).toBe(true);
  });

  it("lets the second have the turn of the first, which gives up as it is woken", () => {
    const mu = new Mutex();
    mu.lock();
    const first = another(2);
    park(mutexAcquire(mu));
    const second = another(3);
    park(mutexAcquire(mu));
    mutexRelease(mu);
    expect(takeReady()).toBe(2);
    expect(mutexWithdraw(mu, waiterOf(first), false)).toBe(false);
    setG(first);
    mutexDecline(mu);
    expect(takeReady()).toBe(3);
    setG(second);
    expect(mutexGoOn(mu)).toBe(0);
    mutexRelease(mu);
  });

  it("that starves goes to the second, and is as before when both have gone", () => {
    const mu = new Mutex();
    mu.lock();
    const first = another(2);
    park(mutexAcquire(mu));
    const second = another(3);
    park(mutexAcquire(mu));
    mutexRelease(mu);
    expect(takeReady()).toBe(2);
    expect(mu.tryLock()).toBe(true); // a newcomer
    setG(first);
    waiterOf(first).elem = 1; // it has waited since the clock began
    park(mutexGoOn(mu));
    expect(mutexRelease(mu)).toBe(true);
    expect(takeReady()).toBe(2);
    expect(mu.tryLock()).toBe(false);
    expect(mutexWithdraw(mu, waiterOf(first), false)).toBe(false);
    mutexDecline(mu);
    expect(takeReady()).toBe(3);
    setG(second);
    mutexDecline(mu);
    expect(mu.tryLock()).toBe(true);
  });
});

describe("a read-write lock that a writer waits for", () => {
  beforeEach(reset);

  it("goes to the readers that have come meanwhile if it gives up", () => {
    const rw = new RWMutex();
    rw.rlock();
    const writer = another(2);
    expect(rw.writers.tryLock()).toBe(true);
    park(rwAnnounce(rw));
    another(3);
    park(rwRead(rw));
    expect(rwWithdrawWriter(rw, waiterOf(writer), false)).toBe(true);
    expect(takeReady()).toBe(3);
    expect(rw.tryRLock()).toBe(true);
    for (let i = 0; i < 3; i++) rw.runlock();
    expect(rw.tryLock()).toBe(true);
  });

  it("is the writer's if that gives up as the last reader leaves", () => {
    const rw = new RWMutex();
    rw.rlock();
    const writer = another(2);
    expect(rw.writers.tryLock()).toBe(true);
    park(rwAnnounce(rw));
    rw.runlock();
    expect(takeReady()).toBe(2);
    expect(rwWithdrawWriter(rw, waiterOf(writer), false)).toBe(false);
    expect(rw.tryRLock()).toBe(false);
    rw.unlock();
    expect(rw.tryRLock()).toBe(true);
  });

  it("is not waited for by a reader that gives up, unless it is given to that", () => {
    const rw = new RWMutex();
    rw.lock();
    const first = another(2);
    park(rwRead(rw));
    const second = another(3);
    park(rwRead(rw));
    expect(rwWithdrawReader(rw, waiterOf(first))).toBe(true);
    rw.unlock();
    expect(takeReady()).toBe(3);
    expect(rwWithdrawReader(rw, waiterOf(second))).toBe(false);
    rw.runlock();
    expect(rw.tryLock()).toBe(true);
  });
});

describe("a read-write lock", () => {
  beforeEach(reset);

  it("is held by many readers or one writer", () => {
    const rw = new RWMutex();
    rw.rlock();
    rw.rlock();
    expect(rw.tryLock()).toBe(false);
    expect(rw.tryRLock()).toBe(true);
    for (let i = 0; i < 3; i++) rw.runlock();
    rw.lock();
    expect(rw.tryRLock()).toBe(false);
    expect(rw.tryLock()).toBe(false);
    rw.unlock();
    expect(rw.tryLock()).toBe(true);
    rw.unlock();
  });
});

describe("a weighted semaphore", () => {
  beforeEach(reset);

  it("has so many tickets", () => {
    const s = new Semaphore(3);
    s.acquire(2);
    expect(s.tryAcquire(2)).toBe(false);
    expect(s.tryAcquire()).toBe(true);
    expect(s.tryAcquire(0)).toBe(true);
    s.release(3);
    expect(s.tryAcquire(3)).toBe(true);
  });
});

describe("an atomic", () => {
  it("reads, writes and counts", () => {
    const a = new Atomic<i64>(5);
    expect(a.add(-7)).toBe(-2);
    expect(a.swap(10)).toBe(-2);
    expect(a.cas(9, 1)).toBe(false);
    expect(a.cas(10, 1)).toBe(true);
    expect(a.load()).toBe(1);
    const u = new Atomic<u32>();
    expect(u.add(u32.MAX_VALUE)).toBe(u32.MAX_VALUE);
    expect(u.add(2)).toBe(1);
  });
});
