/** After-peak: resident memory some time after objects of 1 GB have been dropped and collected, while the program goes on with little. */
import { gc, Millisecond, now, sleep } from "skein";
import { arg, check, resident, result } from "./harness";
import { allocate, KEPT } from "./lib/cells";

const objects = arg(0, 1_000_000);
const time = <i64>arg(1, 10_000) * Millisecond;

const SIZE: i32 = 1000;

/** Has so many objects at once, and drops them. */
function peak(): void {
  const list = new Array<StaticArray<u8>>();
  for (let i = 0; i < objects; i++) {
    const bytes = new StaticArray<u8>(SIZE);
    bytes[i % SIZE] = 1;
    list.push(bytes);
  }
  let sum = 0;
  for (let i = 0; i < objects; i++) sum += list[i][i % SIZE];
  check(sum == objects, "the objects");
}

export function main(): void {
  peak();
  gc();
  for (const start = now(); now() - start < time; sleep(10 * Millisecond)) check(allocate(KEPT) == KEPT, "little");
  result("MB", resident());
}
