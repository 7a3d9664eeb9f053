/**
 * `import { Builder, fields } from "skein/strings"`: what Go's `strings` has and the methods of `string` have not.
 *
 *     const text = new Builder();
 *     for (const line of lines) text.writeString(line);    // += copies all that there is so far each time
 *     use(text.toString());
 *
 * On a goroutine.
 */
import { fromUtf8 } from "./encoding";
import { Writer } from "./io";
import { TextBuffer } from "./text/textbuffer";

/** A text that grows at its end, in time that goes by what is added. Belongs to one goroutine at a time. */
export class Builder extends TextBuffer implements Writer {
  /** How long the text is, as `toString().length`. */
  get length(): i32 {
    return this.units;
  }

  /** Adds a text: its length. */
  writeString(text: string): i32 {
    this.put(text);
    return text.length;
  }

  /** Adds a character by its code point. */
  writeRune(character: i32): void {
    this.put(String.fromCodePoint(character));
  }

  /** Adds UTF-8, whole characters, as `fprintf` does: the number of bytes. */
  write(buf: Uint8Array): i32 {
    this.put(fromUtf8(buf));
    return buf.length;
  }

  toString(): string {
    return this.text();
  }

  /** Takes all of it out. */
  reset(): void {
    this.clear();
  }
}

function isSpace(unit: i32): bool {
  if (unit < 0x80) return unit == 0x20 || (unit >= 0x09 && unit <= 0x0d);
  return (
    unit == 0x85 ||
    unit == 0xa0 ||
    unit == 0x1680 ||
    (unit >= 0x2000 && unit <= 0x200a) ||
    unit == 0x2028 ||
    unit == 0x2029 ||
    unit == 0x202f ||
    unit == 0x205f ||
    unit == 0x3000
  );
}

/** The words of a text: what is between spaces, tabs and line breaks, however many. */
export function fields(text: string): string[] {
  const words: string[] = [];
  let start = -1;
  for (let i = 0; i < text.length; i++) {
    const isBetween = isSpace(text.charCodeAt(i));
    if (isBetween && start >= 0) words.push(text.substring(start, i));
    if (isBetween) start = -1;
    else if (start < 0) start = i;
  }
  if (start >= 0) words.push(text.substring(start));
  return words;
}

/** How often `part` is in a text, without overlaps. Of an empty part, the places between and around characters. */
export function count(text: string, part: string): i32 {
  let n = 0;
  if (part.length == 0) {
    for (let i = 0; i < text.length; n++) i += text.codePointAt(i) > 0xffff ? 2 : 1;
    return n + 1;
  }
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) n++;
  return n;
}

/** What is around the first separator of a text. */
export class Cut {
  constructor(
    /** The whole text where there is no separator. */
    readonly before: string,
    readonly after: string,
    readonly found: bool,
  ) {}
}

/** Divides a text at the first `separator`. */
export function cut(text: string, separator: string): Cut {
  const at = text.indexOf(separator);
  return at < 0
    ? new Cut(text, "", false)
    : new Cut(text.substring(0, at), text.substring(at + separator.length), true);
}

/** Divides a text into at most `n` parts, of which the last is the rest; `split(separator, n)` of a text drops that. */
export function splitN(text: string, separator: string, n: i32): string[] {
  const parts = text.split(separator);
  if (n < 0 || parts.length <= n) return parts;
  const first = parts.slice(0, max(n - 1, 0));
  if (n > 0) first.push(parts.slice(n - 1).join(separator));
  return first;
}

/** A text without `prefix`, where it begins so. */
export function trimPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.substring(prefix.length) : text;
}

/** A text without `suffix`, where it ends so. */
export function trimSuffix(text: string, suffix: string): string {
  return text.endsWith(suffix) ? text.substring(0, text.length - suffix.length) : text;
}
