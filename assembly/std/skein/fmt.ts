/**
 * `import { … } from "skein/fmt"`: texts from values, after Go's `fmt`.
 *
 *     printf("%-8s|%6.2f|%04x %v\n", name, price, flags, list);
 *     const failed = errorf("reading %q: %w", path, cause);
 *
 * A parameter of the type `Format` takes a format and the values that go into it, one of `Values` or `Line` any number of values: the compiler makes a
 * call of `add` for each. So a function of the program's own can have one, too:
 *
 *     function log(message: Format): void { eprintln(message.text()); }
 *     log("%d of %d", 3, 5);
 *
 * Where the format is written out in the call, the compiler checks that there is a value for each verb, of a type that it takes. Where it is not, what does
 * not fit shows in the text, as in Go: `%!d(string=hi)`, `%!d(MISSING)`, `%!(EXTRA i32=5)`.
 *
 * Verbs: %v %+v (with the names of fields) %T %t %d %b %o %O %x %X %c %q %U %e %E %f %F %g %G %s %p %w %%; flags `+-# 0`, a width, a precision, `*` for
 * either. An object is shown as its `toString()` says, an error by its message, others by their fields, `{1 2}`; arrays, sets and maps by what is in them.
 *
 * On a goroutine.
 */
import { eprint as write2, print as write1 } from "./runtime/goroutine/print";
import { formatFloat } from "./text/decimal";
import { fromUtf8, hex, utf8 } from "./encoding";
import { WrappedError } from "./errors";
import { ioError, Writer } from "./io";
import { quote } from "./strconv";
import { TextBuffer } from "./text/textbuffer";

