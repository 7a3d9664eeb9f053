/**
 * `import { … } from "skein/json"`: objects as JSON and back, after Go's `encoding/json`.
 *
 *     const text = encode(order);                    // {"id":5,"lines":[…]}
 *     const parsed = decode<Order>(text);
 *     if (parsed.error) eprintln(parsed.error!.message);
 *     else use(parsed.value!);
 *
 * A class is written by its fields, in their order, and read by their names: a field that a text does not have keeps what the constructor gave it, so that a
 * class which is read has a constructor without parameters; a name that a class does not have is passed over. Arrays, maps by texts, texts, numbers, `bool`
 * and null are what they are in JSON, integers exact up to their width, and a `Uint8Array` is a text in base64.
 *
 * On a goroutine.
 */
import { formatFloat } from "./text/decimal";
import { base64, fromBase64 } from "./encoding";
import { parse, Parsed } from "./strconv";
import { TextBuffer } from "./text/textbuffer";

/** A value as JSON; with `indent`, a line for each member. What is no number, NaN, is null. */
export function encode<T>(value: T, indent: string = ""): string {
  const encoder = new Encoder(indent);
  encoder.value<T>(value);
  return encoder.text();
}

/** What a text says; null, and an error that says where, if it is no JSON or does not fit `T`. */
export function decode<T>(text: string): Parsed<T | null> {
  const decoder = new Decoder(text);
  const value = decoder.whole<T>();
  return new Parsed<T | null>(decoder.error ? null : value, decoder.error);
}

const HEX: string = "0123456789abcdef";
/** Of what is nested; a goroutine's stack ends somewhere. */
const MOST_DEPTH: i32 = 500;

class Encoder extends TextBuffer {
  private depth: i32 = 0;
  private isFirst: bool = false;

  constructor(private readonly indent: string) {
    super();
  }

  value<E>(value: E): void {
    if (isReference<E>()) {
      if (changetype<usize>(value) == 0) this.put("null");
      else if (isString<E>()) this.string(changetype<string>(value));
      else if (value instanceof Uint8Array) this.string(base64(changetype<Uint8Array>(value)));
      else this.object<E>(value);
    } else if (isBoolean<E>()) {
      this.put(value ? "true" : "false");
    } else if (isFloat<E>()) {
      this.float(<f64>value, sizeof<E>() == 4);
    } else {
      // @ts-ignore: a number
      this.put(value.toString());
    }
  }

  private object<E>(value: E): void {
    if (this.depth == MOST_DEPTH) throw new Error("json: this is nested too deeply, or in itself");
    if (isArrayLike<E>()) {
      this.open("[");
      // @ts-ignore: it is like an array
      for (let i = 0; i < value!.length; i++) {
        this.next();
        // @ts-ignore
        this.value(value![i]);
      }
      this.close("]");
      return;
    }
    this.open("{");
    // @ts-ignore: what is not a class has none
    if (isDefined(value.get) && isDefined(value.keys)) this.entries<E>(value);
    else this.fields<E>(value);
    this.close("}");
  }

  /** In the order of the keys' texts, as Go's: however a map was filled, its text is the same. */
  private entries<E>(map: E): void {
    // @ts-ignore: it is a map
    const keys = map!.keys();
    const names = new Array<string>();
    const places = new Map<string, i32>();
    for (let i = 0; i < keys.length; i++) {
      // @ts-ignore
      const name: string = keys[i].toString();
      names.push(name);
      places.set(name, i);
    }
    names.sort();
    for (let i = 0; i < names.length; i++) {
      // @ts-ignore
      this.field(names[i], map!.get(keys[places.get(names[i])]));
    }
  }

  /** The compiler puts a call of `field` here for each that the class has. */
  private fields<E>(value: E): void {}

  private field<F>(name: string, value: F): void {
    if (isFunction<F>()) return;
    this.next();
    this.string(name);
    this.put(this.indent.length == 0 ? ":" : ": ");
    this.value<F>(value);
  }

  private open(bracket: string): void {
    this.put(bracket);
    this.depth++;
    this.isFirst = true;
  }

  private next(): void {
    if (!this.isFirst) this.put(",");
    this.isFirst = false;
    this.line();
  }

  private line(): void {
    if (this.indent.length > 0) this.put("\n" + this.indent.repeat(this.depth));
  }

