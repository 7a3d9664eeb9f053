/** Allocate-parallel: objects of 32 bytes from 16 goroutines, each of which keeps its latest 1024; time for all. */
import { Chan, go } from "skein";
import { arg, check, total } from "./harness";
import { allocate, KEPT } from "./lib/cells";

const goroutines: i32 = 16;
const each = arg(0, 20_000_000) / goroutines;

function share(done: Chan<i32>): void {
  done.send(allocate(each));
}

function work(): void {
  const done = new Chan<i32>();
  for (let i = 0; i < goroutines; i++) go(share(done));
  for (let i = 0; i < goroutines; i++) check(done.recv() == min(each, KEPT), "the objects kept");
}

export function main(): void {
  total(arg(1, 3), work);
}
