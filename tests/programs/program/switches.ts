// `switch` over texts, floats, wide integers, and objects that are equal by what is in them; its cases are asked in turn, its value once.
import { Chan, go, println } from "skein";
import { same } from "../expect";

let asked = 0;

function next(): string {
  asked++;
  return "k" + asked.toString();
}

function several(word: string): i32 {
  switch (word) {
    case "a":
      return 1;
    case "b":
    case "c":
      return 2;
    default:
      return 0;
  }
}

function fallsThrough(): string {
  let said = "";
  for (let i = 0; i < 3; i++) {
    switch ("x" + i.toString()) {
      case "x0":
        said += "zero ";
        break;
      default:
        said += "other ";
      // falls through
      case "x1":
        said += "one ";
        if (i == 1) continue;
        said += "! ";
        break;
    }
  }
  return said;
}

function wide(x: i64): string {
  switch (x) {
    case 1:
      return "one";
    case 4294967297:
      return "one and 2^32";
  }
  return "none";
}

function inexact(x: f64): string {
  switch (x) {
    case 0.5:
      return "half";
    default:
      return "other";
  }
}

class Point {
  constructor(public x: i32) {}


  @operator("==")
  static same(a: Point, b: Point): bool {
    return a.x == b.x;
  }
}

function point(p: Point): i32 {
  switch (p) {
    case new Point(1):
      return 10;
    case new Point(2):
      return 20;
    default:
      return 0;
  }
}

function nothing(text: string | null): i32 {
  switch (text) {
    case null:
      return -1;
    case "":
      return 0;
    default:
      return 1;
  }
}

export function main(): void {
  same([several("a"), several("b"), several("c"), several("d")].join(), "1,2,2,0", "several cases");
  same(fallsThrough(), "zero one other one ! ", "falling through, leaving the loop");
  same(wide(1) + ", " + wide(4294967297) + ", " + wide(2), "one, one and 2^32, none", "64 bits");
  same(inexact(0.5) + inexact(0.25), "halfother", "floats");
  same(point(new Point(2)) + point(new Point(3)), 20, "objects");
  same([nothing(null), nothing(""), nothing("x")].join(), "-1,0,1", "what may be null");

  let found = "";
  switch (next()) {
    case "k0":
    case "k2":
      found = "wrong";
      break;
    case "k1":
      found = "right";
  }
  same(found + asked.toString(), "right1", "the value is asked for once");

  const heard = new Chan<string>();
  const word = "w";
  go(() => {
    switch (word) {
      case "w":
        heard.send("inside");
        break;
      default:
        heard.send("outside");
    }
  });
  same(heard.recv(), "inside", "in a goroutine's body");
  println("ok");
}
