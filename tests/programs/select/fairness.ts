// A select chooses uniformly among its ready cases, and a blocked one among the cases that the other side could have meant.

import { go, Chan, Select, gosched, println } from "skein";
import { within } from "../expect";

/** Six standard deviations around the mean of `n` choices with probability 1/k: one wrong alarm in 500 million. */
function assertUniform(counts: StaticArray<i32>, n: i32, what: string): void {
  const p = 1 / <f64>counts.length;
  const mean = <f64>n * p;
  const slack = 6 * Math.sqrt(<f64>n * p * (1 - p));
  for (let i = 0; i < counts.length; i++) {
    within(counts[i], <i32>(mean - slack), <i32>(mean + slack), `${what}, case ${i} of ${counts.length}`);
  }
}

function amongReadyReceives(cases: i32, n: i32): void {
  const select = new Select();
  for (let i = 0; i < cases; i++) {
    const ch = new Chan<i32>();
    ch.close();
    select.recv<i32>(ch);
  }
  const counts = new StaticArray<i32>(cases);
  const polls = new StaticArray<i32>(cases);
  for (let i = 0; i < n; i++) {
    const waited = select.wait();
    counts[waited]++;
    const polled = select.poll();
    polls[polled]++;
  }
  assertUniform(counts, n, "wait on ready receives");
  assertUniform(polls, n, "poll on ready receives");
}

function amongReadySends(n: i32): void {
  const a = new Chan<i32>(1);
  const b = new Chan<i32>(1);
  const select = new Select();
  select.send<i32>(a, 0);
  select.send<i32>(b, 1);
  select.send<i32>(a, 2);
  const counts = new StaticArray<i32>(3);
  for (let i = 0; i < n; i++) {
    const index = select.wait();
    counts[index]++;
    a.tryRecv();
    b.tryRecv();
  }
  assertUniform(counts, n, "ready sends, two on one channel");
}

/** Which cases are ready does not change how the ready ones are chosen. */
function amongTheReadyOnly(n: i32): void {
  const ready = new Chan<i32>();
  ready.close();
  const select = new Select();
  const counts = new StaticArray<i32>(3);
  for (let i = 0; i < 5; i++) {
    if (i % 2 == 0) select.recv<i32>(ready);
    else select.recv<i32>(i == 1 ? null : new Chan<i32>());
  }
  for (let i = 0; i < n; i++) {
    const index = select.wait();
    counts[index / 2]++;
  }
  assertUniform(counts, n, "ready receives with others between");
}

const ping = new Chan<i32>();
const pong = new Chan<i32>();

function sendTo(ch: Chan<i32>, n: i32): void {
  for (let i = 0; i < n; i++) {
    ping.recv();
    // The select has begun to wait, or is about to: let it.
    for (let k = 0; k < 3; k++) gosched();
    ch.send(i);
  }
}

function blockedOnOneChannel(cases: i32, n: i32): void {
  const ch = new Chan<i32>();
  const select = new Select();
  for (let i = 0; i < cases; i++) select.recv<i32>(ch);
  const counts = new StaticArray<i32>(cases);
  go(sendTo(ch, n));
  for (let i = 0; i < n; i++) {
    ping.send(i);
    const index = select.wait();
    counts[index]++;
  }
  assertUniform(counts, n, "blocked receives on one channel");
}

function receiveFrom(ch: Chan<i32>, n: i32): void {
  for (let i = 0; i < n; i++) {
    ping.recv();
    for (let k = 0; k < 3; k++) gosched();
    pong.send(ch.recv());
  }
}

function blockedSendsOnOneChannel(n: i32): void {
  const ch = new Chan<i32>();
  const select = new Select();
  for (let i = 0; i < 3; i++) select.send<i32>(ch, i);
  select.recv<i32>(new Chan<i32>());
  const counts = new StaticArray<i32>(3);
  go(receiveFrom(ch, n));
  for (let i = 0; i < n; i++) {
    ping.send(i);
    const index = select.wait();
    counts[index]++;
    within(pong.recv(), index, index, "the value of the case that was chosen");
  }
  assertUniform(counts, n, "blocked sends on one channel");
}

function closeThem(channels: Chan<Chan<i32>>): void {
  for (let r = channels.range(); r.next();) {
    for (let k = 0; k < 3; k++) gosched();
    r.value.close();
  }
}

function blockedUntilClosed(n: i32): void {
  const channels = new Chan<Chan<i32>>();
  const counts = new StaticArray<i32>(2);
  go(closeThem(channels));
  const select = new Select();
  for (let i = 0; i < n; i++) {
    const ch = new Chan<i32>();
    select.clear();
    select.recv<i32>(ch);
    select.recv<i32>(ch);
    channels.send(ch);
    const index = select.wait();
    counts[index]++;
  }
  channels.close();
  assertUniform(counts, n, "blocked receives on a channel that is closed");
}

export function main(): void {
  amongReadyReceives(2, 20000);
  amongReadyReceives(3, 20000);
  amongReadyReceives(10, 20000);
  amongReadySends(20000);
  amongTheReadyOnly(20000);
  blockedOnOneChannel(2, 4000);
  blockedOnOneChannel(4, 4000);
  blockedSendsOnOneChannel(4000);
  blockedUntilClosed(4000);
  println("ok");
}
