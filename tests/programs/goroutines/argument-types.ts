// What a call f(a, b) accepts, go(f(a, b)) accepts.

import { go, Chan, println } from "skein";
import { check, same } from "../expect";

const said = new Chan<string>(100);

function say(s: string): void {
  said.send(s);
}

function expect(want: string, what: string): void {
  same(said.recv(), want, what);
}

// Values of every type.

function integers(a: i8, b: u8, c: i16, d: u16, e: i32, f: u32, g: i64, h: u64, i: isize, j: usize, k: bool): void {
  say(`${a} ${b} ${c} ${d} ${e} ${f} ${g} ${h} ${i} ${j} ${k}`);
}

function floats(a: f32, b: f64): void {
  say(`${a} ${b}`);
}

function literalsTakeTheirParametersType(): void {
  go(
    integers(
      -128,
      255,
      -32768,
      65535,
      -2147483648,
      4294967295,
      -9223372036854775808,
      18446744073709551615,
      -1,
      1,
      true,
    ),
  );
  expect(
    "-128 255 -32768 65535 -2147483648 4294967295 -9223372036854775808 18446744073709551615 -1 1 true",
    "integer literals",
  );
  go(floats(0.5, 0.25));
  expect("0.5 0.25", "float literals");
  go(floats(1, 2));
  expect("1.0 2.0", "integer literals for floats");
  go(floats(-1.5, -0.0));
  same(said.recv().startsWith("-1.5 "), true, "negative literals");
}

function narrowVariablesWiden(): void {
  const small: i16 = -7;
  const ch = new Chan<i64>(1);
  go(wide(ch, small));
  same(ch.recv(), <i64>-7, "an i16 for an i64");
}

function wide(ch: Chan<i64>, v: i64): void {
  ch.send(v);
}

// References.

class Point {
  constructor(
    public x: i32 = 0,
    public y: i32 = 0,
  ) {}
  toString(): string {
    return `(${this.x}, ${this.y})`;
  }
}

class Point3 extends Point {
  constructor(
    x: i32,
    y: i32,
    public z: i32,
  ) {
    super(x, y);
  }
  toString(): string {
    return `(${this.x}, ${this.y}, ${this.z})`;
  }
}

function takesNullable(p: Point | null, s: string | null): void {
  say((p ? p.toString() : "null") + " " + (s ? s : "null"));
}

function takesBase(p: Point): void {
  say(p.toString());
}

function takesArrays(a: i32[], b: string[], c: f32[], d: StaticArray<u8>): void {
  say(`${a.join(",")} ${b.join(",")} ${c.join(",")} ${d.length}`);
}

function takesNested(a: i32[][]): void {
  say(a.length.toString() + ":" + a[1][0].toString());
}

function referencesOfEveryKind(): void {
  go(takesNullable(null, null));
  expect("null null", "null for nullable parameters");
  go(takesNullable(new Point(1, 2), "text"));
  expect("(1, 2) text", "objects for nullable parameters");
  go(takesBase(new Point3(1, 2, 3)));
  expect("(1, 2, 3)", "a subclass for its base");
  go(takesArrays([1, 2], ["a", "b"], [0.5, 1], [1, 2, 3]));
  expect("1,2 a,b 0.5,1.0 3", "array literals");
  go(takesArrays([], [], [], []));
  expect("   0", "empty array literals");
  go(takesNested([[1], [2, 3]]));
  expect("2:2", "nested array literals");
}

// Defaults.

function withDefaults(a: i32, b: i32 = 7, c: string = "default", p: Point | null = null): void {
  say(`${a} ${b} ${c} ${p == null}`);
}

let evaluations = 0;

function evaluated(): i32 {
  return ++evaluations;
}

function computedDefault(a: i32 = evaluated()): void {
  say(a.toString());
}

function defaultParameters(): void {
  go(withDefaults(1));
  expect("1 7 default true", "all defaults");
  go(withDefaults(1, 2));
  expect("1 2 default true", "two defaults");
  go(withDefaults(1, 2, "c", new Point()));
  expect("1 2 c false", "no defaults");
  go(computedDefault());
  expect("1", "a computed default");
  go(computedDefault(5));
  expect("5", "a computed default that was not needed");
  same(evaluations, 1, "evaluations of the default");
}

