// Reading requests of HTTP/1.0 and 1.1, as strictly as Node's own parser: what two parsers could take for two different requests is
// refused, so nobody smuggles one past a proxy.

import { decode, Reader, Writer } from "./stream";

const MAX_HEADERS = 100;
const METHODS: string[] = "GET HEAD POST PUT DELETE OPTIONS PATCH TRACE CONNECT".split(" ");
const CR: u8 = 0x0d;
const LF: u8 = 0x0a;

/** A body of unknown length, in chunks. */
export const CHUNKED: i64 = -1;

export class Request {
  method: string = "";
  path: string = "";
  keepAlive: bool = true;
  /** Bytes of the body, or CHUNKED. */
  length: i64 = 0;
  /** The client waits to be told to send the body. */
  expects: bool = false;
  private hasLength: bool = false;
  private hasCoding: bool = false;
  private isChunked: bool = false;

  /** Reads the line that a request begins with. */
  start(line: string): bool {
    const words = line.split(" ");
    if (words.length != 3 || !METHODS.includes(words[0])) return false;
    if (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0") return false;
    this.method = words[0];
    this.path = words[1];
    this.keepAlive = words[2] == "HTTP/1.1";
    const first = words[1].charCodeAt(0);
    return first == 0x2f || first == 0x2a || words[1].includes("://") || this.method == "CONNECT";
  }

  /** Reads a header. */
  header(line: string): bool {
    const colon = line.indexOf(":");
    if (colon < 1 || !isToken(line, colon) || hasControl(line)) return false;
    const name = line.substring(0, colon).toLowerCase();
    const value = trim(line.substring(colon + 1));
    if (name == "content-length") {
      if (this.hasLength || value.length == 0 || value.length > 15) return false;
      for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) < 0x30 || value.charCodeAt(i) > 0x39) return false;
      this.length = I64.parseInt(value);
      this.hasLength = true;
    } else if (name == "transfer-encoding") {
      this.hasCoding = true;
      const codings = value.toLowerCase().split(",");
      this.isChunked = trim(codings[codings.length - 1]) == "chunked";
    } else if (name == "expect") {
      this.expects = value.toLowerCase() == "100-continue";
    } else if (name == "connection") {
      const wish = value.toLowerCase();
      if (wish == "close") this.keepAlive = false;
      else if (wish == "keep-alive") this.keepAlive = true;
    }
    return true;
  }

  /** All headers have come: is it certain where the body ends? */
  headersEnd(): bool {
    if (!this.hasCoding) return true;
    this.length = CHUNKED;
    return this.isChunked && !this.hasLength;
  }
}

/** The next request, without its body; null at the end of the connection. `bad` is what stands for one that makes no sense. */
export function readRequest(r: Reader, bad: Request): Request | null {
  let line = r.lineWithEnd();
  // Empty lines before a request are none.
  while (line && (line.length == 1 || (line.length == 2 && line[0] == CR))) line = r.lineWithEnd();
  const request = new Request();
  for (let n = 0; line; n++) {
    const length = lengthOf(line);
    if (length < 0 || n > MAX_HEADERS) return bad;
    if (length == 0) return request.headersEnd() ? request : bad;
    const text = decodeBytes(line, length);
    if (n == 0 ? !request.start(text) : !request.header(text)) return bad;
    line = r.lineWithEnd();
  }
  return null;
}

/** Takes the pieces of a body; false ends the reading. */
export abstract class Body {
  abstract take(piece: Uint8Array): bool;
}

/** Reads a body; false if it makes no sense, or ends too early. */
export function readBody(r: Reader, w: Writer, request: Request, body: Body): bool {
  if (request.expects && request.length != 0) w.text("HTTP/1.1 100 Continue\r\n\r\n");
  if (request.length != CHUNKED) return readPart(r, request.length, body);
  while (true) {
    const line = r.lineWithEnd();
    const size = line ? chunkSize(line) : -1;
    if (size < 0) return false;
    if (size == 0) break;
    if (!readPart(r, size, body)) return false;
    const end = r.bytes(2);
    if (!end || end[0] != CR || end[1] != LF) return false;
  }
  const trailers = new Request();
  while (true) {
    const line = r.lineWithEnd();
    const length = line ? lengthOf(line) : -1;
    if (length <= 0) return length == 0;
    if (!trailers.header(decodeBytes(line!, length))) return false;
  }
}

function readPart(r: Reader, length: i64, body: Body): bool {
  for (let left = length; left > 0;) {
    const piece = r.some(<i32>min<i64>(left, 65536));
    if (!piece || !body.take(piece)) return false;
    left -= piece.length;
  }
  return true;
}

/** Bytes of a line before its CR LF; -1 where it ends otherwise, or has another CR in it. */
function lengthOf(line: Uint8Array): i32 {
  const length = line.length - 2;
  if (length < 0 || line[length] != CR) return -1;
  for (let i = 0; i < length; i++) if (line[i] == CR) return -1;
  return length;
}

/** The size of a chunk, which extensions may follow; -1 if it makes no sense. */
function chunkSize(line: Uint8Array): i64 {
  const length = lengthOf(line);
  let size: i64 = 0;
  let i = 0;
  for (; i < length && line[i] != 0x3b; i++) {
    const digit = hexDigit(line[i]);
    if (digit < 0 || i > 12) return -1;
    size = size * 16 + digit;
  }
  if (i == 0) return -1;
  for (let k = i; k < length; k++) if (line[k] < 0x20 || line[k] == 0x7f) return -1;
  return i + 1 == length ? -1 : size;
}

function hexDigit(c: u8): i32 {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const letter = c | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function isToken(text: string, length: i32): bool {
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i);
    if (c <= 0x20 || c >= 0x7f || '"(),/:;<=>?@[\\]{}'.includes(text.charAt(i))) return false;
  }
  return true;
}

function hasControl(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if ((c < 0x20 && c != 9) || c == 0x7f) return true;
  }
  return false;
}

/** Without the spaces and tabs around it: others are part of a value. */
function trim(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && (text.charCodeAt(from) == 0x20 || text.charCodeAt(from) == 9)) from++;
  while (to > from && (text.charCodeAt(to - 1) == 0x20 || text.charCodeAt(to - 1) == 9)) to--;
  return text.substring(from, to);
}

function decodeBytes(line: Uint8Array, length: i32): string {
  return decode(line.subarray(0, length));
}
