/** Allocate: objects of 32 bytes, of which the latest 1024 are kept; time per object. */
import { arg, check, perOp } from "./harness";
import { allocate, KEPT } from "./lib/cells";

const n = arg(0, 10_000_000);

function work(): void {
  check(allocate(n) == min(n, KEPT), "the objects kept");
}

export function main(): void {
  perOp(arg(1, 5), n, work);
}
