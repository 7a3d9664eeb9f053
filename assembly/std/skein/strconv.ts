/**
 * `import { … } from "skein/strconv"`: numbers from texts and back, strictly. After Go's `strconv`: where `parseInt` takes what it can of a text,
 * these take all of it or say what is wrong.
 *
 *     const n = parse<i32>("12x");
 *     if (n.error) eprintln(n.error!.message);   // parsing "12x": invalid syntax
 *     else use(n.value);
 *
 * On a goroutine.
 */
import { gopanic } from "./runtime/base/panic";
import { formatFloat } from "./text/decimal";
import { floatOf } from "./text/floats";
export { formatFloat };

/** A number that was parsed. */
export class Parsed<T> {
  constructor(
    /** 0 where there is an error; the nearest that the type can hold where it is out of range. */
    readonly value: T,
    readonly error: Error | null,
  ) {}

  /** The value; panics with the error if there is one. */
  must(): T {
    const error = this.error;
    if (error) gopanic(error.message);
    return this.value;
  }
}

/**
 * The number that a text is, as a `T`: an integer, with a sign if the type has one, in `base` (2 to 36; 0 to go by its prefix, `0x`, `0o` or `0b`, and allow `_`
 * between digits); a floating-point number in decimal, `inf` or `nan`; or, for `bool`, `true`, `t`, `1`, `false`, `f`, `0`, or the same in capitals.
 */
export function parse<T>(text: string, base: i32 = 10): Parsed<T> {
  if (isBoolean<T>()) return parseBool<T>(text);
  if (isFloat<T>()) return parseNumber<T>(text);
  if (isInteger<T>()) return parseWhole<T>(text, base);
  ERROR("parse takes a type of numbers");
}

function invalid<T>(text: string): Parsed<T> {
  return new Parsed<T>(<T>0, new Error("parsing " + quote(text) + ": invalid syntax"));
}

function outOfRange<T>(text: string, nearest: T): Parsed<T> {
  return new Parsed<T>(nearest, new Error("parsing " + quote(text) + ": value out of range"));
}

function parseBool<T>(text: string): Parsed<T> {
  if ("|1|t|T|true|TRUE|True|".includes("|" + text + "|")) return new Parsed<T>(<T>1, null);
  if ("|0|f|F|false|FALSE|False|".includes("|" + text + "|")) return new Parsed<T>(<T>0, null);
  return invalid<T>(text);
}

function digitOf(unit: i32): i32 {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x7a ? lower - 0x61 + 10 : 255;
}

function parseWhole<T>(text: string, base: i32): Parsed<T> {
  let at = 0;
  const first = text.length > 0 ? text.charCodeAt(0) : 0;
  const isNegative = first == 0x2d;
  if (isNegative || first == 0x2b) {
    if (!isSigned<T>()) return invalid<T>(text);
    at++;
  }
  const byPrefix = base == 0;
  if (byPrefix) {
    base = 10;
    if (text.charCodeAt(at) == 0x30 && at + 1 < text.length) {
      const kind = text.charCodeAt(at + 1) | 0x20;
      base = kind == 0x78 ? 16 : kind == 0x62 ? 2 : 8;
      at += kind == 0x78 || kind == 0x62 || kind == 0x6f ? 2 : 1;
    }
  }
  if (base < 2 || base > 36 || at == text.length) return invalid<T>(text);
  // How far from 0 the type goes.
  const bits: i32 = 8 * sizeof<T>();
  const most: u64 = isSigned<T>() ? ((<u64>1) << (bits - 1)) - (isNegative ? 0 : 1) : u64.MAX_VALUE >> (64 - bits);
  let size: u64 = 0;
  let isTooLarge = false;
  let afterDigit = byPrefix && base != 10;
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit == 0x5f && byPrefix && afterDigit && at + 1 < text.length) {
      afterDigit = false;
      continue;
    }
    const digit = digitOf(unit);
    if (digit >= base) return invalid<T>(text);
    if (size > (most - digit) / base) isTooLarge = true;
    size = size * base + digit;
    afterDigit = true;
  }
  if (isTooLarge) return outOfRange<T>(text, <T>(isNegative ? 0 - most : most));
  return new Parsed<T>(<T>(isNegative ? 0 - size : size), null);
}

