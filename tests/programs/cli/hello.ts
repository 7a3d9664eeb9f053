// The program of cli.test.ts that compiles.

import { args, println } from "skein";

export function main(): i32 {
  println(`hello ${args().join(" ")}`);
  return args().length;
}
