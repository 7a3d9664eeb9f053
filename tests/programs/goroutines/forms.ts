// Each form of go starts its goroutine with the callee and the arguments as they were at the call.

import { blocking, go, Chan, WaitGroup, gosched, println } from "skein";
import { check, same } from "../expect";

const results = new Chan<string>(100);

function report(name: string, n: i32): void {
  results.send(`${name} ${n}`);
}

function aCallRunsWithTheArgumentsOfTheMoment(): void {
  let name = "before";
  let n = 1;
  go(report(name, n));
  name = "after";
  n = 2;
  same(results.recv(), "before 1", "a call");
  same(name, "after", "the caller's variable");
  same(n, 2, "the caller's other variable");
}

class Counter {
  constructor(
    public name: string,
    public n: i32 = 0,
  ) {}

  report(by: i32): void {
    results.send(`${this.name} ${this.n + by}`);
  }

  startFromInside(): void {
    go(this.report(7));
  }

  startBody(extra: i32): void {
    go(() => {
      this.report(extra);
    });
  }
}

function aMethodCallHoldsItsObject(): void {
  let counter = new Counter("first", 10);
  go(counter.report(1));
  counter = new Counter("second", 20);
  same(results.recv(), "first 11", "a method");
  go(counter.report(1));
  same(results.recv(), "second 21", "a method of the new object");
}

function aGoroutineSeesWhatItsObjectBecame(): void {
  const counter = new Counter("shared", 1);
  const gate = new Chan<bool>();
  go(() => {
    gate.recv();
    counter.report(0);
  });
  counter.n = 5;
  gate.send(true);
  same(results.recv(), "shared 5", "the object itself is shared");
}

function methodsStartGoroutinesOnThis(): void {
  const counter = new Counter("this", 1);
  counter.startFromInside();
  same(results.recv(), "this 8", "go(this.m())");
  counter.startBody(3);
  same(results.recv(), "this 4", "a body that uses this");
}

function aBodySharesVariables(): void {
  let x = 1;
  let s = "a";
  const f: f64 = 0.5;
  const changed = new Chan<bool>();
  go(() => {
    changed.recv();
    results.send(`${x} ${s} ${f}`);
    x = 3;
    changed.send(true);
  });
  x = 2;
  s = "b";
  changed.send(true);
  same(results.recv(), "2 b 0.5", "captured locals");
  changed.recv();
  same(x, 3, "the body's x is the caller's");
}

function everyTurnOfALoopCapturesItsOwnValue(): void {
  const squares = new Chan<i32>(10);
  for (let i = 0; i < 10; i++) {
    go(() => {
      squares.send(i * i);
    });
  }
  let sum = 0;
  for (let i = 0; i < 10; i++) sum += squares.recv();
  same(sum, 285, "the sum of the squares below ten");
}

function parametersAreCapturedToo(a: i32, b: string): void {
  const changed = new Chan<bool>();
  go(() => {
    changed.recv();
    results.send(b + " " + a.toString());
  });
  a++;
  b += "s";
  changed.send(true);
  same(results.recv(), "parameters 10", "captured parameters");
}

let shared = 0;

function aBodyMayAssignModuleVariablesAndItsOwnLocals(): void {
  const done = new Chan<i32>();
  const x = 3;
  go(() => {
    shared = 5;
    let own = x;
    own += 1;
    own++;
    for (let i = 0; i < 3; i++) own += i;
    done.send(own);
  });
  same(done.recv(), 8, "locals of the body");
  same(shared, 5, "a module variable");
}

function aLocalOfTheBodyMayHaveTheNameOfOneOutside(): void {
  const done = new Chan<i32>();
  let x = 1;
  go(() => {
    let x = 10;
    x += 1;
    done.send(x);
  });
  same(done.recv(), 11, "the inner x");
  same(x, 1, "the outer x");
}

function aBodyMayChangeWhatItsCapturesPointTo(): void {
  const done = new Chan<bool>();
  const list: i32[] = [1, 2, 3];
  const counter = new Counter("field", 1);
  go(() => {
    list[0] = 100;
    list.push(4);
    counter.n = 2;
    counter.n += 5;
    done.send(true);
  });
  done.recv();
  same(list[0], 100, "an element");
  same(list.length, 4, "the length");
  same(counter.n, 7, "a field");
}

function goroutinesStartGoroutines(): void {
  const base = 100;
  const done = new Chan<i32>();
  go(() => {
    const middle = base + 10;
    go(() => {
      const inner = middle + 1;
      go(() => {
        done.send(base + middle + inner);
      });
    });
  });
  same(done.recv(), 100 + 110 + 111, "three bodies deep");
}

