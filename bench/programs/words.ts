/** Words: how often each word stands in a text, which is read letter by letter. */
import { arg, check, total } from "./harness";

const count = arg(0, 300_000);
/** Different words. */
const vocabulary: u32 = 20_000;

function isLetter(unit: i32): bool {
  return unit >= 0x61 && unit <= 0x7a;
}

function compose(): string {
  const parts = new Array<string>();
  let seed: u32 = 1;
  for (let i = 0; i < count; i++) {
    seed = seed * 1664525 + 1013904223;
    let word = "";
    for (let rest = ((seed >> 8) % vocabulary) + 1; rest > 0; rest /= 26)
      word += String.fromCharCode(0x61 + (rest % 26));
    parts.push(word);
  }
  return parts.join(", ");
}

function countWords(text: string): Map<string, i32> {
  const counts = new Map<string, i32>();
  let start = -1;
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && isLetter(text.charCodeAt(i))) {
      if (start < 0) start = i;
    } else if (start >= 0) {
      const word = text.substring(start, i);
      counts.set(word, (counts.has(word) ? counts.get(word) : 0) + 1);
      start = -1;
    }
  }
  return counts;
}

const text = compose();

function work(): void {
  const counts = countWords(text).values();
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i];
  check(sum == count, "the words counted");
}

export function main(): void {
  total(arg(1, 5), work);
}
