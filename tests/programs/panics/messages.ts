// A panic that nothing contains ends the program with its text, the goroutine's number and stack, and exit code 2.
//
// case: an Error
// args: error
// exit: 2
// stdout: begin
// stderr-match: /^panic: something went wrong\n\ngoroutine 1 \[running\]:\n[^]*\bthrower\b[^]*\bmain\b/
//
// case: an Error with a computed text
// args: computed
// exit: 2
// stdout: begin
// stderr-match: /^panic: 1 \+ 1 = 2, 🚀\n\ngoroutine 1 \[running\]:\n/
//
// case: an Error of more lines
// args: lines
// exit: 2
// stdout: begin
// stderr-match: /^panic: first\nsecond\n\ngoroutine 1 \[running\]:\n/
//
// case: an Error of a million characters
// args: long
// exit: 2
// stdout: begin
// stderr-match: /^panic: (0123456789){10000}/
//
// case: a RangeError
// args: range-error
// exit: 2
// stdout: begin
// stderr-match: /^panic: out of bounds\n\ngoroutine 1 \[running\]:\n/
//
// case: an assertion
// args: assert
// exit: 2
// stdout: begin
// stderr-match: /^panic: it does not hold\n\ngoroutine 1 \[running\]:\n/
//
// case: a key that a Map has not
// args: map
// exit: 2
// stdout: begin
// stderr-match: /^panic: Key does not exist\n\ngoroutine 1 \[running\]:\n/
//
// case: an index past an array
// args: array
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: index out of range \[5\] with length 3\n\ngoroutine 1 \[running\]:\n[^]*\bfetch\b[^]*\bmain\b/
//
// case: an index before an array
// args: negative
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: index out of range \[-5\]\n\ngoroutine 1 \[running\]:\n/
//
// case: a write past an array, which grows at its length
// args: write
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: index out of range \[4\] with length 4\n\ngoroutine 1 \[running\]:\n(?![^]*~lib)[^]*\bstore\b[^]*\bmain\b/
//
// case: an index past a typed array
// args: typed
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: index out of range \[5\] with length 4\n\ngoroutine 1 \[running\]:\n/
//
// case: an index past a static array
// args: static
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: index out of range \[5\] with length 4\n\ngoroutine 1 \[running\]:\n/
//
// case: a division by zero
// args: divide
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: integer divide by zero\n\ngoroutine 1 \[running\]:\n[^]*\bdivide\b[^]*\bmain\b/
//
// case: a remainder by zero
// args: remainder
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: integer divide by zero\n\ngoroutine 1 \[running\]:\n/
//
// case: a division of 64 bits by zero
// args: divide64
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: integer divide by zero\n\ngoroutine 1 \[running\]:\n/
//
// case: a null reference
// args: null
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: invalid memory address or nil pointer dereference\n\ngoroutine 1 \[running\]:\n/
//
// case: null that a closed channel gave
// args: closed-null
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: invalid memory address or nil pointer dereference\n\ngoroutine 1 \[running\]:\nmain\(/
//
// case: an address outside memory
// args: memory
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: invalid memory address or nil pointer dereference\n\ngoroutine 1 \[running\]:\n/
//
// case: a recursion without end
// args: recursion
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: stack overflow\n\ngoroutine 1 \[running\]:\n/
//
// case: a recursion without end of two functions in a goroutine
// args: mutual
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: stack overflow\n\ngoroutine \d+ \[running\]:\n/
//
// case: a recursion without end that may park
// args: parking
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: stack overflow\n\ngoroutine 1 \[running\]:\n/
//
// case: a panic in another goroutine
// args: goroutine
// exit: 2
// stdout: begin
// stderr-match: /^panic: in goroutine (\d+)\n\ngoroutine \1 \[running\]:\n[^]*\binGoroutine\b[^]*\ncreated in goroutine 1\n$/
//
// case: a panic after a park
// args: resumed
// exit: 2
// stdout: begin
// stderr-match: /^panic: after 3 parks\n\ngoroutine \d+ \[running\]:\n/
//
// case: a panic beside goroutines that compute
// args: computing
// exit: 2
// stdout: begin
// stderr-match: /^panic: beside others\n\ngoroutine 1 \[running\]:\n/
//
// case: a panic of many goroutines
// args: many
// exit: 2
// stdout: begin
// stderr-match: /^panic: one of many\n\ngoroutine \d+ \[running\]:\n/
//
// case: a panic in a function of afterFunc
// args: timer
// exit: 2
// stdout: begin
// stderr-match: /^panic: in the timer\n\ngoroutine \d+ \[running\]:\n/
//
// case: a panic while the arguments of go are evaluated
// args: argument
// exit: 2
// stdout: begin
// stderr-match: /^panic: runtime error: index out of range \[5\] with length 3\n\ngoroutine 1 \[running\]:\n/
//
// case: a send on a closed channel
// args: closed-send
// exit: 2
// stdout: begin
// stderr-match: /^panic: send on closed channel\n\ngoroutine 1 \[running\]:\n/
//
// case: a send on a closed channel with room
// args: closed-room
// exit: 2
// stdout: begin
// stderr-match: /^panic: send on closed channel\n\ngoroutine 1 \[running\]:\n/
//
// case: trySend on a closed channel
// args: closed-try
// exit: 2
// stdout: begin
// stderr-match: /^panic: send on closed channel\n\ngoroutine 1 \[running\]:\n/
//
// case: a send that waits while its channel is closed
// args: closed-waiting
// exit: 2
// stdout: begin
// stderr-match: /^panic: send on closed channel\n\ngoroutine \d+ \[running\]:\n/
//
// case: close of a closed channel
// args: closed-twice
// exit: 2
// stdout: begin
// stderr-match: /^panic: close of closed channel\n\ngoroutine 1 \[running\]:\n/

import { go, args, println, goid, gomaxprocs, gosched, sleep, afterFunc, Chan, Millisecond } from "skein";
import { settle } from "../expect";

const numbers: i32[] = [1, 2, 3];
let zero = 0;
let zero64: i64 = 0;
let five = 5;
let sink: i64 = 0;

function thrower(): void {
  throw new Error("something went wrong");
}

function fetch(i: i32): i32 {
  return numbers[i];
}

function store(i: i32): void {
  numbers[numbers.length] = 4;
  numbers[i] = 5;
}

function divide(a: i32, b: i32): i32 {
  return a / b;
}

class Link {
  next: Link | null = null;
  n: i32 = 1;
}

function recurse(n: i64): i64 {
  return recurse(n + 1) + n;
}

function even(n: i64): i64 {
  return odd(n + 1) + 1;
}

function odd(n: i64): i64 {
  return even(n + 2) + 2;
}

function parkSometimes(n: i64): i64 {
  if (n % 64 == 63) gosched();
  return parkSometimes(n + 1) + n;
}

function inGoroutine(): void {
  throw new Error(`in goroutine ${goid()}`);
}

function fail(message: string): void {
  throw new Error(message);
}

function compute(): void {
  for (;;) sink++;
}

function use(n: i32): void {
  sink += n;
}

export function main(): void {
  println("begin");
  const how = args()[0];
  const ch = new Chan<i32>();
  if (how == "error") thrower();
  if (how == "computed") throw new Error(`1 + 1 = ${zero + 2}, 🚀`);
  if (how == "lines") throw new Error("first\nsecond");
  if (how == "long") throw new Error("0123456789".repeat(100000));
  if (how == "range-error") throw new RangeError("out of bounds");
  if (how == "assert") assert(zero == 1, "it does not hold");
  if (how == "map") new Map<string, i32>().get("x");
  if (how == "array") fetch(five);
  if (how == "negative") fetch(-five);
  if (how == "write") store(five - 1);
  if (how == "typed") new Uint8Array(4)[five]++;
  if (how == "static") new StaticArray<i32>(4)[five] = 1;
  if (how == "divide") divide(1, zero);
  if (how == "remainder") sink = five % zero;
  if (how == "divide64") sink = 1 / zero64;
  if (how == "null") sink = new Link().next!.n;
  if (how == "closed-null") {
    const links = new Chan<Link>();
    links.close();
    links.recv().n = 1;
  }
  if (how == "memory") sink = load<i64>(<usize>-16 + zero);
  if (how == "recursion") sink = recurse(0);
  if (how == "mutual") {
    go(() => {
      sink = even(0);
    });
    ch.recv();
  }
  if (how == "parking") sink = parkSometimes(0);
  if (how == "goroutine") {
    for (let i = 0; i < 5; i++) {
      go(() => {
        gosched();
      });
    }
    go(inGoroutine());
    ch.recv();
  }
  if (how == "resumed") {
    go(() => {
      gosched();
      sleep(Millisecond);
      const n = ch.recv();
      fail(`after ${n} parks`);
    });
    ch.send(3);
    ch.recv();
  }
  if (how == "computing") {
    for (let i = 1; i < gomaxprocs(0); i++) go(compute());
    sleep(Millisecond);
    fail("beside others");
  }
  if (how == "many") {
    for (let i = 0; i < 100; i++) go(fail("one of many"));
    ch.recv();
  }
  if (how == "timer") {
    afterFunc(Millisecond, fail("in the timer"));
    ch.recv();
  }
  if (how == "argument") {
    go(use(numbers[five]));
    sleep(100 * Millisecond);
  }
  if (how == "closed-send") {
    ch.close();
    ch.send(1);
  }
  if (how == "closed-room") {
    const buffered = new Chan<string>(3);
    buffered.close();
    buffered.send("x");
  }
  if (how == "closed-try") {
    ch.close();
    ch.trySend(1);
  }
  if (how == "closed-waiting") {
    go(() => {
      ch.send(1);
    });
    settle();
    ch.close();
    sleep(10_000 * Millisecond);
  }
  if (how == "closed-twice") {
    ch.close();
    ch.close();
  }
  println("not reached");
}