// Callees.

namespace space {
  export function call(n: i32): void {
    say(`space ${n}`);
  }
  export namespace inner {
    export function call(n: i32): void {
      say(`inner ${n}`);
    }
  }
}

class Base {
  call(n: i32): void {
    say(`base ${n}`);
  }
  startSuper(n: i32): void {}
  static stat(n: i32): void {
    say(`static ${n}`);
  }
}

class Derived extends Base {
  next: Derived | null = null;
  callback: (n: i32) => void = (n: i32): void => {
    say(`field ${n}`);
  };
  call(n: i32): void {
    say(`derived ${n}`);
  }
  startSuper(n: i32): void {
    go(super.call(n));
  }
  self(): Derived {
    return this;
  }
  get property(): Derived {
    return this;
  }
  returns(n: i32): string {
    say(`returns ${n}`);
    return "dropped";
  }
}

interface Speaker {
  speak(n: i32): void;
}

class Dog implements Speaker {
  speak(n: i32): void {
    say(`dog ${n}`);
  }
}

class Cat implements Speaker {
  speak(n: i32): void {
    say(`cat ${n}`);
  }
}

function throughInterface(speaker: Speaker): void {
  go(speaker.speak(1));
}

function returnsFunction(): (n: i32) => void {
  return (n: i32): void => {
    say(`returned ${n}`);
  };
}

const table: ((n: i32) => void)[] = [
  (n: i32): void => {
    say(`table ${n}`);
  },
];

const moduleFunction = (n: i32): void => {
  say(`module ${n}`);
};

function sum(a: i32, b: i32): i32 {
  say(`sum ${a + b}`);
  return a + b;
}

function calleesOfEveryKind(): void {
  go(space.call(1));
  expect("space 1", "a function of a namespace");
  go(space.inner.call(2));
  expect("inner 2", "a function of a nested namespace");
  go(Base.stat(3));
  expect("static 3", "a static method");
  const virtual: Base = new Derived();
  go(virtual.call(4));
  expect("derived 4", "an overridden method");
  virtual.startSuper(5);
  expect("base 5", "super");
  const d = new Derived();
  d.next = new Derived();
  go(d.next!.self().property.call(6));
  expect("derived 6", "a chain");
  go(new Derived().call(7));
  expect("derived 7", "a new object");
  go(d.callback(8));
  expect("field 8", "a function in a field");
  go(d.returns(9));
  expect("returns 9", "a method's result is dropped");
  go(sum(4, 6));
  expect("sum 10", "a function's result is dropped");
  throughInterface(new Dog());
  expect("dog 1", "an interface method");
  throughInterface(new Cat());
  expect("cat 1", "the same of another class");
  const local = (n: i32): void => {
    say(`local ${n}`);
  };
  go(local(11));
  expect("local 11", "a function value");
  go(table[0](12));
  expect("table 12", "a function value in an array");
  go(moduleFunction(13));
  expect("module 13", "a function value of the module");
  go(returnsFunction()(14));
  expect("returned 14", "a returned function value");
}

// Generics.

function pass<T>(ch: Chan<T>, v: T): void {
  ch.send(v);
}

function start<T>(ch: Chan<T>, v: T): void {
  go(pass<T>(ch, v));
  go(pass(ch, v));
  go(() => {
    const copy: T = v;
    ch.send(copy);
  });
}

class Box<T> {
  constructor(public value: T) {}
  give(ch: Chan<T>): void {
    ch.send(this.value);
  }
  start(ch: Chan<T>): void {
    go(this.give(ch));
    go(pass<T>(ch, this.value));
    go(() => {
      ch.send(this.value);
    });
  }
  static of<T>(ch: Chan<T>, v: T): void {
    ch.send(v);
  }
}

function genericsOfEveryKind(): void {
  const ints = new Chan<i32>();
  go(pass<i32>(ints, 5));
  same(ints.recv(), 5, "an explicit type argument");
  go(pass(ints, 6));
  same(ints.recv(), 6, "an inferred type argument");
  start<i32>(ints, 7);
  same(ints.recv() + ints.recv() + ints.recv(), 21, "type parameters of the function around");
  const texts = new Chan<string>();
  start<string>(texts, "t");
  same(texts.recv() + texts.recv() + texts.recv(), "ttt", "the same for another type");
  new Box<f64>(1.5).start(new Chan<f64>(3));
  const doubles = new Chan<f64>();
  new Box<f64>(1.5).start(doubles);
  same(doubles.recv() + doubles.recv() + doubles.recv(), 4.5, "type parameters of the class around");
  go(Box.of<string>(texts, "static"));
  same(texts.recv(), "static", "a static generic method");
}

