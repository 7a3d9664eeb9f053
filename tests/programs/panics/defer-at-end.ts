// A deferred call in a function that can hardly fail before its end: it is made at the end, and all the same if the function fails.
//
// case: recovered
// stdout: all holds
//
// case: a panic in the deferred call
// args: unlock
// exit: 2
// stderr-match: /^panic: sync: unlock of unlocked mutex\n\ngoroutine 1 \[running\]:\n[^]*twice\(/
//
// case: what fails is reported after the call
// args: index
// exit: 2
// stdout: deferred 5
// stderr-match: /^panic: runtime error: index out of range \[9\] with length 3\n\ngoroutine 1 \[running\]:\nelement\(/
import { args, defer, Mutex, println, recover } from "skein";
import { same as sameAs } from "../expect";

let checks = 0;

function same<T>(found: T, expected: T): void {
  sameAs(found, expected, `check ${++checks}`);
}

class Counter {
  private readonly mutex: Mutex = new Mutex();
  private count: i32 = 0;

  add(by: i32): void {
    this.mutex.lock();
    defer(this.mutex.unlock());
    this.count += by;
  }

  get value(): i32 {
    this.mutex.lock();
    defer(this.mutex.unlock());
    return this.count;
  }

  get isFree(): bool {
    if (!this.mutex.tryLock()) return false;
    this.mutex.unlock();
    return true;
  }
}

let noted = "";

function note(text: string, n: i32): void {
  noted += text + n.toString() + " ";
}

function atTheMoment(n: i32): i32 {
  defer(note("a", n));
  n += 1;
  return n;
}

function nowAndThen(n: i32): i32 {
  if (n < 0) return 0;
  if (n % 2 == 0) defer(note("b", n));
  return n;
}

class Node {
  next: Node | null = null;
  value: i32 = 0;
}

function last(node: Node | null): i32 {
  defer(note("c", 1));
  return node!.next!.value;
}

function element(values: StaticArray<i32>, i: i32): i32 {
  defer(println("deferred 5"));
  return values[i];
}

function quotient(a: i32, b: i32): i32 {
  defer(note("d", a));
  return a / b;
}

function bits(x: f64): i32 {
  defer(note("e", 1));
  return <i32>x;
}

function caught(f: () => i32): string {
  try {
    return f().toString();
  } catch (e) {
    return e.message;
  }
}

function several(n: i32): i32 {
  defer(note("f", 1));
  defer(note("g", n));
  return n;
}

function inLoop(n: i32): i32 {
  for (let i = 0; i < n; i++) defer(note("h", i));
  return n;
}

let inner: Mutex = new Mutex();

function twice(): i32 {
  defer(inner.unlock());
  return 1;
}

function twiceAgain(): i32 {
  defer(note("i", 1));
  return twice();
}

function onlyOnce(): void {
  defer(note("k", 2));
  throw new Error("thrown");
}

function take(): string {
  const given = noted;
  noted = "";
  return given;
}

function recovered(): void {
  defer(forget());
  last(null);
}

function forget(): void {
  if (recover()) noted += "recovered ";
}

export function main(): void {
  if (args().length > 0) {
    if (args()[0] == "index") element([1, 2, 3], 9);
    else twice();
    return;
  }
  const counter = new Counter();
  for (let i = 0; i < 100; i++) counter.add(i);
  same(counter.value, 4950);
  same(counter.isFree, true);
  same(atTheMoment(4), 5);
  same(take(), "a4 ");
  same(nowAndThen(-1) + nowAndThen(1) + nowAndThen(2), 3);
  same(take(), "b2 ");
  const node = new Node();
  node.next = new Node();
  node.next!.value = 9;
  same(last(node), 9);
  same(take(), "c1 ");
  same(
    caught(() => last(null)),
    "runtime error: invalid memory address or nil pointer dereference",
  );
  same(take(), "c1 ");
  same(
    caught(() => last(new Node())),
    "runtime error: invalid memory address or nil pointer dereference",
  );
  same(take(), "c1 ");
  same(quotient(7, 2), 3);
  same(
    caught(() => quotient(8, 0)),
    "runtime error: integer divide by zero",
  );
  same(take(), "d7 d8 ");
  same(bits(2.5), 2);
  same(caught(() => bits(NaN)).length > 0, true);
  same(take(), "e1 e1 ");
  same(several(3) + inLoop(2), 5);
  same(take(), "g3 f1 h1 h0 ");
  same(
    caught(() => twiceAgain()),
    "sync: unlock of unlocked mutex",
  );
  same(take(), "i1 ");
  same(
    caught(() => {
      onlyOnce();
      return 0;
    }),
    "thrown",
  );
  same(take(), "k2 ");
  recovered();
  same(take(), "c1 recovered ");
  println("all holds");
}
