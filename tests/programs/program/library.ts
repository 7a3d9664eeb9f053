// AssemblyScript's own library works in goroutines that run at the same time and are stopped anywhere.

import { go, Chan, WaitGroup, gosched, println } from "skein";
import { check, same } from "../expect";

/** Formatting of numbers has scratch memory of its own, which another goroutine must not see. */
function format(seed: i32, wg: WaitGroup): void {
  let x: f64 = <f64>seed * 1.1 + 0.1;
  for (let i = 0; i < 3000; i++) {
    x = x * 1.000123 + 0.017;
    const text = x.toString();
    if (parseFloat(text) != x) throw new Error(`${text} is not the number that was formatted`);
    const n: i64 = <i64>i * 1000003 * seed - 5;
    if (I64.parseInt(n.toString()) != n) throw new Error(`${n} is not the number that was formatted`);
  }
  wg.done();
}

function numbersInManyGoroutines(): void {
  const wg = new WaitGroup();
  for (let i = 1; i <= 8; i++) {
    wg.add();
    go(format(i, wg));
  }
  wg.wait();
}

/** A template puts its parts together in memory that no other goroutine uses. */
function fillIn(n: i32, wg: WaitGroup): void {
  for (let i = 0; i < 30000; i++) {
    const text = `${n} and ${n} and ${n} and ${n}`;
    const parts = text.split(" and ");
    for (let k = 0; k < 4; k++) same(I32.parseInt(parts[k]), n, "a part of a template");
  }
  wg.done();
}

function templatesInManyGoroutines(): void {
  const wg = new WaitGroup();
  for (let i = 1; i <= 4; i++) {
    wg.add();
    go(fillIn(i, wg));
  }
  wg.wait();
}

function stringsInManyGoroutines(): void {
  const results = new Chan<string>();
  for (let g = 0; g < 8; g++) {
    go(() => {
      let s = "";
      for (let i = 0; i < 300; i++) {
        s += String.fromCharCode(97 + ((i + g) % 26));
        if (i % 100 == 0) gosched();
      }
      const parts = s.split("a");
      results.send(parts.join("-").toUpperCase().substring(0, 30).padStart(40, ".").replaceAll(".", "_"));
    });
  }
  const seen = new Set<string>();
  for (let i = 0; i < 8; i++) {
    const s = results.recv();
    same(s.length, 40, "the length");
    check(s.startsWith("__________"), "the padding");
    seen.add(s);
  }
  same(seen.size, 8, "different strings");
}

class Node {
  left: Node | null = null;
  right: Node | null = null;
  constructor(public key: i32) {}

  insert(key: i32): void {
    if (key < this.key) {
      const left = this.left;
      if (left) left.insert(key);
      else this.left = new Node(key);
    } else {
      const right = this.right;
      if (right) right.insert(key);
      else this.right = new Node(key);
    }
  }

  sum(): i64 {
    let s: i64 = this.key;
    const left = this.left;
    if (left) s += left.sum();
    const right = this.right;
    if (right) s += right.sum();
    return s;
  }
}

function treesTravelBetweenGoroutines(): void {
  const trees = new Chan<Node>(4);
  for (let g = 0; g < 8; g++) {
    go(() => {
      const root = new Node(500);
      for (let i = 0; i < 1000; i++) root.insert((i * 7919 + g) % 1000);
      trees.send(root);
    });
  }
  for (let i = 0; i < 8; i++) same(trees.recv().sum(), 500 + 499500, "the sum of a tree that another goroutine built");
}

function collectionsInManyGoroutines(): void {
  const wg = new WaitGroup();
  for (let g = 0; g < 8; g++) {
    wg.add();
    go(() => {
      const map = new Map<string, i32[]>();
      for (let i = 0; i < 1000; i++) {
        const key = `k${i % 50}`;
        if (!map.has(key)) map.set(key, []);
        map.get(key).push(i);
        if (i % 200 == 0) gosched();
      }
      same(map.size, 50, "keys");
      let count = 0;
      const keys = map.keys();
      for (let i = 0; i < keys.length; i++) count += map.get(keys[i]).length;
      same(count, 1000, "values");
      const sorted: f64[] = [];
      for (let i = 0; i < 500; i++) sorted.push(<f64>((i * 7919) % 500));
      sorted.sort();
      for (let i = 0; i < 500; i++) same(sorted[i], i, "sorted");
      const bytes = new Uint8Array(256);
      for (let i = 0; i < 256; i++) bytes[i] = <u8>(i ^ g);
      same(bytes.subarray(16, 32)[1], <u8>(17 ^ g), "a view");
      const text = String.UTF8.decode(String.UTF8.encode("Grüße 🚀"));
      same(text, "Grüße 🚀", "UTF-8 and back");
      wg.done();
    });
  }
  wg.wait();
}

/** An object goes on living after the goroutine that made it. */
function anArrayGrownByMany(): void {
  const list: string[] = [];
  let last = new Chan<bool>(1);
  last.send(true);
  for (let i = 0; i < 100; i++) {
    const next = new Chan<bool>(1);
    const previous = last;
    go(() => {
      previous.recv();
      list.push(`made by goroutine ${i}`);
      next.send(true);
    });
    last = next;
  }
  last.recv();
  for (let i = 0; i < 100; i++) same(list[i], `made by goroutine ${i}`, "an element");
}

function randomsAndTimes(): void {
  const results = new Chan<f64>();
  for (let g = 0; g < 4; g++) {
    go(() => {
      let sum: f64 = 0;
      for (let i = 0; i < 1000; i++) {
        const r = Math.random();
        check(r >= 0 && r < 1, "a random number");
        sum += r;
      }
      results.send(sum);
    });
  }
  for (let g = 0; g < 4; g++) {
    const sum = results.recv();
    check(sum > 350 && sum < 650, "they are spread");
  }
  check(Date.now() > 1600000000000, "the time of day");
}

/** Some of these texts are there already, others are made. */
function textsOfOneCharacter(): void {
  for (let unit = 0; unit < 300; unit++) {
    const text = String.fromCharCode(unit);
    same(text.length, 1, "one unit");
    same(text.charCodeAt(0), unit, "what it says");
    const around = `<${text}>`;
    same(String.fromCodePoint(unit), text, "of a code point");
    same(around.charAt(1), text, "charAt");
    same(around.at(-2), text, "at");
    same(around[1], text, "an index");
    same(around.split("")[1], text, "split");
    let seen = "";
    for (const character of around) seen += character;
    same(seen, around, "all of them");
  }
  same(String.fromCharCode(0x10041), "A", "16 bits of it");
  same(String.fromCharCode(-1).charCodeAt(0), 0xffff, "of a negative number, too");
  same(String.fromCharCode(0xd83d, 0xde00), "😀", "a pair");
}

export function main(): void {
  numbersInManyGoroutines();
  templatesInManyGoroutines();
  stringsInManyGoroutines();
  treesTravelBetweenGoroutines();
  collectionsInManyGoroutines();
  anArrayGrownByMany();
  randomsAndTimes();
  textsOfOneCharacter();
  println("ok");
}
