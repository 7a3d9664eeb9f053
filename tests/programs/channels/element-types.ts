// A channel carries values of any type, whole, and has the zero value of each.

import { go, Chan, Select, ok, println } from "skein";
import { check, same } from "../expect";

function carries<T>(name: string, values: T[]): void {
  for (let capacity = 0; capacity < 3; capacity++) {
    const ch = new Chan<T>(capacity);
    go(() => {
      for (let i = 0; i < values.length; i++) ch.send(values[i]);
      ch.close();
    });
    for (let i = 0; i < values.length; i++) {
      const v = ch.recv();
      check(ok(), `${name} ${i} is ok`);
      check(v == values[i], `${name} ${i} arrives as it was`);
    }
    ch.recv();
    check(!ok(), `${name} ends`);
  }
  selects<T>(name, values);
}

function selects<T>(name: string, values: T[]): void {
  const ch = new Chan<T>(1);
  const back = new Chan<T>();
  const sends = new Select();
  sends.send<T>(ch, values[0]);
  sends.send<T>(back, values[0]);
  const receives = new Select();
  receives.recv<T>(ch);
  for (let i = 0; i < values.length; i++) {
    sends.set<T>(0, values[i]);
    same(sends.wait(), 0, `${name} sent by a select`);
    same(receives.wait(), 0, `${name} received by a select`);
    check(receives.value<T>() == values[i], `${name} ${i} arrives by a select`);
  }
  go(() => {
    const blocked = new Select();
    blocked.recv<T>(back);
    blocked.recv<T>(new Chan<T>());
    blocked.wait();
    ch.send(blocked.value<T>());
  });
  back.send(values[values.length - 1]);
  check(ch.recv() == values[values.length - 1], `${name} arrives by a blocked select`);
}

function zero<T>(): T {
  const ch = new Chan<T>(1);
  ch.close();
  const select = new Select();
  select.recv<T>(ch);
  select.wait();
  check(ch.recv() == select.value<T>(), "the zero value by a select");
  check(new Chan<T>().tryRecv() == ch.tryRecv(), "the zero value by tryRecv");
  return ch.recv();
}

class Thing {
  constructor(public n: i32) {}
}

class SubThing extends Thing {
  extra: i32 = 5;
}

enum Color {
  Red,
  Green = -7,
}

interface Named {
  name(): string;
}

class Cat implements Named {
  name(): string {
    return "cat";
  }
}

type Function = (x: i32) => i32;

function integersAndFloats(): void {
  carries<i8>("i8", [-128, 127, 0, -1]);
  carries<u8>("u8", [0, 255, 128]);
  carries<i16>("i16", [-32768, 32767]);
  carries<u16>("u16", [65535, 0]);
  carries<i32>("i32", [i32.MIN_VALUE, i32.MAX_VALUE, -1]);
  carries<u32>("u32", [u32.MAX_VALUE, 0]);
  carries<i64>("i64", [i64.MIN_VALUE, i64.MAX_VALUE, 1 << 40, -1]);
  carries<u64>("u64", [u64.MAX_VALUE, 1 << 63]);
  carries<isize>("isize", [-1, 1]);
  carries<usize>("usize", [usize.MAX_VALUE, 0]);
  carries<f32>("f32", [0.1, f32.MIN_VALUE, -f32.MAX_VALUE, Infinity]);
  carries<f64>("f64", [0.1, f64.MIN_VALUE, -f64.MAX_VALUE, -Infinity]);
  carries<bool>("bool", [true, false, true]);
  carries<Color>("an enum", [Color.Green, Color.Red]);

  const doubles = new Chan<f64>(2);
  doubles.send(NaN);
  doubles.send(-0.0);
  check(isNaN(doubles.recv()), "NaN");
  same(1 / doubles.recv(), -Infinity, "minus zero");
  const bytes = new Chan<u8>(3);
  bytes.send(200);
  bytes.send(100);
  bytes.send(50);
  same<i32>(bytes.recv() * 1000, 200 * 1000, "a byte is a byte beside its neighbours");
}

function references(): void {
  const thing = new Thing(1);
  carries<Thing>("objects", [thing, new Thing(2), thing, new SubThing(3)]);
  carries<Thing | null>("nullable objects", [thing, null, new Thing(2)]);
  carries<string>("strings", ["", "a", "Grüße 🚀", "x".repeat(10000)]);
  carries<string | null>("nullable strings", ["a", null, ""]);
  carries<i32[]>("arrays", [[], [1, 2, 3]]);
  carries<StaticArray<f32>>("static arrays", [[1, 2]]);
  carries<Map<string, i32>>("maps", [new Map<string, i32>()]);
  carries<Uint8Array>("typed arrays", [new Uint8Array(5)]);
  carries<ArrayBuffer>("buffers", [new ArrayBuffer(5)]);
  carries<Function>("functions", [(x: i32): i32 => x + 1, (x: i32): i32 => x * 2]);
  carries<Chan<i32>>("channels", [new Chan<i32>(), new Chan<i32>(3)]);
  carries<Chan<Chan<string>>>("channels of channels", [new Chan<Chan<string>>()]);
  carries<Named>("interfaces", [new Cat()]);

  const functions = new Chan<Function>(1);
  functions.send((x: i32): i32 => x * 7);
  same(functions.recv()(6), 42, "a function that was sent");
  const things = new Chan<Thing>(1);
  things.send(new SubThing(9));
  const received = things.recv();
  check(received instanceof SubThing, "a subclass stays what it is");
  same((received as SubThing).extra, 5, "and has its fields");
  const named = new Chan<Named>(1);
  named.send(new Cat());
  same(named.recv().name(), "cat", "an interface that was sent");
}

function zeroValues(): void {
  same(zero<i8>(), 0, "i8");
  same(zero<u64>(), 0, "u64");
  same(zero<f32>(), 0, "f32");
  same(zero<f64>(), 0, "f64");
  same(zero<bool>(), false, "bool");
  same(zero<string>(), "", "string");
  same(zero<Color>(), Color.Red, "enum");
  check(zero<Thing | null>() == null, "a nullable object");
  check(changetype<usize>(zero<Thing>()) == 0, "an object");
  check(changetype<usize>(zero<i32[]>()) == 0, "an array");
  check(changetype<usize>(zero<Chan<i32>>()) == 0, "a channel");
}

function request(service: Chan<Chan<string>>): void {
  for (let r = service.range(); r.next();) r.value.send("reply");
}

function aChannelTravelsThroughAChannel(): void {
  const service = new Chan<Chan<string>>();
  go(request(service));
  for (let i = 0; i < 100; i++) {
    const reply = new Chan<string>();
    service.send(reply);
    same(reply.recv(), "reply", "the answer");
  }
  service.close();
}

export function main(): void {
  integersAndFloats();
  references();
  zeroValues();
  aChannelTravelsThroughAChannel();
  println("ok");
}
