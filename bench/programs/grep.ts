/** Grep: the lines of a text that a simple pattern (., * and literals) matches anywhere, by Pike's matcher over bytes. */
import { arg, check, total } from "./harness";

const lines = arg(0, 20_000);

const NEWLINE: u8 = 0x0a;
const DOT: u8 = 0x2e;
const STAR: u8 = 0x2a;

function matchHere(pattern: Uint8Array, p: i32, text: Uint8Array, t: i32, end: i32): bool {
  if (p == pattern.length) return true;
  if (p + 1 < pattern.length && pattern[p + 1] == STAR) return matchStar(pattern[p], pattern, p + 2, text, t, end);
  if (t < end && (pattern[p] == DOT || pattern[p] == text[t])) return matchHere(pattern, p + 1, text, t + 1, end);
  return false;
}

function matchStar(unit: u8, pattern: Uint8Array, p: i32, text: Uint8Array, t: i32, end: i32): bool {
  while (true) {
    if (matchHere(pattern, p, text, t, end)) return true;
    if (t == end || (text[t] != unit && unit != DOT)) return false;
    t++;
  }
}

function matches(pattern: Uint8Array, text: Uint8Array, start: i32, end: i32): bool {
  for (let t = start; t <= end; t++) if (matchHere(pattern, 0, text, t, end)) return true;
  return false;
}

function grep(pattern: Uint8Array, text: Uint8Array): i32 {
  let found = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] != NEWLINE) continue;
    if (matches(pattern, text, start, i)) found++;
    start = i + 1;
  }
  return found;
}

function bytes(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

function compose(): Uint8Array {
  const parts = new Array<string>();
  for (let i = 0; i < lines; i++) {
    const level = i % 10 == 0 ? "error" : "info";
    parts.push(`2026-11-29 ${level} request ${i} took ${(i * 7919) % 1000} ms\n`);
  }
  return bytes(parts.join(""));
}

const text = compose();

function work(): void {
  check(grep(bytes("err.*ms"), text) == lines / 10, "the lines with errors");
  check(grep(bytes("took 9.9 ms"), text) == lines / 100, "the slow ones");
}

export function main(): void {
  total(arg(1, 5), work);
}
