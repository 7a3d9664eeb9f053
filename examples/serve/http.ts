/**
 * HTTP/1.0 and 1.1 as a server reads them, as strict as llhttp, Node's own parser: what two parsers could take for two different
 * requests is refused, so nobody smuggles one past a proxy.
 */
import { METHODS } from "node:http";

/** The longest head, of a request or of a chunk. */
const HEAD_MAX = 65536;
const LENGTH = /^\d{1,15}$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const START = /^([A-Z-]+) +((?:\/|\*|[A-Za-z]+:\/\/)[\x21-\x7e\x80-\xff]*) HTTP\/(1)\.([01])$/;
const CONNECT = /^(CONNECT) +([^\s/]+:\d+) HTTP\/(1)\.([01])$/;
/** A chunk's size, and extensions. */
const CHUNK =
  /^([0-9A-Fa-f]{1,12})((?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[^"\\]|\\.)*"))?)*)$/;

const SPACE = 32;
const CR = 13;
const LF = 10;

export interface Head {
  readonly method: string;
  readonly url: string;
  /** Names are in lower case; of names that come twice the values are joined. */
  readonly headers: ReadonlyMap<string, string>;
  readonly keepAlive: boolean;
  /** Bytes of the body; Infinity where it is chunked. */
  readonly length: number;
}

/** Told of the requests of a connection. */
export interface Requests {
  head(head: Head): void;
  /** A piece of the body, good until this returns. */
  body(piece: Buffer): void;
  end(): void;
}

const enum State {
  Head,
  Body,
  ChunkHead,
  ChunkBody,
  ChunkEnd,
  Trailer,
}

/** Reads the requests of one connection. */
export class Parser {
  private state = State.Head;
  /** Bytes of the body, or of the chunk, that have not come. */
  private left = 0;
  private readonly requests: Requests;

  constructor(requests: Requests) {
    this.requests = requests;
  }

  /**
   * Takes as much of the input as makes whole lines and pieces; returns the rest, which is to come again.
   *
   * @throws Error for what is no request
   */
  take(input: Buffer): Buffer {
    let rest = input;
    for (let before = -1; rest.length > 0 && rest.length !== before;) {
      before = rest.length;
      rest = this.step(rest);
    }
    return rest;
  }

  private step(input: Buffer): Buffer {
    switch (this.state) {
      case State.Head:
        return this.head(input);
      case State.Body:
      case State.ChunkBody: {
        const piece = input.subarray(0, this.left);
        this.left -= piece.length;
        this.requests.body(piece);
        if (this.left === 0) this.state === State.Body ? this.end() : (this.state = State.ChunkEnd);
        return input.subarray(piece.length);
      }
      case State.ChunkEnd:
        if (input.length < 2) return input;
        if (input[0] !== CR || input[1] !== LF) throw new Error("a chunk is longer than it said");
        this.state = State.ChunkHead;
        return input.subarray(2);
      case State.ChunkHead:
        return this.chunk(input);
      case State.Trailer: {
        const lines = linesOf(input);
        if (lines === undefined) return input;
        headersOf(lines.lines);
        this.end();
        return input.subarray(lines.size);
      }
    }
  }

  private end(): void {
    this.state = State.Head;
    this.requests.end();
  }

  private head(given: Buffer): Buffer {
    let from = 0;
    // Empty lines before a request are none.
    while (given[from] === CR || given[from] === LF) from++;
    const input = given.subarray(from);
    const lines = linesOf(input);
    if (lines === undefined) return input;
    const [start = "", ...rest] = lines.lines;
    const match = START.exec(start) ?? CONNECT.exec(start);
    if (match === null) throw new Error("bad request line");
    const [, method = "", url = "", , minor] = match;
    if (!METHODS.includes(method)) throw new Error("bad method");
    const headers = headersOf(rest);
    const length = lengthOf(headers);
    const connection = (headers.get("connection") ?? "").toLowerCase().split(/[ \t]*,[ \t]*/);
    const keepAlive = minor === "1" ? !connection.includes("close") : connection.includes("keep-alive");
    this.requests.head({ method, url, headers, keepAlive, length });
    this.left = length;
    if (length === 0) this.requests.end();
    else this.state = length === Infinity ? State.ChunkHead : State.Body;
    return input.subarray(lines.size);
  }

  private chunk(input: Buffer): Buffer {
    const end = endOfLine(input, 0);
    if (end === undefined) return input;
    const match = CHUNK.exec(input.latin1Slice(0, end));
    if (match === null) throw new Error("bad chunk size");
    this.left = Number.parseInt(match[1] as string, 16);
    this.state = this.left === 0 ? State.Trailer : State.ChunkBody;
    return input.subarray(end + 2);
  }
}

/** Where the line that begins at `from` ends, before its CR LF; undefined if its end has not come. */
function endOfLine(input: Buffer, from: number): number | undefined {
  const end = input.indexOf(LF, from);
  const length = (end < 0 ? input.length : end) - from;
  if (length > HEAD_MAX) throw new Error("too long");
  const cr = input.indexOf(CR, from);
  // A CR alone, or an LF alone, is the end of a line for some, and not for others.
  if (cr >= 0 && cr + 1 < input.length && input[cr + 1] !== LF && (end < 0 || cr < end)) throw new Error("a bare CR");
  if (end < 0) return undefined;
  if (cr !== end - 1) throw new Error("a bare LF");
  return cr;
}

/** The lines up to an empty one, and how many bytes those are; undefined if they have not all come. */
function linesOf(input: Buffer): { lines: string[]; size: number } | undefined {
  const lines: string[] = [];
  for (let from = 0; ;) {
    const end = endOfLine(input, from);
    if (end === undefined) return undefined;
    if (end > HEAD_MAX) throw new Error("too long");
    if (end === from) return { lines, size: end + 2 };
    if (from > 0 && (input[from] === SPACE || input[from] === 9)) throw new Error("a folded header");
    lines.push(input.latin1Slice(from, end));
    from = end + 2;
  }
}

function headersOf(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    if (!TOKEN.test(name) || CONTROL.test(value)) throw new Error("bad header");
    const before = headers.get(name);
    if (before !== undefined && name === "content-length") throw new Error("two lengths");
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

function lengthOf(headers: ReadonlyMap<string, string>): number {
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  if (length !== undefined && (coding !== undefined || !LENGTH.test(length))) throw new Error("bad length");
  if (coding === undefined) return Number(length ?? 0);
  // Whoever does not know the last coding cannot know where the body ends.
  if (!/(?:^|,)[ \t]*chunked$/i.test(coding)) throw new Error("bad coding");
  return Infinity;
}
