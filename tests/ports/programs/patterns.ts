// Patterns from Go's talks, blog and books.

import { after, args, Chan, Cond, defer, go, Millisecond, Mutex, recover, select, sleep, WaitGroup } from "skein";
import * as bufio from "skein/bufio";
import { Heap } from "skein/container";
import { utf8 } from "skein/encoding";
import { fprintln, print, printf, println, sprintf } from "skein/fmt";
import { md5 } from "skein/hash";
import { Buffer, ioError } from "skein/io";
import * as net from "skein/net";
import * as os from "skein/os";

// ---- Advanced Go Concurrency Patterns: ping-pong -----------------------------------------------------------------------

class Ball {
  hits: i32 = 0;
}

function player(table: Chan<Ball>, over: Chan<bool>): void {
  for (const ball of table) {
    ball.hits++;
    println("hit", ball.hits);
    if (ball.hits == 6) {
      over.send(true);
      return;
    }
    table.send(ball);
  }
}

export function pingPong(): void {
  const table = new Chan<Ball>();
  const over = new Chan<bool>();
  go(player(table, over));
  go(player(table, over));
  table.send(new Ball());
  over.recv();
}

// ---- the same: a subscription ------------------------------------------------------------------------------------------

class Post {
  constructor(
    readonly title: string,
    readonly channel: string,
  ) {}
}

class Fetched {
  readonly posts: Post[] = [];
  readonly next: i64 = Millisecond;
  error: Error | null = null;
}

function fetch(domain: string, n: i32): Fetched {
  const fetched = new Fetched();
  if (n == 3) {
    fetched.error = new Error("fetching too often");
    return fetched;
  }
  for (let i = 0; i < 2; i++) fetched.posts.push(new Post(sprintf("Item %d", 2 * n + i), domain));
  return fetched;
}

class Subscription {
  readonly updates: Chan<Post> = new Chan<Post>();
  private readonly closing: Chan<Chan<Error | null>> = new Chan<Chan<Error | null>>();

  constructor(domain: string) {
    go(this.loop(domain));
  }

  close(): Error | null {
    const errc = new Chan<Error | null>();
    this.closing.send(errc);
    return errc.recv();
  }

  private loop(domain: string): void {
    const pending: Post[] = [];
    let error: Error | null = null;
    let fetches = 0;
    let startFetch: Chan<i64> | null = after(0);
    for (let isClosed = false; !isClosed;) {
      const updates = pending.length > 0 ? this.updates : null;
      const first = pending.length > 0 ? pending[0] : new Post("", "");
      select()
        .recv(this.closing, (errc) => {
          errc.send(error);
          this.updates.close();
          isClosed = true;
        })
        .recv(startFetch, () => {
          const fetched = fetch(domain, fetches++);
          error = fetched.error;
          for (const post of fetched.posts) pending.push(post);
          startFetch = error ? null : after(fetched.next);
        })
        .send(updates, first, () => {
          pending.shift();
        })
        .wait();
    }
  }
}

export function feed(): void {
  const s = new Subscription("blog.golang.org");
  for (let i = 0; i < 6; i++) {
    const post = s.updates.recv();
    println(post.channel, post.title);
  }
  sleep(20 * Millisecond);
  println("closed:", s.close());
  println(s.updates.receive().ok);
}

// ---- Concurrency is not Parallelism: a load balancer -------------------------------------------------------------------

class Request {
  constructor(
    readonly n: i32,
    readonly c: Chan<i32>,
  ) {}
}

class Worker {
  readonly requests: Chan<Request>;
  pending: i32 = 0;

  constructor(n: i32) {
    this.requests = new Chan<Request>(n);
  }

  work(done: Chan<Worker>): void {
    for (const req of this.requests) {
      req.c.send(req.n * req.n);
      done.send(this);
    }
  }
}

function balance(work: Chan<Request>, workers: i32, n: i32): void {
  const done = new Chan<Worker>(n);
  const pool = new Heap<Worker>((a, b) => a.pending < b.pending);
  for (let i = 0; i < workers; i++) {
    const w = new Worker(n);
    pool.push(w);
    go(w.work(done));
  }
  let handled = 0;
  while (handled < n) {
    select()
      .recv(work, (req) => {
        const w = pool.pop();
        w.requests.send(req);
        w.pending++;
        pool.push(w);
      })
      .recv(done, (w) => {
        w.pending--;
        pool.fix(pool.findIndex((other) => other === w));
        handled++;
      })
      .wait();
  }
  const count = pool.length;
  let left = 0;
  while (pool.length > 0) {
    const w = pool.pop();
    left += w.pending;
    w.requests.close();
  }
  printf("%d workers, %d pending\n", count, left);
}