const PERCENT: i32 = 0x25;
const ZERO: i32 = 0x30;
/** Verbs, by their characters. */
const V: i32 = 0x76;
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
const W: i32 = 0x77;

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
  private pad(text: string, isZero: bool = false): void {
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
    if (verb == C || (verb == Q && size <= 0x10ffff)) {
      const character = size <= 0x10ffff && !isNegative ? String.fromCodePoint(<i32>size) : "\ufffd";
      this.pad(
        verb == C
          ? character
          : character == "'"
            ? "'\\''"
            : character == '"'
              ? "'\"'"
              : "'" + quote(character).slice(1, -1) + "'",
      );
      return true;
    }
    if (verb == U) {
      this.pad("U+" + size.toString(16).toUpperCase().padStart(max(4, this.precision), "0"));
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
    this.pad((isNegative ? "-" : this.plus ? "+" : this.space ? " " : "") + digits);
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
    this.pad(sign + text);
    return true;
  }

  private string(text: string, verb: i32): bool {
    if (this.precision >= 0 && (verb == V || verb == S || verb == Q)) text = firstOf(text, this.precision);
    if (verb == V || verb == S) this.pad(text);
    else if (verb == Q) this.pad(this.sharp && !text.includes("`") ? "`" + text + "`" : quote(text));
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

function typeName<E>(): string {
  if (isString<E>()) return "string";
  return nameof<E>();
}

/** What a format still needs before it goes on. */
const enum Stage {
  /** It is copied up to the next verb. */
  Text,
  Width,
  /** A value for the width. */
  WidthValue,
  Precision,
  PrecisionValue,
  Verb,
  /** A value for the verb. */
  Value,
  End,
}

/** A format and the values that go into it. */
export class Format extends Printer {
  private stage: i32 = Stage.Text;
  private position: i32 = 0;
  private verb: i32 = 0;
  private extra: i32 = 0;

  constructor(private readonly format: string) {
    super();
    this.advance();
  }

  /** The error that went into `%w`. */
  get cause(): Error | null {
    return this.wrapped;
  }

  /** Takes the next value. The compiler calls it. */
  add<E>(value: E): this {
    if (this.stage == Stage.WidthValue || this.stage == Stage.PrecisionValue) {
      this.star<E>(value);
    } else if (this.stage == Stage.Value) {
      if (value instanceof Error && this.verb == W) this.wrapped = value as Error;
      this.value<E>(value, this.verb);
      this.stage = Stage.Text;
    } else {
      this.put(this.extra++ == 0 ? "%!(EXTRA " : ", ");
      this.clearFlags();
      this.put(typeName<E>() + "=");
      this.value<E>(value, V);
    }
    this.advance();
    return this;
  }

  text(): string {
    while (this.stage != Stage.End) {
      if (this.stage == Stage.Value) {
        this.put("%!" + String.fromCodePoint(this.verb) + "(MISSING)");
        this.stage = Stage.Text;
      } else {
        this.star<string>("");
      }
      this.advance();
    }
    if (this.extra > 0) this.put(")");
    this.extra = 0;
    return super.text();
  }

  private star<E>(value: E): void {
    const isWidth = this.stage == Stage.WidthValue;
    this.stage = isWidth ? Stage.Precision : Stage.Verb;
    let n = 0;
    if (isInteger<E>() && !isReference<E>()) n = <i32>value;
    else this.put(isWidth ? "%!(BADWIDTH)" : "%!(BADPREC)");
    if (!isWidth) {
      this.precision = n < 0 || !isInteger<E>() ? -1 : n;
    } else if (n < 0) {
      this.minus = true;
      this.width = -n;
    } else if (isInteger<E>()) {
      this.width = n;
    }
  }

  /** Goes on until a value is needed. */
  private advance(): void {
    while (this.stage != Stage.WidthValue && this.stage != Stage.PrecisionValue && this.stage != Stage.Value) {
      if (this.stage == Stage.End) return;
      if (this.stage == Stage.Text) this.copy();
      else if (this.stage == Stage.Width) this.size(0x2a, Stage.WidthValue, Stage.Precision);
      else if (this.stage == Stage.Precision) this.afterPoint();
      else this.toVerb();
    }
  }

  private unit(): i32 {
    return this.position < this.format.length ? this.format.charCodeAt(this.position) : 0;
  }

  private copy(): void {
    const percent = this.format.indexOf("%", this.position);
    this.putPart(this.format, this.position, percent < 0 ? this.format.length : percent);
    this.position = percent + 1;
    this.stage = percent < 0 ? Stage.End : Stage.Width;
    this.clearFlags();
    for (; percent >= 0; this.position++) {
      const flag = this.unit();
      if (flag == 0x2b) this.plus = true;
      else if (flag == 0x2d) this.minus = true;
      else if (flag == 0x23) this.sharp = true;
      else if (flag == 0x20) this.space = true;
      else if (flag == ZERO) this.zero = true;
      else break;
    }
  }

  /** A number, or a star for one among the values. */
  private size(star: i32, waiting: i32, next: i32): i32 {
    this.stage = next;
    if (this.unit() == star) {
      this.position++;
      this.stage = waiting;
      return -1;
    }
    let n = -1;
    for (let digit = this.unit() - ZERO; digit >= 0 && digit <= 9; digit = this.unit() - ZERO) {
      n = max(n, 0) * 10 + digit;
      this.position++;
    }
    if (next == Stage.Precision) this.width = n;
    return n;
  }

  private afterPoint(): void {
    this.stage = Stage.Verb;
    if (this.unit() != 0x2e) return;
    this.position++;
    const n = this.size(0x2a, Stage.PrecisionValue, Stage.Verb);
    this.precision = max(n, 0);
  }

  private toVerb(): void {
    if (this.position >= this.format.length) {
      this.put("%!(NOVERB)");
      this.stage = Stage.End;
      return;
    }
    this.verb = this.format.codePointAt(this.position);
    this.position += this.verb > 0xffff ? 2 : 1;
    this.stage = this.verb == PERCENT ? Stage.Text : Stage.Value;
    if (this.verb == PERCENT) this.put("%");
    if (this.verb == V && this.plus) {
      this.plus = false;
      this.named = true;
    }
  }
}

/** Values, with spaces between those of which neither is a text. */
export class Values extends Printer {
  private count: i32 = 0;
  private wasText: bool = true;

  /** Takes the next value. The compiler calls it. */
  add<E>(value: E): this {
    if (this.count++ > 0 && !isString<E>() && !this.wasText) this.put(" ");
    this.wasText = isString<E>();
    this.value<E>(value, V);
    return this;
  }
}

/** Values, with spaces between them. */
export class Line extends Printer {
  private count: i32 = 0;

  /** Takes the next value. The compiler calls it. */
  add<E>(value: E): this {
    if (this.count++ > 0) this.put(" ");
    this.value<E>(value, V);
    return this;
  }
}

export function sprintf(format: Format): string {
  return format.text();
}

export function sprint(values: Values): string {
  return values.text();
}

export function sprintln(values: Line): string {
  return values.text() + "\n";
}

/** Writes to standard output, as the next three. */
export function printf(format: Format): void {
  write1(format.text());
}

export function print(values: Values): void {
  write1(values.text());
}

export function println(values: Line): void {
  write1(values.text() + "\n");
}

/** Writes to standard error. */
export function eprintf(format: Format): void {
  write2(format.text());
}

/** Writes UTF-8 to a file, a connection and the like: an error, or null. */
export function fprintf(to: Writer, format: Format): Error | null {
  return writeText(to, format.text());
}

export function fprint(to: Writer, values: Values): Error | null {
  return writeText(to, values.text());
}

export function fprintln(to: Writer, values: Line): Error | null {
  return writeText(to, values.text() + "\n");
}

function writeText(to: Writer, text: string): Error | null {
  return to.write(utf8(text)) < 0 ? ioError() : null;
}

/** An error with that text; one that went into `%w` is found in it by `is` and `unwrap` of `skein/errors`. */
export function errorf(format: Format): Error {
  const text = format.text();
  const cause = format.cause;
  return cause ? new WrappedError(text, cause) : new Error(text);
}
