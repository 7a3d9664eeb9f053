// Leaving loops from within.

import { print, println, sprint } from "skein/fmt";
class Labelled {
  constructor(
    public v: i32,
    public next: Labelled | null,
  ) {}
}
function searchGrid(grid: i32[][], want: i32): string {
  let x = -1,
    y = -1;
  search: for (let i = 0; i < grid.length; i++) {
    for (let j = 0; j < grid[i].length; j++) {
      const v = grid[i][j];
      if (v < 0) continue search;
      if (v == want) {
        x = i;
        y = j;
        break search;
      }
    }
  }
  return `${x} ${y}`;
}
function nestedLoops(n: i32): i32 {
  let c = 0;
  outer: for (;;) {
    while (true) {
      do {
        c++;
        if (c % 7 == 0) continue outer;
        if (c > n) break outer;
        if (c % 5 == 0) break;
      } while (true);
      c += 2;
    }
  }
  return c;
}
function labelledSwitch(xs: string[]): string {
  let out = "";
  loop: for (const x of xs) {
    sw: switch (x) {
      case "skip":
        continue loop;
      case "stop":
        break loop;
      case "inner":
        for (let j = 0; j < 5; j++) {
          switch (j) {
            case 1:
              continue;
            case 3:
              out += "!";
              break sw;
            case 4:
              break loop;
          }
          out += sprint(j);
        }
        out += "never";
        break;
      case "deep":
        while (true) {
          switch (true) {
            default:
              continue loop;
          }
        }
      default:
        out += x;
    }
    out += ",";
  }
  return out;
}
function returnsFromWithin(n: i32): i32 {
  outer: while (true) {
    for (let i = 0; ; i++) {
      if (i > n) return i;
      if (i == 3) {
        n--;
        continue outer;
      }
    }
  }
}
function closuresInLabelled(): (() => i32)[] {
  const fs: (() => i32)[] = [];
  outer: for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 4; j++) {
      if (j == i) continue outer;
      if (i == 3 && j == 2) break outer;
      fs.push(() => {
        inn: for (let k = 0; ; k++) {
          while (true) {
            if (k > i) break inn;
            continue inn;
          }
        }
        return i * 10 + j;
      });
    }
  }
  return fs;
}
function sameLabels(): i32 {
  let n = 0;
  a: for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      if (j == 1) continue a;
      n++;
    }
  a: for (let i = 0; i < 3; i++)
    b: for (let j = 0; j < 3; j++)
      for (let k = 0; k < 3; k++) {
        n++;
        if (k == 2) continue b;
        if (i == 1 && j == 1) continue a;
        if (i == 2 && j == 2) break a;
        if (i == 0 && k == 1) break b;
      }
  return n;
}
export function labels(): void {
  println(searchGrid([[1, -1, 5], [2, 3], [5]], 5));
  println(searchGrid([[1]], 5));
  println(nestedLoops(100), nestedLoops(3));
  println(labelledSwitch(["a", "skip", "inner", "b", "deep", "c", "stop", "d"]));
  println(returnsFromWithin(2), returnsFromWithin(6));
  for (const f of closuresInLabelled()) print(f(), " ");
  println();
  println(sameLabels());
  let last: Labelled | null = null;
  const list = new Labelled(1, new Labelled(2, new Labelled(3, null)));
  outer: for (let n: Labelled | null = list; n; n = n.next) {
    for (let m: Labelled | null = n; ; m = m.next) {
      if (!m) continue outer;
      if (m.v * n.v == 6) {
        last = n;
        break outer;
      }
    }
  }
  println(last!.v);
  let tries = 0;
  retry: while (true) {
    for (let attempt = 0; attempt < 3; attempt++) {
      tries++;
      try {
        if (attempt < 2) throw new Error("no");
        if (tries < 6) continue retry;
        break retry;
      } catch {
        continue;
      }
    }
  }
  println(tries);
  const m = new Map<string, i32[]>();
  m.set("a", [1, 2]).set("b", [3]);
  let total = 0;
  maps: for (const [k, v] of m) {
    for (const x of v) {
      if (k == "a" && x == 2) continue maps;
      total += x;
    }
  }
  println(total);
}
