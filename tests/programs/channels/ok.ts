// ok() tells of this goroutine's latest receive, by whatever means; sends and a poll of nothing leave it alone.

import { go, Chan, Select, WaitGroup, ok, gosched, sleep, Microsecond, println } from "skein";
import { check, same, settle } from "../expect";

function open(): Chan<i32> {
  const ch = new Chan<i32>(10);
  for (let i = 0; i < 5; i++) ch.send(i);
  return ch;
}

function closed(): Chan<i32> {
  const ch = new Chan<i32>();
  ch.close();
  return ch;
}

function everyReceiveSetsIt(): void {
  const full = open();
  const done = closed();
  full.recv();
  check(ok(), "recv of a value");
  done.recv();
  check(!ok(), "recv at the end");
  full.tryRecv();
  check(ok(), "tryRecv of a value");
  done.tryRecv();
  check(!ok(), "tryRecv at the end");
  check(full.range().next(), "next of a value");
  check(ok(), "next of a value");
  check(!done.range().next(), "next at the end");
  check(!ok(), "next at the end");
  const select = new Select();
  select.recv<i32>(full);
  select.wait();
  check(ok(), "wait for a value");
  select.channel<i32>(0, done);
  select.wait();
  check(!ok(), "wait at the end");
  select.channel<i32>(0, full);
  select.poll();
  check(ok(), "poll of a value");
  select.channel<i32>(0, done);
  select.poll();
  check(!ok(), "poll at the end");
}

function aBlockedReceiveSetsIt(): void {
  const ch = new Chan<i32>();
  closed().recv();
  go(() => {
    settle();
    ch.send(1);
    settle();
    ch.close();
  });
  ch.recv();
  check(ok(), "a blocked recv of a value");
  const select = new Select();
  select.recv<i32>(ch);
  select.recv<i32>(new Chan<i32>());
  select.wait();
  check(!ok(), "a blocked wait at the end");
}

function sendsLeaveItAlone(): void {
  const room = new Chan<i32>(10);
  const full = open();
  const select = new Select();
  select.send<i32>(room, 1);
  for (let round = 0; round < 2; round++) {
    if (round == 0) full.recv();
    else closed().recv();
    const before = ok();
    same(before, round == 0, "the latest receive");
    room.send(1);
    same(ok(), before, "after send");
    room.trySend(1);
    same(ok(), before, "after trySend");
    new Chan<i32>().trySend(1);
    same(ok(), before, "after trySend of nothing");
    select.wait();
    same(ok(), before, "after a select's send");
    select.poll();
    same(ok(), before, "after a poll's send");
  }
}

function aBlockedSendLeavesItAlone(): void {
  const ch = new Chan<i32>();
  go(() => {
    settle();
    ch.recv();
    settle();
    ch.recv();
  });
  closed().recv();
  ch.send(1);
  check(!ok(), "after a blocked send");
  const select = new Select();
  select.send<i32>(ch, 2);
  select.recv<i32>(new Chan<i32>());
  open().recv();
  same(select.wait(), 0, "the send");
  check(ok(), "after a blocked select's send");
}

function aPollOfNothingLeavesItAlone(): void {
  const select = new Select();
  select.recv<i32>(new Chan<i32>());
  select.recv<i32>(null);
  open().recv();
  same(select.poll(), -1, "nothing");
  check(ok(), "still ok");
  closed().recv();
  same(select.poll(), -1, "nothing");
  check(!ok(), "still not ok");
  same(new Select().poll(), -1, "no cases");
  check(!ok(), "still not ok");
}

function everyGoroutineHasItsOwn(): void {
  const wg = new WaitGroup();
  for (let i = 0; i < 8; i++) {
    wg.add();
    go(() => {
      const mine = i % 2 == 0 ? open() : closed();
      const want = i % 2 == 0;
      for (let turn = 0; turn < 5; turn++) {
        mine.recv();
        gosched();
        same(ok(), want, "after gosched");
        sleep(50 * Microsecond);
        same(ok(), want, "after a sleep");
      }
      wg.done();
    });
  }
  wg.wait();
  open().recv();
  const other = new Chan<bool>();
  go(() => {
    closed().recv();
    other.send(true);
  });
  settle();
  check(ok(), "what another goroutine received does not matter");
  other.recv();
}

export function main(): void {
  everyReceiveSetsIt();
  aBlockedReceiveSetsIt();
  sendsLeaveItAlone();
  aBlockedSendLeavesItAlone();
  aPollOfNothingLeavesItAlone();
  everyGoroutineHasItsOwn();
  println("ok");
}