export function loadBalancer(): void {
  const work = new Chan<Request>();
  const results = new Chan<i32>(100);
  for (let i = 0; i < 10; i++) {
    go(() => {
      for (let k = 0; k < 10; k++) work.send(new Request(i * 10 + k, results));
    });
  }
  balance(work, 4, 100);
  let sum = 0;
  for (let i = 0; i < 100; i++) sum += results.recv();
  println("sum", sum);
}

// ---- The Go Programming Language 8.10: a chat server -------------------------------------------------------------------

class Chat {
  private readonly entering: Chan<Chan<string>> = new Chan<Chan<string>>();
  private readonly leaving: Chan<Chan<string>> = new Chan<Chan<string>>();
  private readonly messages: Chan<string> = new Chan<string>();

  broadcaster(): void {
    const clients = new Set<Chan<string>>();
    const next = select()
      .recv(this.messages, (message) => {
        for (const client of clients) client.send(message);
      })
      .recv(this.entering, (client) => {
        clients.add(client);
      })
      .recv(this.leaving, (client) => {
        clients.delete(client);
        client.close();
      });
    while (true) next.wait();
  }

  handle(conn: net.Conn): void {
    defer(conn.close());
    const ch = new Chan<string>(10);
    go(() => {
      for (const message of ch) fprintln(conn, message);
    });
    const input = new bufio.Scanner(conn);
    input.scan();
    const who = input.text();
    ch.send("You are " + who);
    this.messages.send(who + " has arrived");
    this.entering.send(ch);
    while (input.scan()) this.messages.send(who + ": " + input.text());
    this.leaving.send(ch);
    this.messages.send(who + " has left");
  }
}

class Guest {
  readonly conn: net.Conn;
  private readonly lines: bufio.Scanner;

  constructor(addr: string, name: string) {
    const conn = net.dial(addr)!;
    this.conn = conn;
    this.lines = new bufio.Scanner(conn);
    fprintln(conn, name);
    this.hear();
  }

  hear(): void {
    this.lines.scan();
    println(this.lines.text());
  }
}

export function chat(): void {
  const listener = net.listen("tcp://127.0.0.1:0")!;
  const server = new Chat();
  go(server.broadcaster());
  go(() => {
    for (let conn = listener.accept(); conn; conn = listener.accept()) go(server.handle(conn));
  });
  const ann = new Guest(listener.addr, "ann");
  fprintln(ann.conn, "anybody here?");
  ann.hear();
  const joe = new Guest(listener.addr, "joe");
  ann.hear();
  fprintln(joe.conn, "hello, ann");
  ann.hear();
  joe.hear();
  joe.conn.close();
  ann.hear();
  ann.conn.close();
  listener.close();
}

// ---- The Go Programming Language 9.7: a concurrent non-blocking cache --------------------------------------------------

class Cached {
  value: string = "";
  error: Error | null = null;
  readonly ready: Chan<bool> = new Chan<bool>();
}

class Memo {
  private readonly mutex: Mutex = new Mutex();
  private readonly cache: Map<string, Cached> = new Map<string, Cached>();

  constructor(private readonly f: (key: string, into: Cached) => void) {}

  get(key: string): Cached {
    this.mutex.lock();
    if (this.cache.has(key)) {
      const known = this.cache.get(key);
      this.mutex.unlock();
      known.ready.recv();
      return known;
    }
    const e = new Cached();
    this.cache.set(key, e);
    this.mutex.unlock();
    this.f(key, e);
    e.ready.close();
    return e;
  }
}

export function memoized(): void {
  const calls = new Chan<string>(100);
  const memo = new Memo((key, into) => {
    calls.send(key);
    sleep(5 * Millisecond);
    if (key == "") into.error = new Error("no key");
    else into.value = key.toUpperCase();
  });
  const wg = new WaitGroup();
  const results = new Chan<string>(100);
  for (let i = 0; i < 10; i++) {
    for (const key of ["go", "skein", ""]) {
      wg.go(() => {
        const e = memo.get(key);
        results.send(sprintf("%q %v", e.value, e.error));
      });
    }
  }
  wg.wait();
  results.close();
  const counts = new Map<string, i32>();
  for (const result of results) counts.set(result, (counts.has(result) ? counts.get(result) : 0) + 1);
  println(calls.length, counts);
}

