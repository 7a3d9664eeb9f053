// close wakes everyone who waits to receive; range ends when the channel is closed and drained.

import { go, Chan, ChanRange, WaitGroup, Atomic, ok, println } from "skein";
import { check, same, settle } from "../expect";

function closeWakesAllReceivers(): void {
  const ch = new Chan<i32>();
  const wg = new WaitGroup();
  const notOk = new Atomic<i32>();
  for (let i = 0; i < 10; i++) {
    wg.add();
    go(() => {
      same(ch.recv(), 0, "the zero value");
      if (!ok()) notOk.add(1);
      wg.done();
    });
  }
  settle();
  ch.close();
  wg.wait();
  same(notOk.load(), 10, "receivers that saw the end");
}

function aRangeGivesAllValuesAndEnds(): void {
  const ch = new Chan<i32>(4);
  go(() => {
    for (let i = 0; i < 100; i++) ch.send(i);
    ch.close();
  });
  let expected = 0;
  for (let r = ch.range(); r.next();) same(r.value, expected++, "the next value");
  same(expected, 100, "values");
  check(!ok(), "the last next was not ok");
}

function aRangeOverAClosedEmptyChannelHasNoTurn(): void {
  const ch = new Chan<string>();
  ch.close();
  const r = ch.range();
  check(!r.next(), "nothing");
  check(!r.next(), "and nothing again");
}

function aRangeMayBeLeft(): void {
  const ch = new Chan<i32>(10);
  for (let i = 0; i < 10; i++) ch.send(i);
  for (let r = ch.range(); r.next();) {
    if (r.value == 4) break;
  }
  same(ch.length, 5, "what is left");
  same(ch.recv(), 5, "the next value");
}

function rangesShareTheirChannel(): void {
  const ch = new Chan<i32>(6);
  const a: ChanRange<i32> = ch.range();
  const b = ch.range();
  for (let i = 0; i < 4; i++) ch.send(i);
  ch.close();
  check(a.next() && b.next(), "both have a value");
  same(a.value, 0, "the first for the first");
  same(b.value, 1, "the second for the second");
  check(b.next() && a.next(), "both have another");
  same(a.value, 3, "the fourth for the first");
  same(b.value, 2, "the third for the second");
  check(!a.next() && !b.next(), "and then no more");
}

function aRangeOverObjects(): void {
  const ch = new Chan<string[]>();
  go(() => {
    ch.send(["a", "b"]);
    ch.send([]);
    ch.send(["c"]);
    ch.close();
  });
  let all = "";
  for (let r = ch.range(); r.next();) all += `${r.value.length}` + r.value.join("");
  same(all, "2ab01c", "what came");
}

function manyRangesDrainOneChannel(): void {
  const ch = new Chan<i32>(16);
  const wg = new WaitGroup();
  const count = new Atomic<i32>();
  for (let i = 0; i < 8; i++) {
    wg.add();
    go(() => {
      for (let r = ch.range(); r.next();) count.add(1);
      wg.done();
    });
  }
  for (let i = 0; i < 5000; i++) ch.send(i);
  ch.close();
  wg.wait();
  same(count.load(), 5000, "values");
}

export function main(): void {
  closeWakesAllReceivers();
  aRangeGivesAllValuesAndEnds();
  aRangeOverAClosedEmptyChannelHasNoTurn();
  aRangeMayBeLeft();
  rangesShareTheirChannel();
  aRangeOverObjects();
  manyRangesDrainOneChannel();
  println("ok");
}
