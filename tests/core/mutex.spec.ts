import { Mutex } from "../../assembly/runtime/sync/mutex";
import { RWMutex } from "../../assembly/runtime/sync/rwmutex";
import { Semaphore } from "../../assembly/runtime/sync/semaphore";
import { Atomic } from "../../assembly/runtime/sync/atomic";
import { reset } from "./support";

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
