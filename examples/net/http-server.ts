// HTTP/1.1 with keep-alive and pipelining: answers GET with a page, and POST with what was posted.
//
//   skein run examples/net/http-server.ts -- tcp://127.0.0.1:8080

import { args, eprintln, exit, go, now, println, Second } from "skein";
import { lastError, listen, Conn } from "skein/net";
import { decode, Reader, Writer } from "./stream";

const IDLE: i64 = 30 * Second;
const MAX_HEADERS = 100;

class Request {
  method: string = "";
  path: string = "";
  keepAlive: bool = true;
  /** Body bytes to come; -1 where the request makes no sense. */
  length: i32 = 0;
  body: Uint8Array | null = null;
}

/** The next request; null at the end of the connection. */
function readRequest(r: Reader): Request | null {
  let line = r.line();
  while (line && line.length == 0) line = r.line(); // RFC 9112 allows empty lines before a request
  if (!line) return null;
  const request = new Request();
  const words = decode(line).split(" ");
  if (words.length != 3 || !words[2].startsWith("HTTP/1.")) return malformed(request);
  request.method = words[0];
  request.path = words[1];
  request.keepAlive = words[2] != "HTTP/1.0";
  for (let i = 0; ; i++) {
    line = r.line();
    if (!line) return null;
    if (line.length == 0) break;
    if (i == MAX_HEADERS || !header(request, decode(line))) return malformed(request);
  }
  if (request.length > 0) {
    request.body = r.bytes(request.length);
    if (!request.body) return malformed(request);
  }
  return request;
}

function malformed(request: Request): Request {
  request.length = -1;
  request.keepAlive = false;
  return request;
}

function header(request: Request, line: string): bool {
  const colon = line.indexOf(":");
  if (colon < 1 || line.charCodeAt(colon - 1) <= 0x20) return false;
  const name = line.substring(0, colon).toLowerCase();
  const value = line.substring(colon + 1).trim();
  if (name == "content-length") {
    if (value.length == 0 || value.length > 7) return false;
    for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) < 0x30 || value.charCodeAt(i) > 0x39) return false;
    request.length = <i32>I32.parseInt(value);
  } else if (name == "transfer-encoding") {
    return false; // a body of unknown length is not for this server
  } else if (name == "connection") {
    const wish = value.toLowerCase();
    if (wish == "close") request.keepAlive = false;
    else if (wish == "keep-alive") request.keepAlive = true;
  }
  return true;
}

function answer(w: Writer, status: string, body: Uint8Array, keepAlive: bool, withBody: bool): void {
  w.text(`HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n`);
  w.text(keepAlive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
  if (withBody) w.bytes(body);
}

function serve(c: Conn): void {
  const r = new Reader(c);
  const w = new Writer(c);
  const hello = Uint8Array.wrap(String.UTF8.encode("Hello from a goroutine.\n"));
  const nothing = new Uint8Array(0);
  while (true) {
    c.setReadDeadline(now() + IDLE);
    const request = readRequest(r);
    if (!request) break;
    const body = request.body;
    if (request.length < 0) answer(w, "400 Bad Request", nothing, false, true);
    else if (request.method == "POST") answer(w, "200 OK", body ? body : nothing, request.keepAlive, true);
    else if (request.method != "GET" && request.method != "HEAD")
      answer(w, "405 Method Not Allowed", nothing, request.keepAlive, true);
    else if (request.path == "/") answer(w, "200 OK", hello, request.keepAlive, request.method == "GET");
    else answer(w, "404 Not Found", nothing, request.keepAlive, true);
    if ((!r.hasMore || !request.keepAlive) && !w.flush()) break;
    if (!request.keepAlive) break;
  }
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
