// Variables that take arrays and objects apart, assignments to several places, and operators that look for null.

import { println, Chan, WaitGroup } from "skein";
import { same } from "../expect";

class Pair {
  static count: i32 = 0;
  z: i64 = 0;
  constructor(
    public x: i32,
    public y: string,
  ) {}
}

class Node {
  constructor(
    public value: string,
    public next: Node | null = null,
  ) {}
}

const [five, text] = [5, "five"];

function reversed(list: i32[]): i32[] {
  for (let [i, j] = [0, list.length - 1]; i < j; [i, j] = [i + 1, j - 1]) {
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

function fibonacci(n: i32): i64 {
  let a: i64 = 0,
    b: i64 = 1;
  while (n-- > 0) [a, b] = [b, a + b];
  return a;
}

function variables(): void {
  same(`${five} ${text}`, "5 five", "of a module");
  const pair = new Pair(1, "one");
  const { x, y: name } = pair;
  let { y } = new Pair(2, "two"),
    [c, , d] = [10, 20, 30],
    e = 4;
  y += "!";
  same(`${x} ${name} ${y} ${c} ${d} ${e}`, "1 one two! 10 30 4", "fields, elements, and one more");
  const [key, value] = "k=v".split("=");
  const [only] = "only".split(",");
  same(`${key} ${value} ${only}`, "k v only", "of a call");
  const ch = new Chan<string>(2);
  ch.send("a");
  ch.close();
  let log = "";
  for (;;) {
    const { value, ok } = ch.receive();
    log += ok ? value : ".";
    if (!ok) break;
  }
  same(log, "a.", "of what is received");
}

function assignments(): void {
  same(reversed([1, 2, 3, 4, 5]).join(" "), "5 4 3 2 1", "elements and a loop's variables");
  same(fibonacci(80), 23416728348467685, "64 bits");
  const pair = new Pair(1, "one");
  [pair.x, pair.y, Pair.count, pair.z] = [pair.x + 1, pair.y + "s", 9, 7];
  same(`${pair.x} ${pair.y} ${Pair.count} ${pair.z}`, "2 ones 9 7", "fields");
  let object: Pair | null = null,
    f: f64 = 0,
    g: f32 = 1,
    s = "s",
    byte: u8 = 3;
  [object, f, g, s, byte] = [pair, 1, 2, "t", 255];
  same(`${object !== null} ${f} ${g} ${s} ${byte}`, "true 1.0 2.0 t 255", "each as its type");
  [object, s] = [null, s + s];
  same(`${object === null} ${s}`, "true tt", "null");
  let first = "",
    second = "";
  [first, , second] = "a,b,c".split(",");
  same(first + second, "ac", "from an array");
  let i = 0;
  const list = [0, 0, 0];
  [i, list[i]] = [2, 5];
  same(list.join(), "0,0,5", "one after the other");
}

function capturedVariables(): void {
  let a = 1,
    b = 2;
  const show = (): string => `${a}-${b}`;
  [a, b] = [b, a];
  same(show(), "2-1", "exchanged after the capture");
  const wg = new WaitGroup();
  wg.go(() => {
    [a, b] = [7, 8];
  });
  wg.wait();
  same(show(), "7-8", "in a goroutine");
}

let made = 0;
let kept: Node | null = null;

function make(): Node {
  made++;
  return new Node("made");
}

function keep(): Node {
  kept ??= make();
  return kept!;
}

const valueOf = (node: Node | null): string => (node ?? new Node("none")).value;

function operators(): void {
  same(`${valueOf(null)} ${valueOf(new Node("a"))}`, "none a", "??");
  same(`${keep().value} ${keep().value} ${made}`, "made made 1", "??= of what is there already does nothing");
  let flag = false;
  flag ||= made > 0;
  same(flag, true, "||=");
  flag &&= made > 1;
  same(flag, false, "&&=");
  let k = 0;
  k ||= 7;
  k ||= 9;
  same(k, 7, "||= of a number");
  const node = new Node("b");
  node.next ??= new Node("c");
  node.next ??= new Node("d");
  same(node.next!.value, "c", "of a field");
  const list: (Node | null)[] = [null];
  list[0] ||= new Node("e");
  same(list[0]!.value, "e", "of an element");
  let a: string | null = null;
  const b: string | null = null;
  same(a ?? b ?? /* neither ||= */ "z", "z", "one after the other");
  same(a ?? "", "", "an empty text");
  a ??= "q";
  same<string>(a, "q", "after which it is not null");
  same<string>(k > 9 ? a : (b ?? "w"), "w", "beside the question mark alone");
  let bits = 1;
  bits |= 6;
  same(bits & 2 || 3, 2, "those that look like them");
}

export function main(): void {
  variables();
  assignments();
  capturedVariables();
  operators();
  println("ok");
}
