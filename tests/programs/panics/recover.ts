// Panics that are caught: `try`, `defer` and `recover`, as in Go and TypeScript, wherever the goroutine goes on meanwhile.
//
// case: caught
// stdout: all holds
//
// case: deferred calls run before the report
// args: report
// exit: 2
// stdout: first deferred
// stdout: last deferred
// stderr-match: /^panic: one\n\tpanic: two\n\ngoroutine 1 \[running\]:\n/
//
// case: a recovered panic is followed by another
// args: again
// exit: 2
// stderr-match: /^panic: one \[recovered\]\n\tpanic: not one\n\ngoroutine 1 \[running\]:\n/
//
// case: a panic that finally sees keeps its stack
// args: finally
// exit: 2
// stdout: finally
// stderr-match: /^panic: from below\n\ngoroutine 1 \[running\]:\n(?:.*\n)*below\(/
//
// case: deferred calls of a goroutine that ends, and of one that nobody waits for
// args: goexit
// exit: 2
// stdout: in the goroutine: try
// stdout: in the goroutine: finally
// stdout: in the goroutine: deferred
// stderr-match: /^fatal error: no goroutines \(main called runtime\.Goexit\) - deadlock!\n/
//
// case: fatal errors are not caught
// args: fatal
// exit: 2
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n/

import {
  Chan,
  Millisecond,
  Mutex,
  Once,
  WaitGroup,
  args,
  blocking,
  defer,
  gc,
  go,
  goexit,
  gosched,
  print,
  println,
  recover,
  sleep,
} from "skein";
import { check, same } from "../expect";

class Mine extends Error {
  constructor(
    readonly code: i32,
    readonly payload: string[],
  ) {
    super(`mine ${code}`);
  }
}

class Box {
  value: i32 = 0;
  following: Box = changetype<Box>(0);

  constructor(readonly mutex: Mutex = new Mutex()) {}

  add(n: i32): void {
    this.value += n;
  }

  /** One with `this` in none of them, beside a static method of its name: their parts are different functions. */
  apart(n: i32): i32 {
    let value = 0;
    try {
      value = 10 / n;
    } catch {
      value = -1;
    } finally {
      value++;
    }
    const more = (x: i32): i32 => x + value;
    return more(0);
  }

  static apart(n: i32): i32 {
    const twice = (x: i32): i32 => 2 * x;
    try {
      try {
        return twice(10 / n);
      } finally {
        n++;
      }
    } catch {
      return n;
    }
  }

  /** A method with `this` inside of all three. */
  guarded(n: i32): i32 {
    this.mutex.lock();
    defer(this.mutex.unlock());
    try {
      this.add(n);
      if (n < 0) throw new Mine(n, []);
      return this.value;
    } catch (e) {
      this.add(-n);
      return (e as Mine).code;
    } finally {
      this.add(1000);
    }
  }
}

let log: string[] = [];

function note(text: string): void {
  log.push(text);
}

function noted(): string {
  const text = log.join(" ");
  log = [];
  return text;
}

function fail(text: string): void {
  throw new Error(text);
}

// ---- try -------------------------------------------------------------------------------------------------------------------

function messageOf(what: i32, list: i32[], zero: i32): string {
  try {
    switch (what) {
      case 0:
        return list[7].toString();
      case 1:
        return (1 / zero).toString();
      case 2:
        return (1 % zero).toString();
      case 3: {
        const box = new Box();
        return box.following.value.toString();
      }
      case 6:
        return deep(1).toString();
      case 7:
        new Chan<i32>(1).close();
        return "none";
      case 8: {
        const ch = new Chan<i32>(1);
        ch.close();
        ch.send(1);
        return "sent";
      }
      case 9:
        assert(zero != 0, "it does not hold");
        return "holds";
      default:
        throw new RangeError("a range");
    }
  } catch (e) {
    check(e instanceof Error, "what is caught is an Error");
    return e.message;
  }
}

function deep(n: i32): i32 {
  return n == 0 ? 0 : deep(n + 1) + 1;
}