function goStandsWhereAStatementMay(): void {
  const done = new Chan<i32>(20);
  const yes = numbers.length > 0;
  if (yes) go(send(done, 1));
  if (!yes) go(send(done, 1000));
  else go(send(done, 2));
  for (let i = 3; i < 5; i++) go(send(done, i));
  let n = 5;
  while (n < 7) go(send(done, n++));
  do go(send(done, n));
  while (++n < 9);
  switch (n) {
    case 9:
      go(send(done, 9));
      break;
    default:
      go(send(done, 1000));
  }
  {
    const scoped = 10;
    go(send(done, scoped));
  }
  for (let i = 11; ; i++) {
    go(send(done, i));
    if (i < 12) continue;
    break;
  }
  const starter = (ch: Chan<i32>): void => {
    go(send(ch, 13));
  };
  starter(done);
  const oneLiner = (ch: Chan<i32>): void => go(send(ch, 14));
  oneLiner(done);
  (go(send(done, 15)), go(send(done, 16)));
  let sum = 0;
  for (let i = 0; i < 16; i++) sum += done.recv();
  same(sum, 136, "1 to 16");
}

const numbers: i32[] = [1];

function send(ch: Chan<i32>, v: i32): void {
  ch.send(v);
}

function anEmptyBodyIsABody(): void {
  go(() => {});
  go(() => {
    // nothing
  });
  gosched();
}

function aBodyMayReturnEarlyAndLoop(): void {
  const wg = new WaitGroup();
  let total = new Chan<i32>(10);
  for (let i = 0; i < 10; i++) {
    wg.add();
    go(() => {
      if (i % 2 == 0) {
        wg.done();
        return;
      }
      let sum = 0;
      for (let k = 0; ; k++) {
        if (k > 5) break;
        if (k == 2) continue;
        sum += k;
      }
      total.send(sum);
      wg.done();
    });
  }
  wg.wait();
  same(total.length, 5, "the odd ones got to the end");
  same(total.recv(), 13, "0 + 1 + 3 + 4 + 5");
}

function aBodyMayHoldFunctionsOfItsOwn(): void {
  const done = new Chan<i32>();
  const offset = 2;
  go(() => {
    const twice = (x: i32): i32 => x * 2;
    const list: i32[] = [3, 1, 2];
    list.sort((a, b) => a - b);
    done.send(twice(list[0]) + list.map<i32>((offset) => offset * 10)[2] + offset);
  });
  same(done.recv(), 2 + 30 + 2, "functions inside a body");
}

function aFunctionValueMayBeCaptured(): void {
  const done = new Chan<i32>();
  const twice = (x: i32): i32 => x * 2;
  go(() => {
    done.send(twice(21));
  });
  same(done.recv(), 42, "a captured function");
}

const sums = new Chan<i64>();

/** 56 bytes, as many as a goroutine itself has room for: they lie where it keeps what it waits with. */
function seven(a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64): void {
  sums.send(a + b + c + d + e + f + g);
}

function eight(a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64): void {
  sums.send(a + b + c + d + e + f + g + h);
}

function startMany(): void {
  for (let i: i64 = 0; i < 100; i++) {
    go(seven(i, 1, 2, 3, 4, 5, 6));
    go(eight(i, 1, 2, 3, 4, 5, 6, 7));
  }
}

function argumentsMayBeAsManyAsTheyLike(): void {
  startMany();
  blocking(startMany());
  let sum: i64 = 0;
  for (let i = 0; i < 400; i++) sum += sums.recv();
  same(sum, 4 * 4950 + 200 * 21 + 200 * 28, "what the goroutines were given");
}

function textThatLooksLikeGoIsText(): void {
  const s = "go(report(1))";
  const t = `go(() => { ${s} })`;
  // go(report("comment", 1));
  /* go(() => { results.send("comment"); }); */
  check(s.length == 13 && t.length == 27, "strings stay as they are");
  same(results.length, 0, "nothing was started");
}

export function main(): void {
  aCallRunsWithTheArgumentsOfTheMoment();
  aMethodCallHoldsItsObject();
  aGoroutineSeesWhatItsObjectBecame();
  methodsStartGoroutinesOnThis();
  aBodySharesVariables();
  everyTurnOfALoopCapturesItsOwnValue();
  parametersAreCapturedToo(9, "parameter");
  aBodyMayAssignModuleVariablesAndItsOwnLocals();
  aLocalOfTheBodyMayHaveTheNameOfOneOutside();
  aBodyMayChangeWhatItsCapturesPointTo();
  goroutinesStartGoroutines();
  goStandsWhereAStatementMay();
  anEmptyBodyIsABody();
  aBodyMayReturnEarlyAndLoop();
  aBodyMayHoldFunctionsOfItsOwn();
  aFunctionValueMayBeCaptured();
  argumentsMayBeAsManyAsTheyLike();
  textThatLooksLikeGoIsText();
  println("ok");
}
