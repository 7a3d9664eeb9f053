/**
 * Values as texts, by the verbs of `skein/fmt`: what `%d`, `%x`, `%q` and `%v` make of a value of each type, with width, precision and flags.
 *
 * On a goroutine.
 */
import { formatFloat } from "./decimal";
import { fromUtf8, hex, utf8 } from "../encoding";
import { quoted } from "../strconv";
import { TextBuffer } from "./textbuffer";

export const PERCENT: i32 = 0x25;
export const ZERO: i32 = 0x30;
/** Verbs, by their characters. */
export const V: i32 = 0x76;
const D: i32 = 0x64;
const B: i32 = 0x62;
const C: i32 = 0x63;
const O: i32 = 0x6f;
const BIG_O: i32 = 0x4f;
const X: i32 = 0x78;
const BIG_X: i32 = 0x58;
const Q: i32 = 0x71;
const U: i32 = 0x55;
const S: i32 = 0x73;
const T: i32 = 0x54;
const BOOL: i32 = 0x74;
const P: i32 = 0x70;
export const W: i32 = 0x77;

/** Writes values behind one another. */
export abstract class Printer extends TextBuffer {
  protected plus: bool = false;
  protected minus: bool = false;
  protected sharp: bool = false;
  protected space: bool = false;
  protected zero: bool = false;
  protected width: i32 = -1;
  protected precision: i32 = -1;
  /** Fields are written with their names: `%+v`. */
  protected named: bool = false;
  /** Objects that are being written: one that is in itself is not written again. */
  private readonly within: usize[] = [];
  /** Of the fields of an object, the first has none before it. */
  private isFirst: bool = false;
  protected wrapped: Error | null = null;

  protected clearFlags(): void {
    this.plus = this.minus = this.sharp = this.space = this.zero = this.named = false;
    this.width = this.precision = -1;
  }

