// Functions share the variables around them, each turn of a loop has its own, and what they hold is kept as long as they are.

import { go, gc, gosched, afterFunc, println, Chan, Millisecond, Mutex, Once, Pool, WaitGroup } from "skein";
import { same } from "../expect";

function counter(): () => i32 {
  let i = 0;
  return () => ++i;
}

function eachCallOfAFunctionMakesItsOwnVariables(): void {
  const a = counter(),
    b = counter();
  same(a() * 1000 + a() * 100 + b() * 10 + a(), 1213, "two counters");
}

function parameters(a: i32, s: string): () => string {
  const f = (): string => {
    a++;
    s += "!";
    return `${a}${s}`;
  };
  a = 10;
  return f;
}

function parametersAreSharedToo(): void {
  const f = parameters(1, "x");
  same(f() + f(), "11x!12x!!", "a parameter");
}

function everyTypeIsShared(): void {
  let small: u8 = 250,
    signed: i16 = -1,
    long: i64 = 1 << 40,
    half: f64 = 0.5,
    single: f32 = 1.5,
    yes = true,
    text = "a",
    list = [1],
    none: i32[] | null = null,
    later: i32;
  const change = () => {
    small += 10;
    signed--;
    long++;
    half *= 2;
    single += 1;
    yes = !yes;
    text += "b";
    list = list.concat([2]);
    none = list;
    later = 7;
  };
  change();
  same(
    `${small} ${signed} ${long} ${half} ${single} ${yes} ${text} ${list}`,
    "4 -2 1099511627777 1.0 2.5 false ab 1,2",
    "values",
  );
  same(none !== null ? none.length : 0, 2, "tested for null");
  same(later, 7, "a variable without a value at first");
}

function eachTurnHasItsOwnVariable(): void {
  const all: (() => i32)[] = [];
  for (let i = 0; i < 3; i++) all.push(() => i);
  for (let i = 0; i < 3; i++) all.push(() => (i += 10));
  for (let i = 0; i < 6;) {
    all.push(() => i * 100);
    i += 2;
  }
  for (let i = 0, j = 0; i < 4; i++) {
    if (i == 1) continue;
    all.push(() => j * 1000 + i);
    j++;
  }
  let k = 0;
  while (k < 2) {
    let turn = k++;
    all.push(() => k * 10 + turn++);
  }
  same(all.map((f) => f()).join(), "0,1,2,10,11,12,200,400,600,1000,2002,3003,20,21", "once");
  same(all.map((f) => f()).join(), "0,1,2,20,21,22,200,400,600,1000,2002,3003,21,22", "again");
}

function bodiesOfGoroutinesShareThem(): void {
  let total = 0;
  const mutex = new Mutex(),
    done = new WaitGroup();
  for (let i = 0; i < 100; i++) {
    done.add();
    go(() => {
      const add = (n: i32) => {
        mutex.lock();
        const was = total;
        gosched();
        total = was + n;
        mutex.unlock();
      };
      add(i);
      done.done();
    });
  }
  done.wait();
  same(total, 4950, "from goroutines");

  const once = new Once();
  for (let i = 0; i < 2; i++) once.do(() => (total = 1));
  const pool = new Pool(2);
  for (let i = 0; i < 10; i++) {
    pool.submit(() => {
      mutex.lock();
      total += i;
      mutex.unlock();
    });
  }
  pool.wait();
  same(total, 46, "from once and pool");
  const fired = new Chan<bool>();
  afterFunc(Millisecond, () => {
    total++;
    fired.send(true);
  });
  fired.recv();
  same(total, 47, "from a timer");
}

class Shape {
  name(): string {
    return "shape";
  }
}

class Square extends Shape {
  side: i32 = 2;
  area: () => i32 = () => this.side * this.side;
  constructor() {
    super();
    const by = this.side;
    const grow = () => {
      this.side += by;
    };
    grow();
  }
  name(): string {
    return "square";
  }
  names(): () => string {
    return () => `${super.name()} ${this.name()}`;
  }
  each(f: (n: i32) => void): void {
    for (let i = 0; i < this.side; i++) f(i);
  }
  sum(): i32 {
    let sum = 0;
    this.each((n) => {
      sum += n * this.side;
    });
    return sum;
  }
  nested(out: Chan<i32>): void {
    go(() => {
      const twice = () => () => 2 * this.side++;
      out.send(twice()());
    });
  }
}

function methodsGiveTheirObject(): void {
  const square = new Square(),
    out = new Chan<i32>();
  same(`${square.area()} ${square.names()()} ${square.sum()}`, "16 shape square 24", "this and super");
  square.nested(out);
  same(out.recv() * 10 + square.side, 85, "this, in a function in a function in a goroutine");
}

function deep(a: i32): () => () => () => i32 {
  let b = a + 1;
  return () => {
    let c = b++;
    return () => {
      c++;
      return () => a * 10_000 + b * 100 + c;
    };
  };
}

function functionsInFunctions(): void {
  const one = deep(1),
    two = one(),
    three = two();
  two();
  same(three(), 10_304, "shared by all levels");
  same(one()()(), 10_404, "new on each call");
}

function functionsCallThemselvesAndEachOther(): void {
  const base = 1;
  let calls = 0;
  function fib(n: i32): i32 {
    calls++;
    return n < 2 ? n : fib(n - base) + fib(n - 2);
  }
  const factorial = (n: i32): i32 => (n < 2 ? 1 : n * factorial(n - 1));
  let odd: (n: i32) => bool;
  const even = (n: i32): bool => n == 0 || odd(n - 1);
  odd = (n) => n > 0 && even(n - 1);
  const outer = (n: i32): i32 => {
    const inner = () => (n == 0 ? calls : outer(n - 1));
    return inner();
  };
  same(
    `${fib(10)} ${calls} ${factorial(5)} ${even(10)} ${odd(10)} ${outer(3)}`,
    "55 177 120 true false 177",
    "recursion",
  );
}

