// A buffered channel takes as many values as it has room for, keeps their order, and is drained after close.

import { go, Chan, WaitGroup, Atomic, ok, println } from "skein";
import { check, same, settle } from "../expect";

function sendsBlockOnlyWhenTheBufferIsFull(): void {
  const ch = new Chan<i32>(3);
  same(ch.capacity, 3, "capacity");
  for (let i = 0; i < 3; i++) {
    same(ch.length, i, "length before a send");
    ch.send(i);
  }
  same(ch.length, 3, "length when full");
  const sent = new Atomic<i32>();
  go(() => {
    ch.send(3);
    sent.store(1);
  });
  settle();
  same(sent.load(), 0, "a send on a full channel");
  same(ch.recv(), 0, "the oldest value");
  while (sent.load() == 0) settle();
  same(ch.length, 3, "the waiting value moved into the buffer");
  for (let i = 1; i < 4; i++) same(ch.recv(), i, "the order");
  same(ch.length, 0, "length when drained");
}

function theOrderHoldsPastWaitingSenders(): void {
  const ch = new Chan<i32>(2);
  for (let i = 0; i < 6; i++) {
    go(() => {
      ch.send(i);
    });
    settle();
  }
  for (let i = 0; i < 6; i++) same(ch.recv(), i, "the order");
}

function aWaitingReceiverGetsTheValueAtOnce(): void {
  const ch = new Chan<i32>(2);
  const got = new Chan<i32>();
  go(() => {
    got.send(ch.recv());
  });
  settle();
  ch.send(5);
  same(got.recv(), 5, "what the waiting receiver got");
  same(ch.length, 0, "what is left");
}

function theBufferWrapsAround(): void {
  const ch = new Chan<i32>(7);
  let next = 0;
  let expected = 0;
  for (let round = 0; round < 200; round++) {
    for (let i = 0; i < 1 + (round % 7) && ch.length < 7; i++) ch.send(next++);
    for (let i = 0; i < 1 + (round % 5) && ch.length > 0; i++) same(ch.recv(), expected++, "the order");
  }
  while (ch.length > 0) same(ch.recv(), expected++, "the order at the end");
  same(expected, next, "values");
}

function aClosedChannelIsDrainedFirst(): void {
  const ch = new Chan<string>(5);
  ch.send("a");
  ch.send("b");
  ch.close();
  same(ch.length, 2, "length after close");
  same(ch.recv(), "a", "the first");
  check(ok(), "the first is ok");
  same(ch.recv(), "b", "the second");
  check(ok(), "the second is ok");
  for (let i = 0; i < 3; i++) {
    same(ch.recv(), "", "the zero value");
    check(!ok(), "which is not ok");
  }
}

function aLargeBuffer(): void {
  const n = 200000;
  const ch = new Chan<u8>(n);
  same(ch.capacity, n, "capacity");
  for (let i = 0; i < n; i++) ch.send(<u8>i);
  same(ch.length, n, "length");
  check(!ch.trySend(1), "it is full");
  for (let i = 0; i < n; i++) {
    if (ch.recv() != <u8>i) throw new Error(`value ${i} differs`);
  }
}

function producersAndConsumersOfEveryCapacity(): void {
  for (let capacity = 1; capacity <= 64; capacity *= 4) {
    const ch = new Chan<i32>(capacity);
    const producers = new WaitGroup();
    const consumers = new WaitGroup();
    const sum = new Atomic<i64>();
    for (let p = 0; p < 4; p++) {
      producers.add();
      go(() => {
        for (let i = 1; i <= 2000; i++) ch.send(i);
        producers.done();
      });
    }
    for (let c = 0; c < 4; c++) {
      consumers.add();
      go(() => {
        let last = 0;
        for (let r = ch.range(); r.next();) {
          last = r.value;
          sum.add(last);
        }
        consumers.done();
      });
    }
    producers.wait();
    ch.close();
    consumers.wait();
    same<i64>(sum.load(), 4 * 2001000, `the sum with capacity ${capacity}`);
  }
}

/** With one producer and one consumer the order is kept, whatever Ms they run on. */
function oneProducerOneConsumer(): void {
  const ch = new Chan<i32>(10);
  go(() => {
    for (let i = 0; i < 20000; i++) ch.send(i);
    ch.close();
  });
  let expected = 0;
  for (let r = ch.range(); r.next();) same(r.value, expected++, "the order");
  same(expected, 20000, "values");
}

export function main(): void {
  sendsBlockOnlyWhenTheBufferIsFull();
  theOrderHoldsPastWaitingSenders();
  aWaitingReceiverGetsTheValueAtOnce();
  theBufferWrapsAround();
  aClosedChannelIsDrainedFirst();
  aLargeBuffer();
  producersAndConsumersOfEveryCapacity();
  oneProducerOneConsumer();
  println("ok");
}
