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
 * The number that a text is, as a `T`: an integer with an optional sign, in `base` (2 to 36; 0 to go by its prefix, `0x`, `0o` or `0b`, and allow `_`
 * between digits); a floating-point number, `inf` or `nan`; or, for `bool`, `true`, `false`, `1` or `0`.
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
  if (text == "true" || text == "1") return new Parsed<T>(<T>1, null);
  if (text == "false" || text == "0") return new Parsed<T>(<T>0, null);
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
  if (isNegative && !isSigned<T>()) return invalid<T>(text);
  if (isNegative || first == 0x2b) at++;
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
  const value = <T>parseFloat(text);
  return isFinite(value) ? new Parsed<T>(value, null) : outOfRange<T>(text, value);
}

/** The text in quotation marks, with escapes for what cannot be seen, as in a program's source. */
export function quote(text: string): string {
  let quoted = '"';
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit == 0x22) quoted += '\\"';
    else if (unit == 0x5c) quoted += "\\\\";
    else if (unit == 0x0a) quoted += "\\n";
    else if (unit == 0x0d) quoted += "\\r";
    else if (unit == 0x09) quoted += "\\t";
    else if (unit < 0x20 || unit == 0x7f) quoted += "\\x" + (unit + 256).toString(16).substring(1);
    else quoted += text.charAt(i);
  }
  return quoted + '"';
}

/** A number with that many digits behind the point; the last one is rounded to the nearest, and to the even one of two that are as near. */
export function toFixed(x: f64, digits: i32): string {
  return formatFloat(x, "f", max(digits, 0));
}
