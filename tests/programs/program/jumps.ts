// break and continue with labels, out of loops of every kind, switches and try; and what comes after loops that break leaves.

import { println, Chan } from "skein";
import { same } from "../expect";

function firstPair(rows: i32[][], wanted: i32): string {
  let log = "";
  outer: for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < rows[i].length; j++) {
      if (rows[i][j] < 0) continue outer;
      if (rows[i][j] == wanted) {
        log += `${i},${j}`;
        break outer;
      }
    }
    log += `(${i} none)`;
  }
  return log;
}

function numbersBelow(n: i32): i32[] {
  const list: i32[] = [];
  for (let i = 2; i < n; i++) list.push(i);
  return list;
}

function primesBelow(n: i32): i32 {
  let count = 0;
  next: for (const k of numbersBelow(n)) {
    let d = 2;
    while (d * d <= k) if (k % d++ == 0) continue next;
    count++;
  }
  return count;
}

function sumOf(ch: Chan<i32>): i32 {
  let sum = 0;
  all: for (;;) {
    do {
      const r = ch.receive();
      if (!r.ok) break all;
      switch (r.value) {
        case 1:
          continue all;
        case 2:
          break;
        case 3:
          sum += 100;
          break all;
      }
      sum += r.value;
    } while (true);
  }
  return sum;
}

function filled(values: i32[]): Chan<i32> {
  const ch = new Chan<i32>(values.length);
  for (const value of values) ch.send(value);
  ch.close();
  return ch;
}

function endless(n: i32): i32 {
  a: while (true) {
    for (;;) {
      n++;
      if (n % 3 == 0) continue a;
      if (n > 20) return n;
      if (n % 11 == 0) break a;
    }
  }
  return -n;
}

function throughTry(n: i32): string {
  let log = "";
  out: for (let i = 0; i < n; i++) {
    for (let j = 0; ; j++) {
      try {
        if (j == 1) continue out;
        if (i == 2) {
          try {
            if (j < 1) break out;
            log += "?";
          } finally {
            log += "f";
          }
        }
        if (i == 1 && j == 0) throw new Error("!");
        log += `${i}${j} `;
      } catch (e) {
        log += e.message;
      } finally {
        log += ".";
      }
    }
  }
  return log;
}

function conditions(): i32 {
  let n = 0,
    m = 0;
  o: do {
    for (let i = 0; i < 5; i++) {
      n++;
      if (i == 2) continue o;
      if (n > 10) break o;
    }
    m++;
  } while (n < 20);
  return n * 100 + m;
}

function sameNames(n: i32): i32 {
  let k = 0;
  l: for (let i = 0; i < n; i++) {
    const f = (): i32 => {
      let s = 0;
      l: for (let j = 0; ; j++) {
        for (;;) {
          s += j;
          if (j > 3) break l;
          continue l;
        }
      }
      return s;
    };
    k += f();
    if (k > 50) break l;
  }
  return k;
}

function closures(): string {
  const functions: (() => i32)[] = [];
  rows: for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 4; j++) {
      if (j > i) continue rows;
      functions.push(() => i * 10 + j);
    }
  }
  let log = "";
  for (const f of functions) log += `${f()} `;
  return log;
}

function endsOrBreaks(breaks: bool): i32 {
  for (;;) {
    if (breaks) break;
    return 1;
  }
  return 2;
}

function goesOn(): i32 {
  let n = 0;
  for (;;) {
    n++;
    break;
  }
  n += 10;
  do {
    n++;
    if (n > 3) break;
    return 5;
  } while (true);
  n += 100;
  for (let i = 0; ; i++) {
    if (i > 2) break;
    else continue;
  }
  return n;
}

export function main(): void {
  same(
    firstPair(
      [
        [1, -1, 3],
        [4, 5],
        [4, 3, 5],
      ],
      3,
    ),
    "(1 none)2,1",
    "for in for",
  );
  same(primesBelow(100), 25, "for…of around while");
  same(sumOf(filled([0, 1, 2, 3])), 102, "switch in do in for");
  same(sumOf(filled([2, 5])), 7, "the end of a channel");
  same(endless(0), -11, "left");
  same(endless(15), 22, "returned from");
  same(throughTry(4), "00 ..!..f.", "out of try");
  same(conditions(), 1100, "continue looks at the condition");
  same(sameNames(20), 60, "labels of functions in functions");
  same(closures(), "0 10 11 20 21 22 30 31 32 33 ", "variables of each turn");
  same(endsOrBreaks(true), 2, "broken off");
  same(endsOrBreaks(false), 1, "returned from");
  same(goesOn(), 112, "what comes after");
  println("ok");
}
