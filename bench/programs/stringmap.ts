/** Stringmap: a map of texts is filled, looked up, also for what it has not, and thinned out. */
import { arg, check, total } from "./harness";

const entries = arg(0, 200_000);

function keys(prefix: string): Array<string> {
  const keys = new Array<string>();
  for (let i = 0; i < entries; i++) keys.push(prefix + (i * 7919).toString());
  return keys;
}

const present = keys("user:");
const absent = keys("item:");

function work(): void {
  const ages = new Map<string, i32>();
  for (let i = 0; i < entries; i++) ages.set(present[i], i);
  let sum: i64 = 0;
  for (let i = 0; i < entries; i++) {
    if (ages.has(present[i])) sum += ages.get(present[i]);
    if (ages.has(absent[i])) sum++;
  }
  for (let i = 0; i < entries; i += 2) ages.delete(present[i]);
  check(sum == (<i64>entries * (entries - 1)) / 2, "the sum");
  check(ages.size == entries / 2, "what is left");
}

export function main(): void {
  total(arg(1, 5), work);
}
