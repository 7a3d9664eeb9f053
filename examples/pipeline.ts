// Counts the words of a text file: one goroutine cuts the text into pieces, several count (fan-out), and main adds up what
// they found (fan-in).
//
//     npx skein run examples/pipeline.ts -- README.md         the twenty most frequent words
//     npx skein run examples/pipeline.ts -- README.md 5       the five most frequent

import { go, Chan, WaitGroup, args, eprintln, gomaxprocs, println, readText } from "skein";
import { parse } from "skein/strconv";

/** About as much text as a counter gets at a time. */
const PIECE = 4096;

class Count {
  constructor(
    public word: string,
    public times: i32,
  ) {}
}

function isLetter(c: i32): bool {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || (c >= 0xc0 && c < 0x2000) || c == 0x27;
}

/** Sends the text in pieces that end between words. */
function cut(text: string, out: Chan<string>): void {
  let start = 0;
  while (start < text.length) {
    let end = <i32>Math.min(start + PIECE, text.length);
    while (end < text.length && isLetter(text.charCodeAt(end))) end++;
    out.send(text.substring(start, end));
    start = end;
  }
  out.close();
}

/** Counts the words of the pieces that come, until there are no more. */
function count(pieces: Chan<string>, out: Chan<Map<string, i32>>, counters: WaitGroup): void {
  const words = new Map<string, i32>();
  for (let r = pieces.range(); r.next();) countWords(r.value, words);
  out.send(words);
  counters.done();
}

function countWords(text: string, words: Map<string, i32>): void {
  let start = -1;
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && isLetter(text.charCodeAt(i))) {
      if (start < 0) start = i;
    } else if (start >= 0) {
      const word = text.substring(start, i).toLowerCase();
      words.set(word, words.has(word) ? words.get(word) + 1 : 1);
      start = -1;
    }
  }
}

export function main(): i32 {
  const list = args();
  if (list.length == 0) {
    eprintln("usage: skein run pipeline.ts -- FILE [HOW-MANY]");
    return 1;
  }
  const text = readText(list[0]);
  if (text == null) {
    eprintln(`cannot read ${list[0]}`);
    return 1;
  }
  const pieces = new Chan<string>(8);
  const counts = new Chan<Map<string, i32>>();
  const counters = new WaitGroup();
  go(cut(text, pieces));
  for (let i = 0; i < 2 * gomaxprocs(0); i++) {
    counters.add();
    go(count(pieces, counts, counters));
  }
  go(() => {
    counters.wait();
    counts.close();
  });

  const total = new Map<string, i32>();
  let words = 0;
  for (let r = counts.range(); r.next();) {
    const keys = r.value.keys();
    for (let i = 0; i < keys.length; i++) {
      const word = keys[i];
      const times = r.value.get(word);
      total.set(word, total.has(word) ? total.get(word) + times : times);
      words += times;
    }
  }

  const all: Count[] = [];
  const keys = total.keys();
  for (let i = 0; i < keys.length; i++) all.push(new Count(keys[i], total.get(keys[i])));
  all.sort((a, b) => (a.times != b.times ? b.times - a.times : a.word < b.word ? -1 : 1));

  println(`${words} words, ${total.size} different`);
  const shown = list.length > 1 ? parse<i32>(list[1]).must() : 20;
  for (let i = 0; i < all.length && i < shown; i++) println(`${all[i].times.toString().padStart(6)} ${all[i].word}`);
  return 0;
}