function errors(): void {
  const list = [1, 2];
  check(messageOf(0, list, 0).startsWith("runtime error: index out of range"), "an index is caught");
  same(messageOf(1, list, 0), "runtime error: integer divide by zero", "division");
  same(messageOf(2, list, 0), "runtime error: integer divide by zero", "remainder");
  for (let i = 0; i < 3; i++) same(messageOf(6, list, 0), "runtime error: stack overflow", "recursion");
  same(messageOf(7, list, 0), "none", "no error");
  same(messageOf(8, list, 0), "send on closed channel", "a closed channel");
  same(messageOf(9, list, 0), "it does not hold", "an assertion");
  same(messageOf(10, list, 0), "a range", "an error of the library's");
  same(messageOf(3, list, 0), "runtime error: invalid memory address or nil pointer dereference", "null");
}

function identity(): void {
  const thrown = new Mine(3, ["a", "b"]);
  let seen: Error | null = null;
  try {
    throw thrown;
  } catch (e) {
    seen = e;
  }
  check(seen === thrown, "catch gives the object that was thrown");
  try {
    try {
      throw thrown;
    } catch (inner) {
      gc();
      throw inner;
    } finally {
      note("finally");
    }
  } catch (e) {
    check(e instanceof Mine, "its class is kept");
    same((e as Mine).payload.join(), "a,b", "and what it has");
  }
  try {
    fail("x");
  } catch (e) {
    note(e.message);
  }
  try {
    try {
      fail("y");
    } catch {
      note("bare");
      fail("z");
    } finally {
      note("finally");
    }
  } catch {
    note("outer");
  }
  same(noted(), "finally x bare finally outer", "handlers");
}

function ways(n: i32): string {
  let path = "";
  for (let i = 0; i < 4; i++) {
    try {
      path += i.toString();
      try {
        if (i == n) continue;
        if (i == n + 1) break;
        if (i == n + 2) return path + "returned";
      } finally {
        path += "f";
      }
      path += "e";
    } finally {
      path += "F";
    }
  }
  return path;
}

function overriding(): i32 {
  try {
    fail("lost");
  } finally {
    return 5; // eslint-disable-line no-unsafe-finally
  }
}

function inSwitch(n: i32): string {
  switch (n) {
    case 0:
      try {
        if (n == 0) break;
        note("not left");
      } finally {
        note("0");
      }
      return "zero";
    case 1:
      return "one";
  }
  return "out";
}

function wide(n: i32): f64 {
  try {
    if (n == 0) return 0.5;
    if (n == 1) throw new Error("1");
  } catch (e) {
    return parseFloat(e.message);
  }
  return 2.5;
}

function long(n: i32): i64 {
  let sum: i64 = 1 << 40;
  const add = (by: i64): void => {
    sum += by;
  };
  try {
    add(<i64>n);
    return sum;
  } finally {
    add(1);
    note(sum.toString());
  }
}

function control(): void {
  same(ways(0), "0fF1fF", "continue, then break");
  same(ways(1), "0feF1fF2fF", "the same later");
  same(ways(-1), "0fF", "break at once");
  same(ways(-2), "0returned", "a return passes finally, with the value that it had");
  same(ways(9), "0feF1feF2feF3feF", "neither");
  same(overriding(), 5, "a return in finally");
  same(inSwitch(0), "out", "break of a switch");
  same(inSwitch(1), "one", "return of a switch");
  same(wide(0) + wide(1) + wide(2), 4, "floats");
  same(long(2), (1 << 40) + 2, "the value is taken before finally");
  same(noted(), "0 1099511627779", "what finally saw");
  const box = new Box();
  same(box.guarded(5), 5, "a method");
  same(box.guarded(-3), -3, "a method that throws");
  same(box.value, 2005, "its finally, twice");
  same(box.apart(2) + box.apart(0), 6, "parts without this");
  same(Box.apart(5) + Box.apart(0), 5, "and of a static method");
}

// ---- defer -----------------------------------------------------------------------------------------------------------------

