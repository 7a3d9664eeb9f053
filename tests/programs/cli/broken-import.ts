// A program of cli.test.ts: it compiles, but for what it imports.

import { halve } from "./bad/helper";

export function main(): i32 {
  return halve(5);
}
