import { Sema, semaq, semrelease, semtake } from "../../assembly/runtime/chan/sema";
import { g } from "../../assembly/runtime/base/registers";
import { enqueue } from "../../assembly/runtime/chan/waitq";
import { fakeWaiter, reset, takeReady } from "./support";

function newSema(): Sema {
  const ptr = heap.alloc(offsetof<Sema>());
  memory.fill(ptr, 0, offsetof<Sema>());
  return changetype<Sema>(ptr);
}

describe("a semaphore", () => {
  beforeEach(reset);

  it("keeps permits until somebody takes them", () => {
    const s = newSema();
    semrelease(s, 2);
    expect(s.value).toBe(2);
    expect(semtake(s, false)).toBe(0);
    expect(semtake(s, true)).toBe(0);
    expect(s.value).toBe(0);
  });

  it("gives a permit to the first who waits, and keeps none", () => {
    const s = newSema();
    enqueue(semaq(s), fakeWaiter(2));
    enqueue(semaq(s), fakeWaiter(3));
    semrelease(s, 1);
    expect(takeReady()).toBe(2);
    expect(takeReady()).toBe(0);
    expect(s.value).toBe(0);
  });

  it("gives several to as many as wait and keeps the rest", () => {
    const s = newSema();
    enqueue(semaq(s), fakeWaiter(2));
    enqueue(semaq(s), fakeWaiter(3));
    semrelease(s, 5);
    expect(takeReady() + takeReady()).toBe(5);
    expect(s.value).toBe(3);
  });

  it("puts who finds no permit into the queue, with the lock held for gopark", () => {
    const s = newSema();
    enqueue(semaq(s), fakeWaiter(2));
    expect(semtake(s, false)).toBe(changetype<usize>(s));
    expect(s.lock).toBe(1);
    s.lock = 0;
    expect(semaq(s).last!.g == g).toBeTruthy();
    reset();
    expect(semtake(s, true)).toBe(changetype<usize>(s));
    s.lock = 0;
    expect(semaq(s).first!.g == g).toBeTruthy();
  });
});
