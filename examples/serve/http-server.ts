/**
 * An HTTP/1.1 server with keep-alive and pipelining: GET / greets, POST /echo sends the body back, POST /upload counts it, and holds no more
 * of it than a piece.
 *
 *     deno run -A examples/serve/http-server.ts tcp://127.0.0.1:8080
 *     curl -d hello http://127.0.0.1:8080/echo
 *     curl -T large.iso -X POST http://127.0.0.1:8080/upload
 */
import { STATUS_CODES } from "node:http";
import process from "node:process";
import { Action, InputStream, serve, type Conn } from "skein";
import { Parser, type Head, type Requests } from "./http.ts";

const ECHO_MAX = 16 << 20;

/** The requests of one connection: gathers the answers. */
class Connection implements Requests {
  private readonly stream = new InputStream();
  private readonly parser = new Parser(this);
  private answers: Uint8Array[] = [];
  private path = "";
  private request: Head | undefined;
  private echo: Buffer[] = [];
  private size = 0;
  private isOver = false;

  head(head: Head): void {
    this.request = head;
    [this.path = ""] = head.url.split("?");
    [this.echo, this.size] = [[], 0];
    if (/^100-continue$/i.test(head.headers.get("expect") ?? "")) {
      this.answers.push(Buffer.from("HTTP/1.1 100 Continue\r\n\r\n"));
    }
  }

  body(piece: Buffer): void {
    this.size += piece.length;
    if (this.path !== "/echo" || this.isOver) return;
    // The piece is the loop's.
    if (this.size <= ECHO_MAX) this.echo.push(Buffer.from(piece));
    else this.fail(413);
  }

  end(): void {
    if (this.isOver) return;
    const { method } = this.request as Head;
    const isGet = method === "GET" || method === "HEAD";
    if (this.path === "/" && isGet) this.answer(200, Buffer.from("hello\n"));
    else if (this.path === "/echo" && method === "POST") this.answer(200, Buffer.concat(this.echo));
    else if (this.path === "/upload" && method === "POST") this.answer(200, Buffer.from(`${this.size} bytes\n`));
    else this.answer(["/", "/echo", "/upload"].includes(this.path) ? 405 : 404);
    if (this.request?.keepAlive !== true) this.isOver = true;
    this.request = undefined;
  }

  private answer(status: number, body = Buffer.from(`${STATUS_CODES[status] ?? ""}\n`)): void {
    // What HTTP/1.0 does not keep alive by itself is said.
    const connection = this.request?.keepAlive === true ? "keep-alive" : "close";
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nContent-Length: ${body.length}\r\nConnection: ${connection}\r\n\r\n`;
    this.answers.push(Buffer.from(head));
    if (this.request?.method !== "HEAD") this.answers.push(body);
  }

  private fail(status: number): void {
    if (this.isOver) return;
    this.request = undefined;
    this.answer(status);
    this.isOver = true;
  }

  data(input: Uint8Array): { out: Uint8Array; action: Action } {
    if (!this.isOver) {
      try {
        const rest = this.parser.take(this.stream.begin(input));
        this.stream.end(rest);
      } catch {
        this.fail(400);
      }
    }
    const out = Buffer.concat(this.answers);
    this.answers = [];
    return { out, action: this.isOver ? Action.Close : Action.None };
  }
}

const server = await serve(
  {
    idleTimeoutMs: 60_000,
    opened(conn: Conn) {
      conn.context = new Connection();
      return { reuseInputBuffer: true };
    },
    data: (conn, input) => (conn.context as Connection).data(input),
  },
  process.argv[2] ?? "tcp://127.0.0.1:8080",
);
console.log(`listening on ${server.addrs[0]} (${server.stats().poller})`);
process.once("SIGINT", () => void server.close());
process.once("SIGTERM", () => void server.close());