// ---- Go's blog, Pipelines and cancellation: MD5 of files; The Go Programming Language 8.8: du ---------------------------

function makeTree(): string {
  const root = args()[0] + "/skein-tree";
  for (let i = 0; i < 3; i++) {
    const dir = sprintf("%s/d%d/deep", root, i);
    const error = os.mkdirAll(dir);
    if (error) throw error;
    for (let k = 0; k <= i; k++) {
      const text = sprintf("file %d\n", k).repeat(100 * k);
      const error = os.writeText(sprintf("%s/f%d.txt", dir, k), text);
      if (error) throw error;
    }
  }
  return root;
}

class Walk {
  readonly paths: Chan<string> = new Chan<string>();
  readonly error: Chan<Error | null> = new Chan<Error | null>(1);
}

function walkFiles(done: Chan<bool>, root: string): Walk {
  const walk = new Walk();
  go(() => {
    const error = os.walk(root, (path, entry) => {
      if (entry.isDir) return true;
      return (
        select()
          .send(walk.paths, path, () => {})
          .recv(done, () => {})
          .wait() == 0
      );
    });
    walk.paths.close();
    walk.error.send(error);
  });
  return walk;
}

class Digest {
  constructor(
    readonly path: string,
    readonly sum: Uint8Array,
  ) {}
}

function digester(done: Chan<bool>, paths: Chan<string>, c: Chan<Digest>): void {
  for (const path of paths) {
    const data = os.readFile(path);
    if (!data) throw ioError();
    const cancelled =
      select()
        .send(c, new Digest(path, md5(data)), () => {})
        .recv(done, () => {})
        .wait() == 1;
    if (cancelled) return;
  }
}

export function digests(): void {
  const root = makeTree();
  const done = new Chan<bool>();
  defer(done.close());
  const walk = walkFiles(done, root);
  const c = new Chan<Digest>();
  const wg = new WaitGroup();
  for (let i = 0; i < 4; i++) wg.go(() => digester(done, walk.paths, c));
  go(() => {
    wg.wait();
    c.close();
  });
  const all: Digest[] = [];
  for (const d of c) all.push(d);
  println(walk.error.recv());
  all.sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const d of all) printf("%x  %s\n", d.sum, d.path.substring(root.length));
}

function walkDir(dir: string, wg: WaitGroup, sema: Chan<bool>, sizes: Chan<i64>): void {
  sema.send(true);
  const entries = os.readDir(dir);
  sema.recv();
  if (!entries) {
    println(ioError());
    return;
  }
  for (const entry of entries) {
    const path = dir + "/" + entry.name;
    if (entry.isDir) {
      wg.go(() => walkDir(path, wg, sema, sizes));
    } else {
      const info = os.stat(path);
      if (info) sizes.send(info.size);
    }
  }
}

export function diskUsage(): void {
  const root = makeTree();
  const sizes = new Chan<i64>();
  const sema = new Chan<bool>(2);
  const wg = new WaitGroup();
  wg.go(() => walkDir(root, wg, sema, sizes));
  go(() => {
    wg.wait();
    sizes.close();
  });
  let files = 0;
  let bytes: i64 = 0;
  for (const size of sizes) {
    files++;
    bytes += size;
  }
  printf("%d files  %.2f kB\n", files, <f64>bytes / 1e3);
  println(os.removeAll(root));
}

// ---- Go's blog: Defer, Panic, and Recover ------------------------------------------------------------------------------

export function deferPanicRecover(): void {
  f();
  println("Returned normally from f.");
}

function f(): void {
  defer(() => {
    const r = recover();
    if (r) println("Recovered in f", r);
  });
  println("Calling g.");
  g(0);
  println("Returned normally from g.");
}

function g(i: i32): void {
  if (i > 3) {
    println("Panicking!");
    throw new Error(sprintf("%v", i));
  }
  defer(println("Defer in g", i));
  println("Printing in g", i);
  g(i + 1);
}