function order(early: bool): i32 {
  let n = 1;
  defer(note(`n was ${n}`));
  n = 2;
  defer(() => {
    note(`n is ${n}`);
    n = 4;
  });
  for (let i = 0; i < 3; i++) {
    if (i != 1) defer(note(i.toString()));
  }
  if (early) return n;
  n = 3;
  return n;
}

function recovering(what: i32): string {
  defer(note("end"));
  defer(() => {
    const e = recover();
    note(e ? e.message : "nothing");
    check(recover() == null, "a panic is recovered once");
  });
  if (what == 0) return "returned";
  if (what == 1) fail("one");
  if (what == 2) messageOf(what, [], 0);
  defer(fail("late"));
  return "before";
}

function handle(): void {
  const e = recover();
  if (e) note(`handled ${e.message}`);
}

function byName(n: i32): i32 {
  defer(handle());
  if (n > 0) return byName(n - 1) + 1;
  fail("at the bottom");
  return 7;
}

/** What a deferred call calls has deferred calls of its own: they are not run because of the panic. */
function careful(): void {
  defer(handle());
  note("careful");
}

function nested(): void {
  defer(() => {
    const e = recover();
    note(e ? `outer ${e.message}` : "outer nothing");
  });
  defer(() => {
    careful();
    try {
      fail("inner");
    } catch (e) {
      note(e.message);
    }
  });
  fail("outer");
}

function replaced(): void {
  defer(handle());
  defer(fail("second"));
  fail("first");
}

function passing(): void {
  defer(note("passing"));
  fail("through");
}

function noteAll(i: i32, half: f64, far: i64): void {
  note(`${i}/${half}/${far >> 33}`);
}

/** Places come by in turns, more than once or not at all. */
function inTurns(turns: i32, fails: bool): i32 {
  for (let i = 0; i < turns; i++) {
    if (i & 1) defer(note(`odd ${i}`));
    else defer(noteAll(i, 0.5 + <f64>i, (<i64>i) << 33));
    if (fails && i == 2) defer(fail("deferred"));
  }
  if (turns == 0) return -1;
  defer(note("last"));
  return turns;
}

function deferring(): void {
  same(order(true), 2, "a result is taken before deferred calls");
  same(noted(), "2 0 n is 2 n was 1", "last in, first out; arguments at once, closures by reference");
  same(order(false), 3, "the other way out");
  same(noted(), "2 0 n is 3 n was 1", "the same");
  same(recovering(0), "returned", "nothing to recover");
  same(noted(), "nothing end", "recover gives null");
  // What a recovered function returns is the zero of its type; of a reference that is null.
  check(changetype<usize>(recovering(1)) == 0, "a recovered function returns");
  same(noted(), "one end", "recovered");
  same(recovering(2), "before", "a deferred call panics");
  same(noted(), "late end", "and another recovers");
  same(byName(3), 3, "the innermost recovers");
  same(noted(), "handled at the bottom", "once");
  nested();
  same(noted(), "careful inner outer outer", "panics in deferred calls");
  replaced();
  same(noted(), "handled second", "the second takes the place of the first");
  try {
    passing();
  } catch (e) {
    note(e.message);
  }
  same(noted(), "passing through", "catch comes after what the frames below have deferred");
  check(recover() == null, "nothing to recover outside");
  same(inTurns(0, false), -1, "none is reached");
  same(noted(), "", "so none is called");
  same(inTurns(4, false), 4, "in turns");
  same(noted(), "last odd 3 2/2.5/2 odd 1 0/0.5/0", "last in, first out, wherever they stand");
  try {
    inTurns(4, true);
  } catch (e) {
    note(e.message);
  }
  same(noted(), "last odd 3 2/2.5/2 odd 1 0/0.5/0 deferred", "those before one that panics are called too");
}

// ---- goroutines ------------------------------------------------------------------------------------------------------------

