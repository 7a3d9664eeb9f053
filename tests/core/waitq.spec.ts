import { Waiter } from "../../assembly/abi";
import { dequeue, enqueue, enqueueFirst, readyAll, unlink, WaitQ } from "../../assembly/runtime/chan/waitq";
import { fakeG, fakeWaiter, reset, takeReady } from "./support";

function newQ(): WaitQ {
  const ptr = heap.alloc(offsetof<WaitQ>());
  memory.fill(ptr, 0, offsetof<WaitQ>());
  return changetype<WaitQ>(ptr);
}

/** The numbers of the waiters from first to last; also checks that the links agree in both directions. */
function ids(q: WaitQ): string {
  let text = "";
  let prev: Waiter | null = null;
  let w = q.first;
  while (w) {
    expect(w.prev == prev).toBeTruthy("prev of " + w.g.id.toString());
    text += w.g.id.toString();
    prev = w;
    w = w.next;
  }
  expect(q.last == prev).toBeTruthy("last");
  return text;
}

describe("a queue of waiters", () => {
  it("gives them in the order they came", () => {
    const q = newQ();
    for (let i = 1; i <= 3; i++) enqueue(q, fakeWaiter(i));
    expect(ids(q)).toBe("123");
    for (let i = 1; i <= 3; i++) expect(dequeue(q)!.g.id).toBe(i);
    expect(dequeue(q) == null).toBeTruthy();
    expect(ids(q)).toBe("");
  });

  it("puts one before all others on request", () => {
    const q = newQ();
    enqueueFirst(q, fakeWaiter(2));
    enqueue(q, fakeWaiter(3));
    enqueueFirst(q, fakeWaiter(1));
    expect(ids(q)).toBe("123");
  });

  it("loses any one without disturbing the others", () => {
    for (let gone = 0; gone < 3; gone++) {
      const q = newQ();
      const all = [fakeWaiter(1), fakeWaiter(2), fakeWaiter(3)];
      for (let i = 0; i < 3; i++) enqueue(q, all[i]);
      unlink(q, all[gone]);
      expect(ids(q)).toBe(gone == 0 ? "23" : gone == 1 ? "13" : "12");
      enqueue(q, all[gone]);
      expect(ids(q).length).toBe(3);
    }
  });

  it("ignores unlinking a waiter that is not in it", () => {
    const q = newQ();
    const a = fakeWaiter(1);
    const b = fakeWaiter(2);
    enqueue(q, a);
    enqueue(q, b);
    dequeue(q);
    unlink(q, a);
    expect(ids(q)).toBe("2");
    unlink(q, b);
    unlink(q, b);
    expect(ids(q)).toBe("");
  });
});

describe("a list of goroutines made ready together", () => {
  it("is taken whole", () => {
    reset();
    const first = fakeG(11);
    const second = fakeG(12);
    const third = fakeG(13);
    first.schedlink = second;
    second.schedlink = third;
    readyAll(first);
    let sum: i64 = 0;
    for (let i = 0; i < 3; i++) sum += takeReady();
    expect(sum).toBe(36);
    expect(takeReady()).toBe(0);
    readyAll(null);
    expect(takeReady()).toBe(0);
  });
});
