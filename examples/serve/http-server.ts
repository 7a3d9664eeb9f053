/**
 * An HTTP/1.1 server with keep-alive and pipelining: GET / greets, POST /echo sends the body back.
 *
 *     deno run -A examples/serve/http-server.ts tcp://127.0.0.1:8080
 *     curl -d hello http://127.0.0.1:8080/echo
 */
import { STATUS_CODES } from "node:http";
import process from "node:process";
import { HTTPParser } from "http-parser-js";
import { Action, serve, type Conn } from "skein";

const BODY_MAX = 16 << 20;

/** The requests of one connection: feeds the parser, and gathers the answers. */
class Requests {
  private readonly parser = new HTTPParser(HTTPParser.REQUEST);
  private answers: (string | Buffer)[] = [];
  private body: Buffer[] = [];
  private size = 0;
  private method = "";
  private url = "";
  private keepAlive = true;
  private isOver = false;

  constructor() {
    const { parser } = this;
    parser[HTTPParser.kOnHeadersComplete] = ({ method, url, headers, shouldKeepAlive }) => {
      this.method = HTTPParser.methods[method] ?? "";
      this.url = url;
      this.keepAlive = shouldKeepAlive;
      [this.body, this.size] = [[], 0];
      // The parser gives names and values in turn.
      const expects = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === "expect");
      if (expects >= 0 && /^100-continue$/i.test(headers[expects + 1] ?? "")) {
        this.answers.push("HTTP/1.1 100 Continue\r\n\r\n");
      }
    };
    parser[HTTPParser.kOnBody] = (chunk, offset, length) => {
      this.size += length;
      if (this.size <= BODY_MAX) this.body.push(chunk.subarray(offset, offset + length));
      else this.fail(413);
    };
    parser[HTTPParser.kOnMessageComplete] = () => this.request();
  }

  private request(): void {
    if (this.isOver) return;
    const [path = ""] = this.url.split("?");
    if (path === "/" && (this.method === "GET" || this.method === "HEAD")) this.answer(200, Buffer.from("hello\n"));
    else if (path === "/echo" && this.method === "POST") this.answer(200, Buffer.concat(this.body));
    else if (path === "/" || path === "/echo") this.answer(405);
    else this.answer(404);
    if (!this.keepAlive) this.isOver = true;
  }

  private answer(status: number, body = Buffer.from(`${STATUS_CODES[status] ?? ""}\n`)): void {
    const connection = this.keepAlive ? "" : "Connection: close\r\n";
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nContent-Length: ${body.length}\r\n${connection}\r\n`;
    this.answers.push(head, this.method === "HEAD" ? "" : body);
  }

  private fail(status: number): void {
    if (this.isOver) return;
    this.keepAlive = false;
    this.answer(status);
    this.isOver = true;
  }

  data(input: Uint8Array): { out: Buffer; action: Action } {
    const result = this.isOver ? input.length : this.parser.execute(input as Buffer);
    // What asks for another protocol, or is none, ends the connection.
    if (result instanceof Error || (result as number) < input.length) this.fail(400);
    const out = Buffer.concat(this.answers.map((part) => Buffer.from(part as string)));
    this.answers = [];
    return { out, action: this.isOver ? Action.Close : Action.None };
  }
}

const server = await serve(
  {
    idleTimeoutMs: 60_000,
    opened: (conn: Conn) => void (conn.context = new Requests()),
    data: (conn, input) => (conn.context as Requests).data(input),
  },
  process.argv[2] ?? "tcp://127.0.0.1:8080",
);
console.log(`listening on ${server.addrs[0]} (${server.stats().poller})`);
process.once("SIGINT", () => void server.close());
process.once("SIGTERM", () => void server.close());