  /** Puts a text of at least the width, in characters. */
  private pad(text: string, isZero: bool = this.zero): void {
    let missing = this.width - text.length;
    for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) == 0xdc00) missing++;
    if (missing > 0 && !this.minus) this.put((isZero ? "0" : " ").repeat(missing));
    this.put(text);
    if (missing > 0 && this.minus) this.put(" ".repeat(missing));
  }

  protected value<E>(value: E, verb: i32): void {
    if (verb == T) return this.pad(typeName<E>());
    if (isReference<E>()) {
      if (changetype<usize>(value) == 0) {
        if (verb == V) this.pad("<nil>");
        else this.put("%!" + String.fromCodePoint(verb) + "(<nil>)");
      } else if (verb == P) {
        this.pad("0x" + changetype<usize>(value).toString(16));
      } else if (isString<E>()) {
        if (!this.string(changetype<string>(value), verb)) this.bad<E>(value, verb);
      } else {
        this.reference<E>(value, verb);
      }
    } else if (isBoolean<E>()) {
      if (verb == V || verb == BOOL) this.pad(value ? "true" : "false");
      else this.bad<E>(value, verb);
    } else if (isInteger<E>()) {
      const isNegative = isSigned<E>() && <i64>value < 0;
      if (!this.integer(isNegative ? 0 - <u64>(<i64>value) : <u64>value, isNegative, verb)) this.bad<E>(value, verb);
    } else if (isFloat<E>()) {
      if (!this.float(<f64>value, sizeof<E>() == 4, verb)) this.bad<E>(value, verb);
    } else {
      ERROR("this has no text");
    }
  }

  private reference<E>(value: E, verb: i32): void {
    if (value instanceof Error) {
      if (!this.string((value as Error).message, verb == W ? S : verb)) this.bad<E>(value, verb);
      return;
    }
    if (value instanceof Uint8Array && (verb == S || verb == X || verb == BIG_X || verb == Q)) {
      this.bytes(changetype<Uint8Array>(value), verb);
      return;
    }
    const address = changetype<usize>(value);
    if (this.within.includes(address)) return this.put("…");
    this.within.push(address);
    if (isArrayLike<E>()) this.list<E>(value, verb);
    // @ts-ignore: what is not a class has none
    else if (isDefined(value.get) && isDefined(value.keys)) this.map<E>(value, verb);
    // @ts-ignore
    else if (isDefined(value.add) && isDefined(value.values)) this.list(value!.values(), verb);
    // @ts-ignore
    else if (isDefined(value.toString)) {
      // @ts-ignore
      if (!this.string(value!.toString(), verb)) this.bad<E>(value, verb);
    } else {
      this.put("{");
      this.isFirst = true;
      this.fields<E>(value, verb);
      this.put("}");
      this.isFirst = false;
    }
    this.within.pop();
  }

  private list<E>(list: E, verb: i32): void {
    this.put("[");
    // @ts-ignore: it is like an array
    for (let i = 0, n = list!.length; i < n; i++) {
      if (i > 0) this.put(" ");
      // @ts-ignore
      this.value(list![i], verb);
    }
    this.put("]");
  }

  /** By order of its keys, if they have one. */
  private map<E>(map: E, verb: i32): void {
    // @ts-ignore: it has keys
    const keys = map!.keys();
    if (isString(keys[0]) || isInteger(keys[0]) || isFloat(keys[0])) {
      // @ts-ignore: these have an order
      keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    }
    this.put("map[");
    for (let i = 0; i < keys.length; i++) {
      if (i > 0) this.put(" ");
      this.value(keys[i], verb);
      this.put(":");
      // @ts-ignore
      this.value(map!.get(keys[i]), verb);
    }
    this.put("]");
  }

  /** The compiler puts a call of `field` here for each that the class has. */
  private fields<E>(value: E, verb: i32): void {}

  private field<F>(name: string, value: F, verb: i32): void {
    if (!this.isFirst) this.put(" ");
    this.isFirst = false;
    if (this.named) this.put(name + ":");
    if (isFunction<F>()) this.pad("func");
    else this.value<F>(value, verb);
    this.isFirst = false;
  }

  /** A value and a verb that does not take it. */
  private bad<E>(value: E, verb: i32): void {
    this.put("%!" + String.fromCodePoint(verb) + "(" + typeName<E>() + "=");
    this.clearFlags();
    this.value<E>(value, V);
    this.put(")");
  }

  private integer(size: u64, isNegative: bool, verb: i32): bool {
    if (verb == C || verb == Q) {
      const character = size <= 0x10ffff && !isNegative ? String.fromCodePoint(<i32>size) : "\ufffd";
      this.pad(verb == C ? character : quoted(character, 0x27, this.plus));
      return true;
    }
    if (verb == U) {
      this.pad("U+" + size.toString(16).toUpperCase().padStart(max(4, this.precision), "0"), false);
      return true;
    }
    const isHex = verb == X || verb == BIG_X;
    const base = verb == D || verb == V ? 10 : verb == B ? 2 : verb == O || verb == BIG_O ? 8 : isHex ? 16 : 0;
    if (base == 0) return false;
    let digits = size == 0 && this.precision == 0 ? "" : size.toString(base);
    if (verb == BIG_X) digits = digits.toUpperCase();
    let least = this.precision;
    if (least < 0 && this.zero && !this.minus) least = this.width - (isNegative || this.plus || this.space ? 1 : 0);
    digits = digits.padStart(max(least, 0), "0");
    if (verb == BIG_O) digits = "0o" + digits;
    else if (this.sharp) {
      if (isHex) digits = (verb == X ? "0x" : "0X") + digits;
      else if (base == 2) digits = "0b" + digits;
      else if (base == 8 && !digits.startsWith("0")) digits = "0" + digits;
    }
    this.pad((isNegative ? "-" : this.plus ? "+" : this.space ? " " : "") + digits, false);
    return true;
  }

  private float(x: f64, isSingle: bool, verb: i32): bool {
    const letter = verb == V ? "g" : String.fromCodePoint(verb);
    if (!"eEfFgG".includes(letter)) return false;
    const precision = this.precision >= 0 || letter == "g" || letter == "G" ? this.precision : 6;
    let text = formatFloat(x, letter, precision, isSingle);
    if (isNaN(x)) text = "+NaN";
    else if (!text.startsWith("-") && !text.startsWith("+")) text = "+" + text;
    const isPlain = isFinite(x);
    let sign = text.charAt(0);
    if (sign == "+" && !this.plus) sign = this.space ? " " : isPlain || isNaN(x) ? "" : "+";
    text = text.substring(1);
    if (this.zero && !this.minus && isPlain) text = text.padStart(max(this.width - sign.length, 0), "0");
    this.pad(sign + text, false);
    return true;
  }

  private string(text: string, verb: i32): bool {
    if (this.precision >= 0 && (verb == V || verb == S || verb == Q)) text = firstOf(text, this.precision);
    if (verb == V || verb == S) this.pad(text);
    else if (verb == Q) this.pad(this.sharp && !text.includes("`") ? "`" + text + "`" : quoted(text, 0x22, this.plus));
    else if (verb == X || verb == BIG_X) this.hexadecimal(utf8(text), verb);
    else return false;
    return true;
  }

  private bytes(bytes: Uint8Array, verb: i32): void {
    if (verb == X || verb == BIG_X) this.hexadecimal(bytes, verb);
    else this.string(fromUtf8(bytes), verb);
  }

  private hexadecimal(bytes: Uint8Array, verb: i32): void {
    if (this.precision >= 0) bytes = bytes.subarray(0, this.precision);
    let text = hex(bytes);
    const prefix = this.sharp ? "0x" : "";
    if (this.space) {
      const parts: string[] = [];
      for (let i = 0; i < text.length; i += 2) parts.push(prefix + text.substring(i, i + 2));
      text = parts.join(" ");
    } else if (text.length > 0) {
      text = prefix + text;
    }
    this.pad(verb == BIG_X ? text.toUpperCase() : text);
  }
}

/** The first `n` characters. */
function firstOf(text: string, n: i32): string {
  let end = 0;
  for (; n > 0 && end < text.length; n--) end += text.codePointAt(end) > 0xffff ? 2 : 1;
  return text.substring(0, end);
}

export function typeName<E>(): string {
  if (isString<E>()) return "string";
  return nameof<E>();
}