  private close(bracket: string): void {
    this.depth--;
    if (!this.isFirst) this.line();
    this.isFirst = false;
    this.put(bracket);
  }

  private float(x: f64, isSingle: bool): void {
    const size = Math.abs(x);
    if (!isFinite(x)) this.put("null");
    else if (x == 0 || (size >= 1e-6 && size < 1e21)) this.put(formatFloat(x, "f", -1, isSingle));
    else this.put(formatFloat(x, "e", -1, isSingle));
  }

  private string(text: string): void {
    this.put('"');
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x20 && unit != 0x22 && unit != 0x5c && (unit & 0xf800) != 0xd800) continue;
      if ((unit & 0xfc00) == 0xd800 && i + 1 < text.length && (text.charCodeAt(i + 1) & 0xfc00) == 0xdc00) {
        i++;
        continue;
      }
      this.putPart(text, start, i);
      start = i + 1;
      this.put(escaped(unit));
    }
    this.putPart(text, start, text.length);
    this.put('"');
  }
}

function escaped(unit: i32): string {
  switch (unit) {
    case 0x22:
      return '\\"';
    case 0x5c:
      return "\\\\";
    case 0x08:
      return "\\b";
    case 0x0c:
      return "\\f";
    case 0x0a:
      return "\\n";
    case 0x0d:
      return "\\r";
    case 0x09:
      return "\\t";
    default:
      return "\\u" + (unit + 0x10000).toString(16).substring(1);
  }
}

class Decoder {
  error: Error | null = null;
  private at: i32 = 0;
  private depth: i32 = 0;

  constructor(private readonly source: string) {}

  whole<T>(): T {
    const value = this.value<T>();
    if (this.peek() != 0) this.fail("nothing more");
    return value;
  }

  /** Notes what was expected here, once, and ends the reading. */
  private fail(expected: string): void {
    if (this.error) return;
    const before = this.source.substring(0, this.at).split("\n");
    const column = before[before.length - 1].length + 1;
    this.error = new Error(`json: ${expected} expected at ${before.length}:${column}`);
    this.at = this.source.length;
  }

  /** The next unit that is no space; 0 at the end. */
  private peek(): i32 {
    while (this.at < this.source.length) {
      const unit = this.source.charCodeAt(this.at);
      if (unit != 0x20 && unit != 0x0a && unit != 0x0d && unit != 0x09) return unit == 0 ? -1 : unit;
      this.at++;
    }
    return 0;
  }

  /** Passes over a word, if it is the next. */
  private accept(word: string): bool {
    this.peek();
    if (!this.source.substr(this.at, word.length).startsWith(word)) return false;
    this.at += word.length;
    return true;
  }

  private expect(word: string): void {
    if (!this.accept(word)) this.fail(word);
  }

  value<T>(): T {
    if (isReference<T>()) {
      if (isNullable<T>() && this.accept("null")) return changetype<T>(0);
      if (isString<T>()) return changetype<T>(this.string());
      if (idof<NonNullable<T>>() == idof<Uint8Array>()) return changetype<T>(this.bytes());
      const value = instantiate<NonNullable<T>>();
      this.object<NonNullable<T>>(value);
      return changetype<T>(value);
    }
    if (isBoolean<T>()) {
      if (this.accept("true")) return <T>true;
      this.expect("false");
      return <T>false;
    }
    this.peek();
    const start = this.at;
    const parsed = parse<T>(this.number());
    if (parsed.error) {
      this.at = min(this.at, start); // or at the end, if it is no number
      this.fail("a number that is a " + nameof<T>());
    }
    return parsed.value;
  }

  private bytes(): Uint8Array {
    const bytes = fromBase64(this.string());
    if (!bytes) this.fail("base64");
    return bytes ? bytes : new Uint8Array(0);
  }

  private object<T>(value: T): void {
    if (this.depth++ == MOST_DEPTH) this.fail("an end of what is nested");
    if (isArray<T>()) {
      this.expect("[");
      for (let more = !this.accept("]"); more && !this.error; more = this.another("]")) {
        // @ts-ignore: it is an array
        value.push(this.value<valueof<T>>());
      }
    } else {
      this.expect("{");
      for (let more = !this.accept("}"); more && !this.error; more = this.another("}")) {
        const key = this.string();
        this.expect(":");
        if (this.error) break;
        // @ts-ignore: what is not a class has none
        if (isDefined(value.get) && isDefined(value.keys)) {
          this.entry(value, key);
        } else {
          const before = this.at;
          this.places<T>(value, key);
          if (this.at == before) this.skip();
        }
      }
    }
    this.depth--;
  }

