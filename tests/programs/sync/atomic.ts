// Atomic<T> of i32, u32, i64 and u64: every operation is one step that no other goroutine sees the middle of.

import { go, Atomic, WaitGroup, println } from "skein";
import { check, same } from "../expect";

function operations<T>(name: string, min: T, max: T): void {
  const a = new Atomic<T>();
  same(a.load(), 0, `${name} begins at zero`);
  a.store(5);
  same(a.load(), 5, `${name} store`);
  same(a.add(3), 8, `${name} add returns the new value`);
  same(a.load(), 8, `${name} after add`);
  same(a.swap(20), 8, `${name} swap returns the old value`);
  same(a.load(), 20, `${name} after swap`);
  check(a.cas(20, 21), `${name} cas of the expected value`);
  check(!a.cas(20, 22), `${name} cas of another value`);
  same(a.load(), 21, `${name} after cas`);
  const b = new Atomic<T>(max);
  same(b.load(), max, `${name} begins where it is told to`);
  same(b.add(1), min, `${name} wraps upwards`);
  same(b.add(<T>-1), max, `${name} wraps downwards`);
  check(b.cas(max, min), `${name} cas of the extremes`);
  same(b.swap(max), min, `${name} swap of the extremes`);
}

function nothingIsLost<T>(name: string): void {
  const sum = new Atomic<T>();
  const byCas = new Atomic<T>(<T>100);
  const wg = new WaitGroup();
  for (let g = 0; g < 8; g++) {
    wg.add();
    go(() => {
      for (let i = 0; i < 5000; i++) {
        sum.add(<T>1);
        let old = byCas.load();
        while (!byCas.cas(old, old + <T>1)) old = byCas.load();
      }
      wg.done();
    });
  }
  wg.wait();
  same(sum.load(), <T>40000, `${name} adds`);
  same(byCas.load(), <T>40100, `${name} cas loops`);
}

function twoHalvesAreNeverMixed(): void {
  const wide = new Atomic<u64>();
  const wg = new WaitGroup();
  for (let g = 0; g < 4; g++) {
    wg.add();
    go(() => {
      for (let i: u64 = 0; i < 5000; i++) {
        wide.store((i << 32) | i);
        const seen = wide.load();
        same<u64>(seen >> 32, seen & 0xffffffff, "the halves of a u64");
      }
      wg.done();
    });
  }
  wg.wait();
}

function neighboursDoNotDisturbEachOther(): void {
  const many: Atomic<i32>[] = [];
  for (let i = 0; i < 16; i++) many.push(new Atomic<i32>(i));
  const wg = new WaitGroup();
  for (let i = 0; i < 16; i++) {
    wg.add();
    go(() => {
      for (let k = 0; k < 2000; k++) many[i].add(1);
      wg.done();
    });
  }
  wg.wait();
  for (let i = 0; i < 16; i++) same(many[i].load(), 2000 + i, `number ${i}`);
}

export function main(): void {
  operations<i32>("i32", i32.MIN_VALUE, i32.MAX_VALUE);
  operations<u32>("u32", 0, u32.MAX_VALUE);
  operations<i64>("i64", i64.MIN_VALUE, i64.MAX_VALUE);
  operations<u64>("u64", 0, u64.MAX_VALUE);
  nothingIsLost<i32>("i32");
  nothingIsLost<u32>("u32");
  nothingIsLost<i64>("i64");
  nothingIsLost<u64>("u64");
  twoHalvesAreNeverMixed();
  neighboursDoNotDisturbEachOther();
  println("ok");
}
