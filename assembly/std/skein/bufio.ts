/**
 * `import * as bufio from "skein/bufio"`: reading and writing through a buffer, and by lines or words, after Go's `bufio`.
 *
 *     const lines = new bufio.Scanner(conn);               // a connection, a file, stdin of skein/os
 *     while (lines.scan()) println(lines.text());
 *     if (lines.error) eprintln(lines.error!.message);
 *
 *     const out = new bufio.Writer(stdout);
 *     fprintf(out, "%d\n", n);
 *     out.flush();
 *
 * Each belongs to one goroutine at a time. On a goroutine.
 */
import { decodeUtf8 } from "./runtime/base/utf8";
import { utf8 } from "./encoding";
import { ioError, Reader as Source, Writer as Target } from "./io";

const DEFAULT_SIZE: i32 = 4096;
/** The longest token of a Scanner, unless it is told another. */
const MAX_TOKEN: i32 = 64 * 1024;
/** A scanner that finds so many tokens of nothing, one after the other, will find no end. */
const MAX_EMPTY: i32 = 100;
const NEWLINE: u8 = 10;
const RETURN: u8 = 13;
const REPLACEMENT: u32 = 0xfffd;

function textOf(bytes: Uint8Array, start: i32, end: i32): string {
  return decodeUtf8(bytes.dataStart + start, end - start);
}