function parseNumber<T>(text: string): Parsed<T> {
  let at = 0;
  const end = text.length;
  if (at < end && (text.charCodeAt(at) == 0x2d || text.charCodeAt(at) == 0x2b)) at++;
  const name = text.substring(at).toLowerCase();
  const isNegative = text.startsWith("-");
  if (name == "inf" || name == "infinity") return new Parsed<T>(<T>(isNegative ? -Infinity : Infinity), null);
  if (name == "nan") return new Parsed<T>(<T>NaN, null);
  let digits = 0;
  while (at < end && digitOf(text.charCodeAt(at)) < 10) (at++, digits++);
  if (at < end && text.charCodeAt(at) == 0x2e) {
    at++;
    while (at < end && digitOf(text.charCodeAt(at)) < 10) (at++, digits++);
  }
  if (digits == 0) return invalid<T>(text);
  if (at < end && (text.charCodeAt(at) | 0x20) == 0x65) {
    at++;
    if (at < end && (text.charCodeAt(at) == 0x2d || text.charCodeAt(at) == 0x2b)) at++;
    if (at == end) return invalid<T>(text);
    while (at < end && digitOf(text.charCodeAt(at)) < 10) at++;
  }
  if (at < end) return invalid<T>(text);
  const size = floatOf(isNegative || text.startsWith("+") ? text.substring(1) : text, sizeof<T>() == 4);
  const value = <T>(isNegative ? -size : size);
  return isFinite(value) ? new Parsed<T>(value, null) : outOfRange<T>(text, value);
}

/** The text in quotation marks, with escapes for what cannot be seen, as in a program's source. */
export function quote(text: string): string {
  return quoted(text, 0x22, false);
}

/** The same with escapes for all that is not ASCII, too. */
export function quoteToAscii(text: string): string {
  return quoted(text, 0x22, true);
}

/** What shows nothing, or not itself, beyond ASCII: first and last characters. (Those that Unicode has not assigned are not among them.) */
const UNSEEN: StaticArray<i32> = [
  0x80, 0xa0, 0xad, 0xad, 0x600, 0x605, 0x61c, 0x61c, 0x6dd, 0x6dd, 0x70f, 0x70f, 0x890, 0x891, 0x8e2, 0x8e2, 0x1680,
  0x1680, 0x180e, 0x180e, 0x2000, 0x200f, 0x2028, 0x202f, 0x205f, 0x206f, 0x3000, 0x3000, 0xd800, 0xf8ff, 0xfeff,
  0xfeff, 0xfff0, 0xfffb, 0xfffe, 0xffff, 0x110bd, 0x110bd, 0x110cd, 0x110cd, 0x13430, 0x1343f, 0x1bca0, 0x1bca3,
  0x1d173, 0x1d17a, 0xe0000, 0xe00ff, 0xe01f0, 0x10ffff,
];

function isSeen(character: i32): bool {
  for (let i = 0; i < UNSEEN.length; i += 2) if (character <= UNSEEN[i + 1]) return character < UNSEEN[i];
  return true;
}

/** A text between two of `mark`, of which there may be some in it; for `fmt`, too. */
export function quoted(text: string, mark: i32, isAscii: bool): string {
  const around = String.fromCharCode(mark);
  let quoted = around;
  for (let i = 0; i < text.length; i++) {
    const character = text.codePointAt(i);
    if (character > 0xffff) i++;
    if (character == mark || character == 0x5c) quoted += "\\" + String.fromCharCode(character);
    else if (character >= 0x07 && character <= 0x0d) quoted += "\\" + "abtnvfr".charAt(character - 0x07);
    else if (character < 0x20 || character == 0x7f) quoted += "\\x" + (character + 0x100).toString(16).substring(1);
    else if (character < 0x7f || (!isAscii && isSeen(character))) quoted += String.fromCodePoint(character);
    else if (character <= 0xffff) quoted += "\\u" + (character + 0x10000).toString(16).substring(1);
    else quoted += "\\U" + character.toString(16).padStart(8, "0");
  }
  return quoted + around;
}

/** A number with that many digits behind the point; the last one is rounded to the nearest, and to the even one of two that are as near. */
export function toFixed(x: f64, digits: i32): string {
  return formatFloat(x, "f", max(digits, 0));
}
