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
import { utf8 } from "./encoding";
import { WrappedError } from "./errors";
import { ioError, Writer } from "./io";
import { eprint as write2, print as write1 } from "./runtime/goroutine/print";
import { PERCENT, Printer, V, W, ZERO, typeName } from "./text/printer";

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
