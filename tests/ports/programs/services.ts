// Goroutines that serve others.

import { after, Chan, go, Millisecond, Mutex, now, println, select, sleep, WaitGroup } from "skein";
import { background, Context, Key, withCancel, withTimeout, withValue } from "skein/context";
import { hex, utf8 } from "skein/encoding";
import { Group } from "skein/errgroup";
import { sha256 } from "skein/hash";
import { Limiter } from "skein/rate";

export function workerPool(): void {
  const jobs = new Chan<i32>(100);
  const results = new Chan<i32>(100);
  for (let w = 0; w < 3; w++) {
    go(() => {
      for (const job of jobs) results.send(job * 2);
    });
  }
  for (let j = 1; j <= 9; j++) jobs.send(j);
  jobs.close();
  let sum = 0;
  for (let a = 0; a < 9; a++) sum += results.recv();
  println(`${sum}`);
}

class Sum {
  constructor(
    public text: string,
    public digest: string,
  ) {}
}

export function boundedParallelism(): void {
  const ctx = withCancel(background());
  const texts = new Chan<string>();
  const sums = new Chan<Sum>();
  go(() => {
    for (const text of ["cherry", "apple", "banana", "date"]) {
      if (
        select()
          .send(texts, text, () => {})
          .recv(ctx.done(), () => {})
          .wait() == 1
      )
        break;
    }
    texts.close();
  });
  const wg = new WaitGroup();
  for (let i = 0; i < 3; i++) {
    wg.go(() => {
      for (const text of texts) sums.send(new Sum(text, hex(sha256(utf8(text)))));
    });
  }
  go(() => {
    wg.wait();
    sums.close();
  });
  const all: Sum[] = [];
  for (const sum of sums) all.push(sum);
  all.sort((a, b) => (a.text < b.text ? -1 : 1));
  for (const sum of all) println(`${sum.digest}  ${sum.text}`);
  ctx.cancel();
}

export function errorGroup(): void {
  const group = new Group();
  for (const name of ["web", "image", "video"]) {
    group.go(() => {
      if (name == "image") return new Error("no images");
      group.context.done().recv();
      return group.context.err();
    });
  }
  println(group.wait()!.message);
}

const requestId = new Key<i32>(0);

function deeper(ctx: Context, wg: WaitGroup, depth: i32, ended: Chan<string>): void {
  if (depth < 3) {
    const child = withCancel(ctx);
    wg.go(() => deeper(child, wg, depth + 1, ended));
    wg.go(() => deeper(child, wg, depth + 1, ended));
  }
  ctx.done().recv();
  ended.send(`${depth} ${ctx.value(requestId)} ${ctx.err()!.message}`);
}

export function contextTree(): void {
  const root = withTimeout(withValue(background(), requestId, 42), 300 * Millisecond);
  const ended = new Chan<string>(100);
  const wg = new WaitGroup();
  wg.go(() => deeper(root, wg, 0, ended));
  wg.wait();
  ended.close();
  const lines: string[] = [];
  for (const line of ended) lines.push(line);
  lines.sort();
  for (const line of lines) println(line);
}

class Broker {
  private readonly mutex: Mutex = new Mutex();
  private readonly topics: Map<string, Chan<string>[]> = new Map<string, Chan<string>[]>();

  subscribe(topic: string): Chan<string> {
    const ch = new Chan<string>(10);
    this.mutex.lock();
    if (!this.topics.has(topic)) this.topics.set(topic, []);
    this.topics.get(topic).push(ch);
    this.mutex.unlock();
    return ch;
  }

  publish(topic: string, message: string): void {
    this.mutex.lock();
    if (this.topics.has(topic)) for (const ch of this.topics.get(topic)) ch.send(message);
    this.mutex.unlock();
  }

  close(): void {
    this.mutex.lock();
    for (const [, subscribers] of this.topics) for (const ch of subscribers) ch.close();
    this.mutex.unlock();
  }
}

export function publishSubscribe(): void {
  const broker = new Broker();
  const first = broker.subscribe("news");
  const second = broker.subscribe("news");
  const sport = broker.subscribe("sport");
  broker.publish("news", "rain");
  broker.publish("sport", "draw");
  broker.publish("news", "sun");
  broker.publish("weather", "nobody listens");
  broker.close();
  for (const ch of [first, second, sport]) {
    let line = "";
    for (const message of ch) line += message + " ";
    println(line);
  }
}

