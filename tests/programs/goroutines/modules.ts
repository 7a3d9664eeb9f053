// Module variables of every module are shared by all goroutines, and initialisers run once, as the beginning of goroutine 1.

import { go, Chan, WaitGroup, Mutex, goid, numGoroutine, sleep, Millisecond, println } from "skein";
import { hit, hits, order, Registry } from "./lib/counter";
import { same } from "../expect";

order.push("entry begins");

// Initialisers may start goroutines and block.
const early = new Chan<i32>();
const initialiserGoroutine: i64 = goid();
go(produce(early, 20));
const received = early.recv();
sleep(Millisecond);

order.push("entry ends");

function produce(ch: Chan<i32>, v: i32): void {
  ch.send(v + 1);
}

let integer: i32 = 1;
let wide: i64 = 1 << 40;
let float: f32 = 0.5;
let double: f64 = 0.25;
let small: u8 = 250;
let flag = false;
let text = "";
let list: i32[] = [];
let map = new Map<i32, string>();
let nothing: string | null = null;
let callback: (x: i32) => i32 = (x: i32): i32 => x;

class Statics {
  static count: i32 = 0;
  static text: string = "before";
}

namespace space {
  export let count = 0;
  let hidden: i64 = 5;
  export function bump(): i64 {
    hidden += 1;
    return hidden;
  }
}

function change(done: Chan<bool>): void {
  integer += 1;
  wide *= 2;
  float += 0.25;
  double *= 2;
  small += 10;
  flag = true;
  text += "text";
  list.push(7);
  list = list.concat([8]);
  map.set(1, "one");
  nothing = "something";
  callback = (x: i32): i32 => x * 2;
  Statics.count++;
  Statics.text = "after";
  space.count -= 1;
  done.send(true);
}

function theWritesOfOneGoroutineAreSeenByAnother(): void {
  const done = new Chan<bool>();
  go(change(done));
  done.recv();
  same(integer, 2, "i32");
  same(wide, 1 << 41, "i64");
  same(float, 0.75, "f32");
  same(double, 0.5, "f64");
  same(small, 4, "u8, wrapped");
  same(flag, true, "bool");
  same(text, "text", "string");
  same(list.join(), "7,8", "array");
  same(map.get(1), "one", "map");
  same(nothing!, "something", "nullable");
  same(callback(4), 8, "function");
  same(Statics.count, 1, "static field");
  same(Statics.text, "after", "static reference");
  same(space.count, -1, "variable of a namespace");
  same(space.bump(), 6, "hidden variable of a namespace");
}

const mutex = new Mutex();
let total = 0;

function addUnderTheMutex(turns: i32, wg: WaitGroup): void {
  for (let i = 0; i < turns; i++) {
    mutex.lock();
    total++;
    mutex.unlock();
    hit();
  }
  wg.done();
}

function noIncrementIsLost(): void {
  const wg = new WaitGroup();
  wg.add(8);
  for (let i = 0; i < 8; i++) go(addUnderTheMutex(5000, wg));
  wg.wait();
  same(total, 40000, "increments of the entry's variable");
  same(hits, 40000, "increments of another module's variable");
}

export function main(): void {
  same(order.join(", "), "counter waits, counter started, entry begins, entry ends", "initialisers run once, in order");
  same(initialiserGoroutine, 1, "the goroutine of the initialisers");
  same(goid(), 1, "the goroutine of main");
  same(received, 21, "what an initialiser received");
  same(numGoroutine(), 1, "goroutines left");
  theWritesOfOneGoroutineAreSeenByAnother();
  noIncrementIsLost();
  const done = new Chan<bool>();
  go(() => {
    Registry.names.set("x", 3);
    Registry.last = "x";
    done.send(true);
  });
  done.recv();
  same(Registry.names.get("x"), 3, "a static map of another module");
  same(Registry.last, "x", "a static of another module");
  println("ok");
}