/** How many bytes the character takes that begins with this one; 1 for what begins none. */
function sizeOf(first: u8): i32 {
  return first < 0xc2 || first > 0xf4 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** Reads through a buffer. */
export class Reader implements Source {
  private readonly buffer: Uint8Array;
  private start: i32 = 0;
  private end: i32 = 0;
  private isAtEnd: bool = false;
  private failure: Error | null = null;

  constructor(
    private readonly source: Source,
    size: i32 = DEFAULT_SIZE,
  ) {
    this.buffer = new Uint8Array(max(size, 16));
  }

  /** Why reading has failed; null as long as it has not, also at the end. */
  get error(): Error | null {
    return this.failure;
  }

  /** Bytes that are there without asking anybody. */
  get buffered(): i32 {
    return this.end - this.start;
  }

  /** Fetches more behind what there is; false at the end. */
  private fill(): bool {
    if (this.isAtEnd) return false;
    if (this.start > 0) {
      this.buffer.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    const n = this.source.read(this.buffer.subarray(this.end));
    if (n < 0) this.failure = ioError();
    if (n <= 0) this.isAtEnd = true;
    else this.end += n;
    return n > 0;
  }

  /** Reads what there is: the number of bytes, 0 at the end, -1 if it failed. */
  read(buf: Uint8Array): i32 {
    if (buf.length == 0) return 0;
    if (this.start == this.end) {
      // Much goes past the buffer.
      if (buf.length >= this.buffer.length && !this.isAtEnd) {
        const n = this.source.read(buf);
        if (n < 0) this.failure = ioError();
        if (n <= 0) this.isAtEnd = true;
        return n;
      }
      if (!this.fill()) return this.failure ? -1 : 0;
    }
    const n = min(buf.length, this.buffered);
    buf.set(this.buffer.subarray(this.start, this.start + n));
    this.start += n;
    return n;
  }

  /** The next byte; -1 at the end. */
  readByte(): i32 {
    if (this.start == this.end && !this.fill()) return -1;
    return this.buffer[this.start++];
  }

  /** The next character's code point; -1 at the end, U+FFFD for a byte that belongs to none. */
  readRune(): i32 {
    if (this.start == this.end && !this.fill()) return -1;
    const size = sizeOf(this.buffer[this.start]);
    while (this.buffered < size && this.fill()) continue;
    const text = textOf(this.buffer, this.start, this.start + min(size, this.buffered));
    const rune = text.codePointAt(0);
    this.start += rune == REPLACEMENT && size > 1 && text.length > 1 ? 1 : min(size, this.buffered);
    return rune;
  }

  /** The next `n` bytes, which stay: fewer at the end, or where the buffer has no room. It is a view, up to the next read. */
  peek(n: i32): Uint8Array {
    while (this.buffered < n && this.buffered < this.buffer.length && this.fill()) continue;
    return this.buffer.subarray(this.start, this.start + min(n, this.buffered));
  }

  /** Passes over `n` bytes: how many there were. */
  discard(n: i32): i32 {
    let left = n;
    while (left > 0 && (this.buffered > 0 || this.fill())) {
      const some = min(left, this.buffered);
      this.start += some;
      left -= some;
    }
    return n - left;
  }

  /** All bytes up to the first that is `delimiter`, with it; the rest where there is none; null at the end. */
  readBytes(delimiter: u8): Uint8Array | null {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (let isFound = false; !isFound && (this.buffered > 0 || this.fill());) {
      let at = this.start;
      while (at < this.end && unchecked(this.buffer[at]) != delimiter) at++;
      isFound = at < this.end;
      if (isFound) at++;
      parts.push(this.buffer.slice(this.start, at));
      length += at - this.start;
      this.start = at;
    }
    if (length == 0) return null;
    if (parts.length == 1) return parts[0];
    const all = new Uint8Array(length);
    let to = 0;
    for (const part of parts) {
      all.set(part, to);
      to += part.length;
    }
    return all;
  }

  /** The same as a text. */
  readString(delimiter: u8 = NEWLINE): string | null {
    const bytes = this.readBytes(delimiter);
    return bytes ? textOf(bytes, 0, bytes.length) : null;
  }

  /** The next line without its line break; null at the end. */
  readLine(): string | null {
    const bytes = this.readBytes(NEWLINE);
    if (!bytes) return null;
    let end = bytes.length;
    if (bytes[end - 1] == NEWLINE) end--;
    if (end > 0 && end < bytes.length && bytes[end - 1] == RETURN) end--;
    return textOf(bytes, 0, end);
  }
}

/** Writes through a buffer: `flush` when all is written. After a failure nothing more is written. */
export class Writer implements Target {
  private readonly buffer: Uint8Array;
  private length: i32 = 0;
  private failure: Error | null = null;

  constructor(
    private readonly target: Target,
    size: i32 = DEFAULT_SIZE,
  ) {
    this.buffer = new Uint8Array(max(size, 16));
  }

  /** Why writing has failed; null as long as it has not. */
  get error(): Error | null {
    return this.failure;
  }

  /** Bytes that are still here. */
  get buffered(): i32 {
    return this.length;
  }

  /** Writes what is in the buffer: an error, or null. */
  flush(): Error | null {
    if (!this.failure && this.length > 0) this.pass(this.buffer.subarray(0, this.length));
    this.length = 0;
    return this.failure;
  }

  private pass(bytes: Uint8Array): void {
    if (this.target.write(bytes) < 0) this.failure = ioError();
  }

  /** Takes all of `buf`: its length, or -1 if writing has failed. */
  write(buf: Uint8Array): i32 {
    if (this.length + buf.length > this.buffer.length) this.flush();
    if (this.failure) return -1;
    if (buf.length > this.buffer.length) {
      this.pass(buf);
    } else {
      this.buffer.set(buf, this.length);
      this.length += buf.length;
    }
    return this.failure ? -1 : buf.length;
  }

  /** Takes a text, in UTF-8: the number of bytes, or -1 if writing has failed. */
  writeString(text: string): i32 {
    return this.write(utf8(text));
  }

  writeByte(byte: u8): bool {
    if (this.length == this.buffer.length) this.flush();
    if (this.failure) return false;
    this.buffer[this.length++] = byte;
    return true;
  }
}

/** What a `Split` has found. */
export class Token {
  /** Where it is in the data; -1 for none yet. */
  start: i32 = -1;
  end: i32 = 0;
}

/**
 * Finds the next token in what has been read, and says how much of that is done with: 0 and no token where more is needed. At the end there is no more.
 */
export type Split = (data: Uint8Array, isAtEnd: bool, token: Token) => i32;

/** By lines, without their line breaks; a last one without a break is one. A Scanner's own. */
export function scanLines(data: Uint8Array, isAtEnd: bool, token: Token): i32 {
  let end = 0;
  while (end < data.length && unchecked(data[end]) != NEWLINE) end++;
  const isEnded = end < data.length;
  if (!isEnded && (!isAtEnd || end == 0)) return 0;
  token.start = 0;
  token.end = end > 0 && data[end - 1] == RETURN ? end - 1 : end;
  return isEnded ? end + 1 : end;
}

function isSpace(rune: i32): bool {
  if (rune <= 0x20) return rune == 0x20 || (rune >= 9 && rune <= 13);
  if (rune == 0x85 || rune == 0xa0 || rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200a)) return true;
  return rune == 0x2028 || rune == 0x2029 || rune == 0x202f || rune == 0x205f || rune == 0x3000;
}

function runeAt(data: Uint8Array, at: i32): i32 {
  return data[at] < 0x80 ? data[at] : textOf(data, at, min(at + sizeOf(data[at]), data.length)).codePointAt(0);
}

/** By words: what is between spaces. */
export function scanWords(data: Uint8Array, isAtEnd: bool, token: Token): i32 {
  let start = 0;
  while (start < data.length && isSpace(runeAt(data, start))) start += sizeOf(data[start]);
  for (let end = start; end < data.length; end += sizeOf(data[end])) {
    if (!isSpace(runeAt(data, end))) continue;
    token.start = start;
    token.end = end;
    return end + sizeOf(data[end]);
  }
  if (!isAtEnd || start >= data.length) return min(start, data.length);
  token.start = start;
  return (token.end = data.length);
}

/** By characters. */
export function scanRunes(data: Uint8Array, isAtEnd: bool, token: Token): i32 {
  if (data.length == 0) return 0;
  let size = sizeOf(data[0]);
  if (size > data.length && !isAtEnd) return 0;
  size = min(size, data.length);
  // A byte that belongs to no character is one by itself.
  if (runeAt(data, 0) == REPLACEMENT && textOf(data, 0, size).length > 1) size = 1;
  token.start = 0;
  return (token.end = size);
}

/** By bytes. */
export function scanBytes(data: Uint8Array, isAtEnd: bool, token: Token): i32 {
  if (data.length == 0) return 0;
  token.start = 0;
  return (token.end = 1);
}

/** Reads token by token: lines, unless `split` names something else. */
export class Scanner {
  private splitter: Split = scanLines;
  private buffer: Uint8Array = new Uint8Array(0);
  private start: i32 = 0;
  private end: i32 = 0;
  private limit: i32 = MAX_TOKEN;
  private isAtEnd: bool = false;
  private isDone: bool = false;
  private empty: i32 = 0;
  private failure: Error | null = null;
  private readonly token: Token = new Token();
  private data: Uint8Array = new Uint8Array(0);

  constructor(private readonly source: Source) {}

  /** What a token is; before the first `scan`. */
  split(splitter: Split): void {
    this.splitter = splitter;
  }

  /** How long a token may be, in bytes; 65536 unless something else is said before the first `scan`. */
  maxToken(limit: i32): void {
    this.limit = limit;
  }

  /** Why it has ended before the end; null if it has not. */
  get error(): Error | null {
    return this.failure;
  }

  /** The token as a text; what is not UTF-8 in it is replaced by U+FFFD. */
  text(): string {
    return textOf(this.data, max(this.token.start, 0), this.token.end);
  }

  /** The token: a view, up to the next `scan`. */
  bytes(): Uint8Array {
    return this.data.subarray(max(this.token.start, 0), this.token.end);
  }

  /** Goes on to the next token; false at the end, and where it fails. */
  scan(): bool {
    const token = this.token;
    while (!this.isDone) {
      if (this.end > this.start || this.isAtEnd) {
        this.data = this.buffer.subarray(this.start, this.end);
        token.start = -1;
        token.end = 0;
        const advance = this.splitter(this.data, this.isAtEnd, token);
        if (advance < 0 || advance > this.data.length) return this.stop("bufio.SplitFunc returns a bad advance count");
        this.start += advance;
        if (token.start >= 0) {
          this.empty = advance > 0 ? 0 : this.empty + 1;
          if (this.empty > MAX_EMPTY) throw new Error("bufio.Scan: too many empty tokens without progressing");
          return true;
        }
        if (advance > 0) continue;
      }
      if (this.isAtEnd) this.isDone = true;
      else if (!this.fill()) return this.stop("bufio.Scanner: token too long");
    }
    token.start = -1;
    token.end = 0;
    return false;
  }

  private stop(reason: string): bool {
    this.failure = new Error(reason);
    this.isDone = true;
    this.token.start = -1;
    this.token.end = 0;
    return false;
  }

  /** Reads more; false where a token that long is not allowed. */
  private fill(): bool {
    if (this.start > 0 && (this.end == this.buffer.length || this.start > this.buffer.length / 2)) {
      this.buffer.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    if (this.end == this.buffer.length) {
      if (this.end >= this.limit) return false;
      const grown = new Uint8Array(min(max(2 * this.end, DEFAULT_SIZE), this.limit));
      grown.set(this.buffer.subarray(0, this.end));
      this.buffer = grown;
    }
    const n = this.source.read(this.buffer.subarray(this.end));
    if (n < 0) this.failure = ioError();
    if (n <= 0) this.isAtEnd = true;
    else this.end += n;
    return true;
  }
}
