// trySend and tryRecv do what can be done at once, and never block.

import { go, Chan, ok, println } from "skein";
import { check, same, settle } from "../expect";

function onAnUnbufferedChannel(): void {
  const ch = new Chan<i32>();
  check(!ch.trySend(1), "no receiver waits");
  same(ch.tryRecv(), 0, "no sender waits");
  check(!ok(), "and that is not ok");
  const got = new Chan<i32>();
  go(() => {
    got.send(ch.recv());
  });
  settle();
  check(ch.trySend(7), "a receiver waits");
  same(got.recv(), 7, "and gets the value");
  go(() => {
    ch.send(8);
  });
  settle();
  same(ch.tryRecv(), 8, "a sender waits");
  check(ok(), "and that is ok");
}

function onABufferedChannel(): void {
  const ch = new Chan<string>(2);
  same(ch.tryRecv(), "", "empty");
  check(!ok(), "empty is not ok");
  check(ch.trySend("a"), "room for one");
  check(ch.trySend("b"), "room for two");
  check(!ch.trySend("c"), "no room for three");
  same(ch.length, 2, "length");
  same(ch.tryRecv(), "a", "the first");
  check(ok(), "the first is ok");
  check(ch.trySend("d"), "room again");
  same(ch.tryRecv(), "b", "the second");
  same(ch.tryRecv(), "d", "the fourth");
  check(ok(), "ok");
  same(ch.tryRecv(), "", "empty again");
  check(!ok(), "not ok");
}

function onAClosedChannel(): void {
  const ch = new Chan<i64>(2);
  ch.send(5);
  ch.close();
  same(ch.tryRecv(), 5, "what was left");
  check(ok(), "is ok");
  same(ch.tryRecv(), 0, "closed and empty");
  check(!ok(), "is not ok");
}

function aZeroValueMayBeOk(): void {
  const ch = new Chan<i32>(1);
  ch.send(0);
  same(ch.tryRecv(), 0, "a zero that was sent");
  check(ok(), "is ok");
  const texts = new Chan<string>(1);
  texts.send("");
  same(texts.tryRecv(), "", "an empty string that was sent");
  check(ok(), "is ok");
}

function aSenderThatWaitsRefillsTheBuffer(): void {
  const ch = new Chan<i32>(1);
  ch.send(1);
  go(() => {
    ch.send(2);
  });
  settle();
  same(ch.tryRecv(), 1, "the buffered one");
  same(ch.length, 1, "the waiting one took its place");
  same(ch.tryRecv(), 2, "which comes next");
}

export function main(): void {
  onAnUnbufferedChannel();
  onABufferedChannel();
  onAClosedChannel();
  aZeroValueMayBeOk();
  aSenderThatWaitsRefillsTheBuffer();
  println("ok");
}
