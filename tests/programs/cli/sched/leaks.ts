// Ends with goroutines that wait: those in functions named `leaks…` for ever, the others for what somebody could still do.

import { afterFunc, args, go, println, sleep, Chan, Mutex, Select, Second } from "skein";

const known = new Chan<i32>();

class Node {
  next: Node | null = null;
  ch: Chan<i32> = new Chan<i32>();
}

const list = new Node();

function leaksReceiving(ch: Chan<i32>): void {
  ch.recv();
}

function leaksSending(ch: Chan<i32>): void {
  ch.send(1);
}

function leaksSelecting(a: Chan<i32>, b: Chan<i32>): void {
  const select = new Select();
  select.recv<i32>(a);
  select.send<i32>(b, 1);
  select.wait();
}

function leaksSelectingNothing(): void {
  new Select().wait();
}

function leaksLocking(mutex: Mutex): void {
  mutex.lock();
}

/** Two who wait for each other, and only for each other. */
function leaksTogether(mine: Chan<i32>, others: Chan<i32>): void {
  mine.recv();
  others.send(1);
}

function receivesFromAModuleVariable(): void {
  known.recv();
}

function receivesFromAListInAModuleVariable(): void {
  list.next!.ch.recv();
}

function receivesFromATimer(ch: Chan<i32>): void {
  ch.recv();
}

/** Waits for what can be had from somebody who can be woken himself. */
function receivesFromOneWhoReceives(ch: Chan<i32>): void {
  ch.recv();
}

function passesOn(from: Chan<i32>, to: Chan<i32>): void {
  to.send(from.recv());
}

function sleeps(ch: Chan<i32>): void {
  sleep(3600 * Second);
  ch.send(1);
}

function receivesFromASleeper(ch: Chan<i32>): void {
  ch.recv();
}

export function main(): void {
  list.next = new Node();
  if (args()[0] == "leaking") {
    go(leaksReceiving(new Chan<i32>()));
    go(leaksReceiving(new Chan<i32>(3)));
    go(leaksSending(new Chan<i32>()));
    go(leaksSelecting(new Chan<i32>(), new Chan<i32>()));
    go(leaksSelectingNothing());
    const mutex = new Mutex();
    mutex.lock();
    go(leaksLocking(mutex));
    const a = new Chan<i32>();
    const b = new Chan<i32>();
    go(leaksTogether(a, b));
    go(leaksTogether(b, a));
  }
  go(receivesFromAModuleVariable());
  go(receivesFromAListInAModuleVariable());
  const later = new Chan<i32>();
  afterFunc(3600 * Second, later.send(1));
  go(receivesFromATimer(later));
  const passed = new Chan<i32>();
  go(passesOn(known, passed));
  go(receivesFromOneWhoReceives(passed));
  const slept = new Chan<i32>();
  go(sleeps(slept));
  go(receivesFromASleeper(slept));
  sleep(1 * Second); // by then all wait, also where other work is on the processors
  println("end");
}
