// On an unbuffered channel a send and a receive meet; values keep their order; waiters are served in the order they came.

import { go, Chan, WaitGroup, Atomic, ok, println } from "skein";
import { check, same, settle } from "../expect";

function aSendWaitsForItsReceiver(): void {
  const ch = new Chan<i32>();
  const sent = new Atomic<i32>();
  go(() => {
    ch.send(1);
    sent.store(1);
    ch.send(2);
    sent.store(2);
  });
  settle();
  same(sent.load(), 0, "sends done before anyone receives");
  same(ch.recv(), 1, "the first value");
  while (sent.load() == 0) settle();
  settle();
  same(sent.load(), 1, "sends done after one receive");
  same(ch.recv(), 2, "the second value");
}

function aReceiveWaitsForItsSender(): void {
  const ch = new Chan<string>();
  const got = new Atomic<i32>();
  go(() => {
    same(ch.recv(), "hello", "what was sent");
    check(ok(), "a received value is ok");
    got.store(1);
  });
  settle();
  same(got.load(), 0, "receives done before anyone sends");
  ch.send("hello");
  while (got.load() == 0) settle();
}

function valuesKeepTheirOrder(): void {
  const ch = new Chan<i32>();
  go(() => {
    for (let i = 0; i < 1000; i++) ch.send(i);
    ch.close();
  });
  for (let i = 0; i < 1000; i++) same(ch.recv(), i, "the next value");
  same(ch.recv(), 0, "the zero value at the end");
  check(!ok(), "the end is not ok");
}

function waitingSendersAreServedInOrder(): void {
  const ch = new Chan<i32>();
  for (let i = 0; i < 5; i++) {
    go(() => {
      ch.send(i);
    });
    settle();
  }
  for (let i = 0; i < 5; i++) same(ch.recv(), i, "the sender that waits longest");
}

function waitingReceiversAreServedInOrder(): void {
  const ch = new Chan<i32>();
  const got = new StaticArray<i32>(5);
  const wg = new WaitGroup();
  wg.add(5);
  for (let i = 0; i < 5; i++) {
    go(() => {
      got[i] = ch.recv();
      wg.done();
    });
    settle();
  }
  for (let i = 0; i < 5; i++) ch.send(100 + i);
  wg.wait();
  for (let i = 0; i < 5; i++) same(got[i], 100 + i, "the receiver that waits longest");
}

function lengthAndCapacityAreZero(): void {
  const ch = new Chan<i32>();
  same(ch.capacity, 0, "capacity");
  same(ch.length, 0, "length");
  go(() => {
    ch.send(1);
  });
  settle();
  same(ch.length, 0, "length with a sender waiting");
  ch.recv();
}

function manySendersAndReceivers(): void {
  const ch = new Chan<i64>();
  const senders = new WaitGroup();
  const receivers = new WaitGroup();
  const sum = new Atomic<i64>();
  const count = new Atomic<i32>();
  for (let s = 0; s < 10; s++) {
    senders.add();
    go(() => {
      for (let i = 0; i < 1000; i++) ch.send(s * 1000 + i);
      senders.done();
    });
  }
  for (let r = 0; r < 7; r++) {
    receivers.add();
    go(() => {
      for (let v = ch.range(); v.next();) {
        sum.add(v.value);
        count.add(1);
      }
      receivers.done();
    });
  }
  senders.wait();
  ch.close();
  receivers.wait();
  same(count.load(), 10000, "values");
  same<i64>(sum.load(), 49995000, "their sum");
}

function relay(from: Chan<i32>, to: Chan<i32>): void {
  to.send(from.recv() + 1);
}

function aChainOfAThousandGoroutines(): void {
  const first = new Chan<i32>();
  let last = first;
  for (let i = 0; i < 1000; i++) {
    const next = new Chan<i32>();
    go(relay(last, next));
    last = next;
  }
  first.send(0);
  same(last.recv(), 1000, "what came out of the chain");
}

export function main(): void {
  aSendWaitsForItsReceiver();
  aReceiveWaitsForItsSender();
  valuesKeepTheirOrder();
  waitingSendersAreServedInOrder();
  waitingReceiversAreServedInOrder();
  lengthAndCapacityAreZero();
  manySendersAndReceivers();
  aChainOfAThousandGoroutines();
  println("ok");
}