// Arguments are evaluated once, in order, in the caller.

let order = "";

function noted<T>(name: string, v: T): T {
  order += name;
  return v;
}

function object(): Derived {
  order += "o";
  return new Derived();
}

function argumentsAreEvaluatedInOrderInTheCaller(): void {
  go(object().call(noted("a", 1) + noted("b", 2)));
  same(order, "oab", "evaluated by the time go returns");
  expect("derived 3", "the call");
  order = "";
  go(sum(noted("x", 1), noted("y", 2)));
  order += "!";
  expect("sum 3", "the call");
  same(order, "xy!", "left to right, once");
  let i = 1;
  go(sum(i++, i++));
  expect("sum 3", "side effects in arguments");
  same(i, 3, "the caller's i");
  const ch = new Chan<i32>(1);
  ch.send(9);
  go(sum(ch.recv(), 1));
  same(ch.length, 0, "a receive as an argument is the caller's");
  expect("sum 10", "a receive as an argument");
}

function operatorsAndCasts(a: i32, b: f64, c: string, d: bool): void {
  say(`${a} ${b} ${c} ${d}`);
}

function anyExpressionIsAnArgument(): void {
  const n = 5;
  const p = new Point(3, 4);
  go(operatorsAndCasts(n > 3 ? n << 2 : 0, <f64>n / 2, `<${p.x}${"" + p.y.toString()}>`, !(n == 4) && n != 6));
  expect("20 2.5 <34> true", "operators, casts, templates");
  go(operatorsAndCasts(p.x as i32, 2.0 ** 3.0, ["x", "y"][1], p instanceof Point));
  expect("3 8.0 y true", "as, power, index, instanceof");
}

const enum Plain {
  A = 1,
  B = 2,
}

enum Color {
  Red,
  Green = 5,
}

function takesEnums(a: Plain, b: Color): void {
  say(`${a} ${b}`);
}

type Name = string;
type Callback = (n: i32) => i32;

function takesAliases(a: Name, f: Callback): void {
  say(`${a} ${f(2)}`);
}

function enumsAliasesAndFunctionsAsArguments(): void {
  go(takesEnums(Plain.B, Color.Green));
  expect("2 5", "enums");
  go(takesAliases("name", (n: i32): i32 => n * 3));
  expect("name 6", "a function literal");
  go(takesAliases("name", (n) => n + 1));
  expect("name 3", "a function literal that takes its types from the parameter");
}

function many(
  a: i32,
  b: i64,
  c: f32,
  d: f64,
  e: string,
  f: u8,
  g: bool,
  h: i32[],
  i: i32,
  j: i32,
  k: i32,
  l: i64,
  m: i32,
  n: f64,
  o: i32,
  p: i32,
  q: string,
  r: i32,
  s: i32,
  t: i64,
): void {
  say(`${a}${b}${c}${d}${e}${f}${g}${h[0]}${i}${j}${k}${l}${m}${n}${o}${p}${q}${r}${s}${t}`);
}

function argumentListsOfAnyLength(): void {
  go(many(1, 2, 3, 4, "e", 6, true, [8], 9, 10, 11, 12, 13, 14, 15, 16, "q", 18, 19, 20));
  expect("123.04.0e6true89101112" + "1314.01516q181920", "twenty arguments");
  go(none());
  expect("none", "no argument");
}

function none(): void {
  say("none");
}

export function main(): void {
  literalsTakeTheirParametersType();
  narrowVariablesWiden();
  referencesOfEveryKind();
  defaultParameters();
  calleesOfEveryKind();
  genericsOfEveryKind();
  argumentsAreEvaluatedInOrderInTheCaller();
  anyExpressionIsAnArgument();
  enumsAliasesAndFunctionsAsArguments();
  argumentListsOfAnyLength();
  check(said.length == 0, "nothing more was said");
  println("ok");
}
