/**
 * Strings: goroutines compose texts of words, take them apart again, count the words in a map, and write a report of the counts. Time for
 * all.
 */
import { Chan, go } from "skein";
import { arg, check, total } from "./harness";

/** Words of a text. */
const words = arg(0, 20_000);
const goroutines: i32 = 8;
const texts: i32 = 4;
/** Different words. */
const vocabulary: u32 = 5000;

const syllables = ["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu"];

function word(n: u32): string {
  let text = "";
  for (let rest = n + 1; rest > 0; rest /= 10) text += syllables[rest % 10];
  return text;
}

function compose(seed: u32): string {
  const parts = new Array<string>();
  for (let i = 0; i < words; i++) {
    seed = seed * 1664525 + 1013904223;
    parts.push(word((seed >> 8) % vocabulary));
  }
  return parts.join(" ");
}

/** The counts of the text's words, a line each. */
function report(text: string): string {
  const counts = new Map<string, i32>();
  const parts = text.toUpperCase().split(" ");
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    counts.set(part, counts.has(part) ? counts.get(part) + 1 : 1);
  }
  const lines = new Array<string>();
  const found = counts.keys();
  for (let i = 0; i < found.length; i++) lines.push(found[i] + "=" + counts.get(found[i]).toString());
  return lines.join("\n");
}

/** The sum of a report's counts. */
function sum(report: string): i64 {
  let sum: i64 = 0;
  const lines = report.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    sum += I64.parseInt(line.substring(line.indexOf("=") + 1));
  }
  return sum;
}

function write(seed: u32, done: Chan<i64>): void {
  let counted: i64 = 0;
  for (let i = 0; i < texts; i++) counted += sum(report(compose(seed + i)));
  done.send(counted);
}

function work(): void {
  const done = new Chan<i64>();
  for (let i = 0; i < goroutines; i++) go(write(i * 7919, done));
  let counted: i64 = 0;
  for (let i = 0; i < goroutines; i++) counted += done.recv();
  check(counted == <i64>goroutines * texts * words, "the words counted");
}

export function main(): void {
  total(arg(1, 3), work);
}