// ---- sync.Cond: a starting gun -----------------------------------------------------------------------------------------

export function startingGun(): void {
  const mutex = new Mutex();
  const ready = new Cond(mutex);
  let waiting = 0;
  let started = false;
  const finished = new Chan<i32>();
  for (let i = 0; i < 5; i++) {
    go(() => {
      mutex.lock();
      waiting++;
      while (!started) ready.wait();
      mutex.unlock();
      finished.send(i);
    });
  }
  for (let isReady = false; !isReady; sleep(Millisecond)) {
    mutex.lock();
    isReady = waiting == 5;
    mutex.unlock();
  }
  mutex.lock();
  started = true;
  ready.broadcast();
  mutex.unlock();
  let sum = 0;
  for (let i = 0; i < 5; i++) sum += finished.recv();
  println(waiting, "runners", sum);
}

// ---- The Go Programming Language 4.3 and 1.3: words and lines ----------------------------------------------------------

export function wordFrequency(): void {
  const text = "the quick brown fox\njumps over the lazy dog\r\nthe end";
  const words = new bufio.Scanner(new Buffer(utf8(text)));
  words.split(bufio.scanWords);
  const counts = new Map<string, i32>();
  while (words.scan()) {
    const word = words.text();
    counts.set(word, (counts.has(word) ? counts.get(word) : 0) + 1);
  }
  println(counts);
  const lines = new bufio.Scanner(new Buffer(utf8(text)));
  for (let n = 1; lines.scan(); n++) printf("%3d: %q\n", n, lines.text());
}

// ---- Go by Example: string formatting ----------------------------------------------------------------------------------

class Point {
  constructor(
    readonly x: i32,
    readonly y: i32,
  ) {}
}

export function stringFormatting(): void {
  const p = new Point(1, 2);
  printf("struct1: %v\n", p);
  printf("struct2: %+v\n", p);
  printf("bool: %t\n", true);
  printf("int: %d\n", 123);
  printf("bin: %b\n", 14);
  printf("char: %c\n", 33);
  printf("hex: %x\n", 456);
  printf("float1: %f\n", 78.9);
  printf("float2: %e\n", 123400000.0);
  printf("float3: %E\n", 123400000.0);
  printf("str1: %s\n", '"string"');
  printf("str2: %q\n", '"string"');
  printf("str3: %x\n", "hex this");
  printf("width1: |%6d|%6d|\n", 12, 345);
  printf("width2: |%6.2f|%6.2f|\n", 1.2, 3.45);
  printf("width3: |%-6.2f|%-6.2f|\n", 1.2, 3.45);
  printf("width4: |%6s|%6s|\n", "foo", "b");
  printf("width5: |%-6s|%-6s|\n", "foo", "b");
  const s = sprintf("sprintf: a %s", "string");
  println(s);
}

// ---- The Go Playground: life -------------------------------------------------------------------------------------------

class Field {
  readonly cells: bool[][] = [];

  constructor(
    readonly w: i32,
    readonly h: i32,
  ) {
    for (let y = 0; y < h; y++) this.cells.push(new Array<bool>(w));
  }

  alive(x: i32, y: i32): bool {
    return this.cells[(y + this.h) % this.h][(x + this.w) % this.w];
  }

  next(x: i32, y: i32): bool {
    let alive = 0;
    for (let i = -1; i <= 1; i++) {
      for (let j = -1; j <= 1; j++) {
        if ((j != 0 || i != 0) && this.alive(x + i, y + j)) alive++;
      }
    }
    return alive == 3 || (alive == 2 && this.alive(x, y));
  }
}

export function life(): void {
  let a = new Field(8, 6);
  let b = new Field(8, 6);
  for (const p of [new Point(1, 0), new Point(2, 1), new Point(0, 2), new Point(1, 2), new Point(2, 2)]) {
    a.cells[p.y][p.x] = true;
  }
  for (let step = 0; step < 10; step++) {
    const wg = new WaitGroup();
    for (let y = 0; y < a.h; y++) {
      wg.go(() => {
        for (let x = 0; x < a.w; x++) b.cells[y][x] = a.next(x, y);
      });
    }
    wg.wait();
    const last = a;
    a = b;
    b = last;
  }
  for (const row of a.cells) {
    for (const cell of row) print(cell ? "*" : " ");
    println("|");
  }
}