function box<T>(value: T): () => T {
  return () => value;
}

function previous<T>(last: T): (next: T) => T {
  return (next) => {
    const was = last;
    last = next;
    return was;
  };
}

// @ts-ignore: decorator
@inline
function inlined(x: i32): () => i32 {
  let y = x * 2;
  return () => x + ++y;
}

namespace Hidden {
  let sum = 0;
  export function adder(): (n: i32) => i32 {
    let count = 0;
    return (n) => (sum += n * ++count);
  }
}

let fromTheTop: (() => i32) | null = null;
{
  let x = 5;
  fromTheTop = () => x++;
}

function elsewhere(): void {
  same(`${box("s")()} ${box<u8>(3)()} ${box(2.5)()}`, "s 3 2.5", "in generic functions");
  const texts = previous("a"),
    longs = previous<i64>(1);
  same(`${texts("b")}${texts("c")}${longs(2)}${longs(3)}`, "ab12", "of type parameters");
  same(inlined(5)() * 100 + inlined(6)(), 1619, "in inlined functions");
  const add = Hidden.adder();
  same(add(1) + add(10) + Hidden.adder()(100), 143, "in namespaces");
  same(fromTheTop!() * 10 + fromTheTop!(), 56, "at the top of a file");
}

function typesAreInferred(): void {
  const n = 10;
  let limit = 1;
  limit++;
  const list = [1, 2, 3];
  same(list.map((x) => x + n).join(), "11,12,13", "map");
  same(list.map((x) => `<${x * limit}>`).join(""), "<2><4><6>", "map to another type");
  same(
    list
      .map((x, i) => {
        const y = x * n;
        if (i > 1) return y + 0.5;
        return y;
      })
      .join(),
    "10.0,20.0,30.5",
    "a body",
  );
  same(
    list.filter((x) => x >= limit).reduce((sum, x) => sum + x * n, 0),
    50,
    "filter and reduce",
  );
  same([3, 1, 2].sort((a, b) => (b - a) * limit).join(), "3,2,1", "sort");
  const half = (x: i32) => <f64>x / limit;
  const nothing = () => {};
  const deeper = () => {
    for (let i = 0; i < 9; i++) {
      const text = "t" + i.toString();
      if (i == limit) return text;
    }
    return "";
  };
  nothing();
  same(`${half(1)} ${deeper()}`, "0.5 t2", "what a function returns");
}

function functionsAreValues(): void {
  let calls = 0;
  const ch = new Chan<() => i32>(2),
    map = new Map<string, (n: i32) => i32>(),
    out = new Chan<i32>();
  ch.send(() => ++calls);
  ch.send(() => calls * 10);
  map.set("add", (n) => (calls += n));
  const first = ch.recv(),
    second = ch.recv();
  same(first() + second() + map.get("add")(5) + second(), 77, "in channels and maps");
  const send = (n: i32, by: i32 = calls) => out.send(n * by);
  go(send(2));
  same(out.recv(), 12, "as a goroutine, with a default");
  let optional: (n: i32, by?: i32) => void = send;
  go(optional(3, 1));
  same(out.recv(), 3, "as a goroutine");
  const filled = (a: i32, b: i32 = first() + a, c: i32 = b * calls): i32 => a + b + c + calls;
  same(filled(1, 2, 3) * 1000 + filled(1), 12_072, "defaults call functions, too");
}

function garbage(): string {
  let text = "";
  for (let i = 0; i < 30; i++) text += i.toString();
  return text;
}

class Link {
  constructor(public n: i32) {}
}

function whatTheyHoldIsKept(): void {
  const kept: (() => string)[] = [];
  for (let i = 0; i < 50; i++) {
    const text = garbage() + i.toString();
    let link = new Link(i);
    kept.push(() => {
      link = new Link(link.n + 1);
      garbage();
      return `${text.substr(-2)} ${link.n}`;
    });
  }
  gc();
  for (let i = 0; i < 100; i++) garbage();
  for (let turn = 1; turn < 3; turn++) {
    for (let i = 10; i < 50; i++) same(kept[i](), `${i} ${i + turn}`, "kept");
  }
}

/** Calls of functions, by functions, while others are switched to. */
function callsSwitch(): void {
  const done = new WaitGroup();
  let failed = 0;
  for (let i = 0; i < 16; i++) {
    done.add();
    go(() => {
      const own = (n: i32): i32 => (gosched(), n + i);
      const twice = (f: (n: i32) => i32, n: i32): i32 => f(f(n));
      for (let turn = 0; turn < 50; turn++) if (twice(own, turn) != turn + 2 * i) failed++;
      const down = (n: i32): i32 => (n == 0 ? i : down(n - 1));
      for (let turn = 0; turn < 2000; turn++) if (down(20) != i) failed++;
      done.done();
    });
  }
  done.wait();
  same(failed, 0, "wrong results");
}

export function main(): void {
  eachCallOfAFunctionMakesItsOwnVariables();
  parametersAreSharedToo();
  everyTypeIsShared();
  eachTurnHasItsOwnVariable();
  bodiesOfGoroutinesShareThem();
  methodsGiveTheirObject();
  functionsInFunctions();
  functionsCallThemselvesAndEachOther();
  elsewhere();
  typesAreInferred();
  functionsAreValues();
  whatTheyHoldIsKept();
  callsSwitch();
  println("ok");
}
