/**
 * Json: goroutines parse a text like JSON into a tree of values and write it again, which must give the same text. Time for all.
 */
import { Chan, go } from "skein";
import { arg, check, total } from "./harness";

/** Records of the text. */
const records = arg(0, 2000);
const goroutines: i32 = 8;
const turns: i32 = 4;

abstract class Value {
  /** Appends the value's text, in parts. */
  abstract write(parts: Array<string>): void;
}

class NullValue extends Value {
  write(parts: Array<string>): void {
    parts.push("null");
  }
}

class BoolValue extends Value {
  constructor(public value: bool) {
    super();
  }

  write(parts: Array<string>): void {
    parts.push(this.value ? "true" : "false");
  }
}

class NumberValue extends Value {
  constructor(public value: i32) {
    super();
  }

  write(parts: Array<string>): void {
    parts.push(this.value.toString());
  }
}

class TextValue extends Value {
  constructor(public value: string) {
    super();
  }

  write(parts: Array<string>): void {
    writeText(this.value, parts);
  }
}

class ListValue extends Value {
  items: Array<Value> = [];

  write(parts: Array<string>): void {
    parts.push("[");
    for (let i = 0; i < this.items.length; i++) {
      if (i > 0) parts.push(",");
      this.items[i].write(parts);
    }
    parts.push("]");
  }
}

class ObjectValue extends Value {
  fields: Array<Field> = [];

  write(parts: Array<string>): void {
    parts.push("{");
    for (let i = 0; i < this.fields.length; i++) {
      const field = this.fields[i];
      if (i > 0) parts.push(",");
      writeText(field.name, parts);
      parts.push(":");
      field.value.write(parts);
    }
    parts.push("}");
  }
}

class Field {
  constructor(
    public name: string,
    public value: Value,
  ) {}
}

function writeText(text: string, parts: Array<string>): void {
  parts.push('"');
  parts.push(text);
  parts.push('"');
}

const QUOTE: i32 = 0x22;
const COMMA: i32 = 0x2c;
const OPEN_LIST: i32 = 0x5b;
const CLOSE_LIST: i32 = 0x5d;
const OPEN_OBJECT: i32 = 0x7b;
const CLOSE_OBJECT: i32 = 0x7d;
const COLON: i32 = 0x3a;

class Parser {
  private at: i32 = 0;
  constructor(private text: string) {}

  value(): Value {
    const next = this.text.charCodeAt(this.at);
    if (next == OPEN_OBJECT) return this.object();
    if (next == OPEN_LIST) return this.list();
    if (next == QUOTE) return new TextValue(this.string());
    return this.word();
  }

  private object(): Value {
    const value = new ObjectValue();
    this.at++;
    while (this.text.charCodeAt(this.at) != CLOSE_OBJECT) {
      if (value.fields.length > 0) this.expect(COMMA);
      const name = this.string();
      this.expect(COLON);
      value.fields.push(new Field(name, this.value()));
    }
    this.at++;
    return value;
  }

  private list(): Value {
    const value = new ListValue();
    this.at++;
    while (this.text.charCodeAt(this.at) != CLOSE_LIST) {
      if (value.items.length > 0) this.expect(COMMA);
      value.items.push(this.value());
    }
    this.at++;
    return value;
  }

  private string(): string {
    this.expect(QUOTE);
    const start = this.at;
    while (this.text.charCodeAt(this.at) != QUOTE) this.at++;
    return this.text.substring(start, this.at++);
  }

  /** A number, or true, false, null. */
  private word(): Value {
    const start = this.at;
    for (; this.at < this.text.length; this.at++) {
      const next = this.text.charCodeAt(this.at);
      if (next == COMMA || next == CLOSE_LIST || next == CLOSE_OBJECT) break;
    }
    const word = this.text.substring(start, this.at);
    if (word == "null") return new NullValue();
    if (word == "true" || word == "false") return new BoolValue(word == "true");
    return new NumberValue(I32.parseInt(word));
  }

  private expect(letter: i32): void {
    check(this.text.charCodeAt(this.at++) == letter, "what stands in the text");
  }
}

function compose(): string {
  const parts = new Array<string>();
  for (let i = 0; i < records; i++) {
    const id = i.toString();
    const friends = `[{"id":${((i * 7) % records).toString()},"close":true},{"id":${((i * 13) % records).toString()},"close":false}]`;
    parts.push(
      `{"id":${id},"name":"name of ${id}","tags":["red","green","blue"],"score":${(i * 31).toString()},"parent":null,"friends":${friends}}`,
    );
  }
  return "[" + parts.join(",") + "]";
}

function reread(text: string, done: Chan<i32>): void {
  let same = 0;
  for (let i = 0; i < turns; i++) {
    const parts = new Array<string>();
    new Parser(text).value().write(parts);
    if (parts.join("") == text) same++;
  }
  done.send(same);
}

const text = compose();

function work(): void {
  const done = new Chan<i32>();
  for (let i = 0; i < goroutines; i++) go(reread(text, done));
  let same = 0;
  for (let i = 0; i < goroutines; i++) same += done.recv();
  check(same == goroutines * turns, "the text written is the text read");
}

export function main(): void {
  total(arg(1, 3), work);
}
