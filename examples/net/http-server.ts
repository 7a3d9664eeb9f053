// HTTP/1.1 with keep-alive and pipelining: GET / greets, POST / sends back what was posted, POST /upload counts it and keeps nothing.
//
//   skein run examples/net/http-server.ts -- tcp://127.0.0.1:8080

import { args, eprintln, exit, go, now, println, Second } from "skein";
import { lastError, listen, Conn } from "skein/net";
import { Body, CHUNKED, readBody, readRequest, Request } from "./http";
import { Reader, Writer } from "./stream";

const IDLE: i64 = 30 * Second;
/** The longest body that is sent back. */
const ECHO_MAX = 16 << 20;

/** Counts a body, and keeps it if it is to be sent back. */
class Posted extends Body {
  size: i64 = 0;
  private kept: Uint8Array = new Uint8Array(0);

  constructor(
    private conn: Conn,
    private keeps: bool,
  ) {
    super();
  }

  get isTooLong(): bool {
    return this.keeps && this.size > ECHO_MAX;
  }

  get bytes(): Uint8Array {
    return this.kept.subarray(0, <i32>this.size);
  }

  take(piece: Uint8Array): bool {
    this.conn.setReadDeadline(now() + IDLE);
    const before = <i32>min<i64>(this.size, ECHO_MAX);
    this.size += piece.length;
    if (!this.keeps) return true;
    if (this.isTooLong) return false;
    if (this.size > this.kept.length) {
      const grown = new Uint8Array(2 * <i32>this.size);
      grown.set(this.kept);
      this.kept = grown;
    }
    this.kept.set(piece, before);
    return true;
  }
}

function encode(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

function answer(w: Writer, status: string, body: Uint8Array, keepAlive: bool, withBody: bool): void {
  w.text(`HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n`);
  w.text(keepAlive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
  if (withBody) w.bytes(body);
}

/** Answers a request; false if nothing is to come after it. */
function respond(c: Conn, r: Reader, w: Writer, request: Request): bool {
  const isPost = request.method == "POST";
  const isGet = request.method == "GET" || request.method == "HEAD";
  const posted = new Posted(c, isPost && request.path == "/");
  const nothing = new Uint8Array(0);
  if (request.length == CHUNKED || request.length > 0) {
    if (!readBody(r, w, request, posted)) {
      answer(w, posted.isTooLong ? "413 Payload Too Large" : "400 Bad Request", nothing, false, true);
      return false;
    }
  }
  const keepAlive = request.keepAlive;
  if (isPost && request.path == "/") answer(w, "200 OK", posted.bytes, keepAlive, true);
  else if (isPost && request.path == "/upload") answer(w, "200 OK", encode(`${posted.size} bytes\n`), keepAlive, true);
  else if (!isGet) answer(w, "405 Method Not Allowed", nothing, keepAlive, true);
  else if (request.path == "/")
    answer(w, "200 OK", encode("Hello from a goroutine.\n"), keepAlive, request.method == "GET");
  else answer(w, "404 Not Found", nothing, keepAlive, true);
  return keepAlive;
}

function serve(c: Conn): void {
  const w = new Writer(c);
  const r = new Reader(c, w);
  const bad = new Request();
  while (true) {
    c.setReadDeadline(now() + IDLE);
    const request = readRequest(r, bad);
    if (!request) break;
    if (request == bad) {
      answer(w, "400 Bad Request", new Uint8Array(0), false, true);
      break;
    }
    if (!respond(c, r, w, request) || (w.isFull && !w.flush())) break;
  }
  if (w.flush()) r.drain();
  c.close();
}

export function main(): void {
  const given = args();
  const l = listen(given.length > 0 ? given[0] : "tcp://127.0.0.1:8080");
  if (!l) {
    eprintln(lastError());
    exit(1);
  }
  println("http-server listens at " + l!.addr);
  while (true) {
    const c = l!.accept();
    if (!c) break;
    go(serve(c));
  }
}