/** Parks, is preempted and moves, in all parts. */
function wander(id: i32, turns: i32, ch: Chan<i32>): i32 {
  let sum = 0;
  for (let turn = 0; turn < turns; turn++) {
    const list = [id, turn];
    try {
      ch.send(id);
      sum += ch.recv() & 0;
      try {
        gosched();
        if (turn % 3 == 0) throw new Mine(turn, [id.toString()]);
        if (turn % 3 == 1) sum += list[turn + 2];
        for (let i = 0; i < 3000; i++) sum += i & 0;
        sum++;
      } finally {
        if (turn % 7 == 0) sleep(Millisecond / 10);
        sum += 10;
      }
    } catch (e) {
      gosched();
      if (e instanceof Mine) {
        same((e as Mine).code, turn, "the error of this turn");
        same((e as Mine).payload[0], id.toString(), "and of this goroutine");
      } else {
        check(e.message.startsWith("runtime error: index"), e.message);
      }
      sum += 100;
    }
    sum += protectedTurn(turn, ch);
  }
  return sum;
}

function protectedTurn(turn: i32, ch: Chan<i32>): i32 {
  defer(() => {
    gosched();
    const e = recover();
    ch.send(turn);
    ch.recv();
    if (e) same(e.message, turn.toString(), "the panic of this turn");
  });
  gosched();
  if (turn % 2 == 0) fail(turn.toString());
  return 1000;
}

function goroutines(): void {
  const ch = new Chan<i32>(100);
  const wg = new WaitGroup();
  const sums = new Chan<i32>(8);
  for (let id = 0; id < 8; id++) {
    wg.add(1);
    go(() => {
      defer(wg.done());
      sums.send(wander(id, 12, ch));
    });
  }
  wg.wait();
  // Of 12 turns 4 end well, 8 are caught, all pass finally; 6 are odd.
  for (let id = 0; id < 8; id++) same(sums.recv(), 4 + 120 + 800 + 6000, "what a goroutine has done");

  const done = new Chan<string>();
  go(() => {
    defer(() => {
      check(recover() == null, "the end of a goroutine is no panic");
      done.send("deferred");
    });
    try {
      goexit();
    } catch (e) {
      done.send(e.message);
    } finally {
      sleep(Millisecond);
      done.send("finally");
    }
    done.send("went on");
  });
  same(done.recv(), "finally", "goexit passes finally, not catch");
  same(done.recv(), "deferred", "and makes deferred calls");

  const once = new Once();
  for (let i = 0; i < 2; i++) {
    try {
      once.do(fail("in once"));
      note("done");
    } catch (e) {
      note(e.message);
    }
  }
  same(noted(), "in once done", "a Once whose call panics counts as done");
  const before = new Mutex();
  try {
    blocking(() => {
      before.lock();
      fail("while blocking");
    });
  } catch (e) {
    note(e.message);
    gosched();
    before.unlock();
  }
  same(noted(), "while blocking", "a blocking call");
}

// ---- programs that end -----------------------------------------------------------------------------------------------------

function below(): void {
  fail("from below");
}

function report(): void {
  defer(println("last deferred"));
  defer(() => {
    println("first deferred");
    gosched();
    fail("two");
  });
  fail("one");
}

function again(): void {
  defer(() => {
    const e = recover();
    throw new Error(`not ${e!.message}`);
  });
  fail("one");
}

function seen(): void {
  try {
    below();
  } finally {
    gosched();
    println("finally");
  }
}

function ending(): void {
  const done = new Chan<bool>();
  go(() => {
    defer(done.send(true));
    defer(println("in the goroutine: deferred"));
    try {
      println("in the goroutine: try");
      goexit();
    } finally {
      println("in the goroutine: finally");
    }
  });
  done.recv();
  goexit();
}

export function main(): void {
  const what = args();
  if (what.length == 0) {
    errors();
    identity();
    control();
    deferring();
    goroutines();
    println("all holds");
  } else if (what[0] == "report") report();
  else if (what[0] == "again") again();
  else if (what[0] == "finally") seen();
  else if (what[0] == "goexit") ending();
  else if (what[0] == "fatal") {
    try {
      new Chan<i32>().recv();
    } catch (e) {
      print(e.message);
    } finally {
      print("finally");
    }
  }
}
