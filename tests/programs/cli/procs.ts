// A program of cli.test.ts: it prints how many Ps it has.

import { gomaxprocs, println } from "skein";

export function main(): void {
  println(`${gomaxprocs(0)}`);
}
