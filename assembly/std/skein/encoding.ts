/**
 * `import { … } from "skein/encoding"`: bytes as texts and back: UTF-8, hexadecimal digits, base64.
 *
 * On a goroutine.
 */
import { decodeUtf8 } from "./runtime/base/utf8";

const DIGITS = "0123456789abcdef";
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The bytes of a text in UTF-8. */
export function utf8(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

/** The text that bytes are in UTF-8; what is none is replaced by U+FFFD. */
export function fromUtf8(bytes: Uint8Array): string {
  return decodeUtf8(bytes.dataStart, bytes.length);
}

/** Two hexadecimal digits for each byte. */
export function hex(bytes: Uint8Array): string {
  const text = new Uint16Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    text[2 * i] = <u16>DIGITS.charCodeAt(bytes[i] >> 4);
    text[2 * i + 1] = <u16>DIGITS.charCodeAt(bytes[i] & 15);
  }
  return String.UTF16.decodeUnsafe(text.dataStart, text.byteLength);
}

/** The bytes that hexadecimal digits are; null if there is anything else, or an odd number of them. */
export function fromHex(text: string): Uint8Array | null {
  if (text.length & 1) return null;
  const bytes = new Uint8Array(text.length >> 1);
  for (let i = 0; i < bytes.length; i++) {
    const upper = nibble(text.charCodeAt(2 * i));
    const lower = nibble(text.charCodeAt(2 * i + 1));
    if ((upper | lower) < 0) return null;
    bytes[i] = <u8>((upper << 4) | lower);
  }
  return bytes;
}

function nibble(unit: i32): i32 {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}

/** Base64 with `=` at its end. */
export function base64(bytes: Uint8Array): string {
  return encode64(bytes, BASE64, true);
}

/** The same with `-` and `_` in place of `+` and `/`, and without `=`: for URLs and names of files. */
export function base64Url(bytes: Uint8Array): string {
  return encode64(bytes, BASE64_URL, false);
}

function encode64(bytes: Uint8Array, alphabet: string, pads: bool): string {
  const whole = bytes.length / 3;
  const rest = bytes.length % 3;
  const length = 4 * whole + (rest == 0 ? 0 : pads ? 4 : rest + 1);
  const text = new Uint16Array(length);
  for (let i = 0, at = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group =
      ((<u32>bytes[i]) << 16) | (left > 1 ? (<u32>bytes[i + 1]) << 8 : 0) | (left > 2 ? <u32>bytes[i + 2] : 0);
    for (let k = 0; k < 4 && at < length; k++) {
      const unit = k > left ? 0x3d : alphabet.charCodeAt((group >> (18 - 6 * k)) & 63);
      text[at++] = <u16>unit;
    }
  }
  return String.UTF16.decodeUnsafe(text.dataStart, text.byteLength);
}

/** The bytes of a text in base64, of either alphabet, with `=` or without; null if it is not. */
export function fromBase64(text: string): Uint8Array | null {
  let length = text.length;
  while (length > 0 && text.charCodeAt(length - 1) == 0x3d) length--;
  const padding = text.length - length;
  if ((padding > 0 && text.length % 4 != 0) || padding > 2 || length % 4 == 1) return null;
  const bytes = new Uint8Array((length * 3) >> 2);
  let group: u32 = 0;
  let at = 0;
  for (let i = 0; i < length; i++) {
    const value = sextet(text.charCodeAt(i));
    if (value < 0) return null;
    group = (group << 6) | value;
    // Each unit but the first of four completes a byte.
    if (i & 3) bytes[at++] = <u8>(group >> (6 - 2 * (i & 3)));
  }
  return bytes;
}

function sextet(unit: i32): i32 {
  if (unit >= 0x41 && unit <= 0x5a) return unit - 0x41;
  if (unit >= 0x61 && unit <= 0x7a) return unit - 0x61 + 26;
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30 + 52;
  if (unit == 0x2b || unit == 0x2d) return 62;
  return unit == 0x2f || unit == 0x5f ? 63 : -1;
}
