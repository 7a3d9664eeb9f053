import { futexsleep, lock, plock, punlock, tryLock, unlock } from "../../assembly/runtime/base/lock";
import { sched } from "../../assembly/abi";
import { reset } from "./support";

function newWord(): usize {
  const addr = heap.alloc(4);
  store<i32>(addr, 0);
  return addr;
}

describe("a lock", () => {
  it("is 0 when free and 1 when held", () => {
    const addr = newWord();
    lock(addr);
    expect(load<i32>(addr)).toBe(1);
    unlock(addr);
    expect(load<i32>(addr)).toBe(0);
  });

  it("is taken by trying only when it is free", () => {
    const addr = newWord();
    expect(tryLock(addr)).toBe(true);
    expect(tryLock(addr)).toBe(false);
    expect(load<i32>(addr)).toBe(1);
    unlock(addr);
    expect(tryLock(addr)).toBe(true);
  });

  it("keeps the mark of those who sleep when somebody else tries, and is free after its release all the same", () => {
    const addr = newWord();
    store<i32>(addr, 2);
    expect(tryLock(addr)).toBe(false);
    expect(load<i32>(addr)).toBe(2);
    unlock(addr);
    expect(load<i32>(addr)).toBe(0);
  });
});

describe("a lock of what only holders of a P touch", () => {
  beforeEach(reset);

  it("is like any other when there are several Ps", () => {
    const addr = newWord();
    plock(addr);
    expect(load<i32>(addr)).toBe(1);
    expect(tryLock(addr)).toBe(false);
    punlock(addr);
    expect(tryLock(addr)).toBe(true);
  });

  it("is not taken at all when there is one", () => {
    const addr = newWord();
    sched.solo = 1;
    plock(addr);
    expect(load<i32>(addr)).toBe(0);
    plock(addr);
    expect(load<i32>(addr)).toBe(0);
    punlock(addr);
    sched.solo = 0;
  });
});

describe("sleeping on a word", () => {
  it("ends at once when the word is another already, and after the timeout when it stays", () => {
    const addr = newWord();
    futexsleep(addr, 1, -1);
    futexsleep(addr, 0, 1_000_000);
    expect(load<i32>(addr)).toBe(0);
  });
});