class Read {
  readonly answer: Chan<i32> = new Chan<i32>();
  constructor(readonly key: i32) {}
}

class Write {
  readonly done: Chan<bool> = new Chan<bool>();
  constructor(
    readonly key: i32,
    readonly value: i32,
  ) {}
}

export function statefulGoroutine(): void {
  const reads = new Chan<Read>();
  const writes = new Chan<Write>();
  go(() => {
    const state = new Map<i32, i32>();
    const next = select()
      .recv(reads, (read) => read.answer.send(state.has(read.key) ? state.get(read.key) : 0))
      .recv(writes, (write) => {
        state.set(write.key, write.value);
        write.done.send(true);
      });
    while (true) next.wait();
  });
  const wg = new WaitGroup();
  for (let key = 0; key < 5; key++) {
    wg.go(() => {
      for (let i = 1; i <= 100; i++) {
        const write = new Write(key, i * key);
        writes.send(write);
        write.done.recv();
      }
    });
  }
  wg.wait();
  let sum = 0;
  for (let key = 0; key < 5; key++) {
    const read = new Read(key);
    reads.send(read);
    sum += read.answer.recv();
  }
  println(`${sum}`);
}

function replica(kind: string, query: string, delay: i64): string {
  sleep(delay);
  return `${kind} result for "${query}"`;
}

function fastest(kind: string, query: string, delays: i64[]): string {
  const results = new Chan<string>(delays.length);
  for (const delay of delays) go(() => results.send(replica(kind, query, delay)));
  return results.recv();
}

export function replicatedSearch(): void {
  const results = new Chan<string>(3);
  const ms = Millisecond;
  go(() => results.send(fastest("web", "golang", [500 * ms, 2 * ms])));
  go(() => results.send(fastest("image", "golang", [1 * ms, 500 * ms])));
  go(() => results.send(fastest("video", "golang", [3000 * ms, 3000 * ms])));
  const timeout = after(300 * ms);
  const found: string[] = [];
  let isLate = false;
  while (found.length < 3 && !isLate) {
    select()
      .recv(results, (result) => {
        found.push(result);
      })
      .recv(timeout, () => {
        isLate = true;
      })
      .wait();
  }
  found.sort();
  for (const result of found) println(result);
  if (isLate) println("timed out");
}

export function rateLimiting(): void {
  const limiter = new Limiter(200, 3);
  const began = now();
  let atOnce = 0;
  for (let i = 0; i < 6; i++) {
    limiter.wait();
    if (i == 2) atOnce = i32(now() - began < 200 * Millisecond);
  }
  println(`${atOnce == 1} ${now() - began >= 15 * Millisecond - 1}`);
}

const pages = new Map<string, string[]>();
pages.set("/", ["/pkg/", "/cmd/"]);
pages.set("/pkg/", ["/", "/cmd/", "/pkg/fmt/", "/pkg/os/"]);
pages.set("/pkg/fmt/", ["/", "/pkg/"]);
pages.set("/pkg/os/", ["/", "/pkg/"]);

class Crawler {
  private readonly mutex: Mutex = new Mutex();
  readonly seen: Map<string, bool> = new Map<string, bool>();
  readonly wg: WaitGroup = new WaitGroup();

  private isNew(url: string): bool {
    this.mutex.lock();
    const isNew = !this.seen.has(url);
    if (isNew) this.seen.set(url, pages.has(url));
    this.mutex.unlock();
    return isNew;
  }

  crawl(url: string, depth: i32): void {
    if (depth == 0 || !this.isNew(url) || !pages.has(url)) return;
    for (const link of pages.get(url)) this.wg.go(() => this.crawl(link, depth - 1));
  }
}

export function webCrawler(): void {
  const crawler = new Crawler();
  crawler.wg.go(() => crawler.crawl("/", 4));
  crawler.wg.wait();
  const lines: string[] = [];
  for (const [url, isFound] of crawler.seen) lines.push(`${isFound ? "found" : "missing"} ${url}`);
  lines.sort();
  for (const line of lines) println(line);
}