  private entry<K, V>(map: Map<K, V>, key: string): void {
    if (!isString<K>()) ERROR("a map that is read from JSON has texts as keys");
    map.set(changetype<K>(key), this.value<V>());
  }

  private another(bracket: string): bool {
    if (this.accept(",")) return true;
    if (!this.accept(bracket)) this.fail(", or " + bracket);
    return false;
  }

  /** The compiler puts a call of `place` here for each field that the class has. */
  private places<E>(object: E, key: string): void {}

  /** Reads a field, if it is the one with this name. */
  private place<F>(name: string, at: usize, object: usize, key: string): void {
    if (isFunction<F>()) return;
    if (name != key) return;
    const value = this.value<F>();
    if (this.error) return;
    store<F>(at, value);
    if (isManaged<F>()) __link(object, changetype<usize>(value), false);
  }

  /** Passes over a value, whatever it is. */
  private skip(): void {
    const unit = this.peek();
    if (unit == 0x22) {
      this.string();
    } else if (unit == 0x5b || unit == 0x7b) {
      if (this.depth++ == MOST_DEPTH) this.fail("an end of what is nested");
      const end = unit == 0x5b ? "]" : "}";
      this.at++;
      for (let more = !this.accept(end); more && !this.error; more = this.another(end)) {
        if (unit == 0x7b) {
          this.string();
          this.expect(":");
        }
        this.skip();
      }
      this.depth--;
    } else if (!this.accept("true") && !this.accept("false") && !this.accept("null")) {
      this.number();
    }
  }

  /** A number's text, as JSON has it. */
  private number(): string {
    this.peek();
    const start = this.at;
    if (this.unit() == 0x2d) this.at++;
    const first = this.unit();
    let isNumber =
      this.digits() && (first != 0x30 || this.at == start + (this.source.charCodeAt(start) == 0x2d ? 2 : 1));
    if (this.unit() == 0x2e) {
      this.at++;
      isNumber = this.digits() && isNumber;
    }
    if ((this.unit() | 0x20) == 0x65) {
      this.at++;
      if (this.unit() == 0x2b || this.unit() == 0x2d) this.at++;
      isNumber = this.digits() && isNumber;
    }
    const text = this.source.substring(start, this.at);
    this.at = isNumber ? this.at : start;
    if (!isNumber) this.fail("a value of this type");
    return isNumber ? text : "0";
  }

  private unit(): i32 {
    return this.at < this.source.length ? this.source.charCodeAt(this.at) : 0;
  }

  private digits(): bool {
    const start = this.at;
    while (this.unit() >= 0x30 && this.unit() <= 0x39) this.at++;
    return this.at > start;
  }

  private string(): string {
    if (this.peek() != 0x22) {
      this.fail("a text");
      return "";
    }
    let start = ++this.at;
    let text = "";
    while (true) {
      const unit = this.unit();
      if (unit < 0x20) {
        this.fail('"');
        return "";
      }
      if (unit == 0x22 || unit == 0x5c) text += this.source.substring(start, this.at);
      this.at++;
      if (unit == 0x22) return text;
      if (unit != 0x5c) continue;
      const kind = this.source.charAt(this.at++);
      const which = '"\\/bfnrt'.indexOf(kind);
      if (which >= 0 && kind.length > 0) {
        text += '"\\/\b\f\n\r\t'.charAt(which);
      } else if (kind == "u") {
        let character = 0;
        for (let i = 0; i < 4; i++) {
          const digit = HEX.indexOf(this.source.charAt(this.at).toLowerCase());
          if (digit < 0 || this.at >= this.source.length) {
            this.fail("a hexadecimal digit");
            return "";
          }
          character = character * 16 + digit;
          this.at++;
        }
        text += String.fromCharCode(character);
      } else {
        this.fail("an escape");
        return "";
      }
      start = this.at;
    }
  }
}
