// Values that flow through channels.

import { Chan, go, Millisecond, println, select, sleep, Ticker, WaitGroup } from "skein";
import { background, Context, withCancel } from "skein/context";

// ---- pipelines (Go's blog: Pipelines and cancellation) ----------------------------------------------------------------

function gen(ctx: Context, nums: i32[]): Chan<i32> {
  const out = new Chan<i32>();
  go(() => {
    for (const n of nums) {
      if (
        select()
          .send(out, n, () => {})
          .recv(ctx.done(), () => {})
          .wait() == 1
      )
        break;
    }
    out.close();
  });
  return out;
}

function sq(ctx: Context, source: Chan<i32>): Chan<i32> {
  const out = new Chan<i32>();
  go(() => {
    for (const n of source) {
      if (
        select()
          .send(out, n * n, () => {})
          .recv(ctx.done(), () => {})
          .wait() == 1
      )
        break;
    }
    out.close();
  });
  return out;
}

function merge(ctx: Context, sources: Chan<i32>[]): Chan<i32> {
  const wg = new WaitGroup();
  const out = new Chan<i32>();
  for (const source of sources) {
    wg.go(() => {
      for (const n of source) {
        if (
          select()
            .send(out, n, () => {})
            .recv(ctx.done(), () => {})
            .wait() == 1
        )
          return;
      }
    });
  }
  go(() => {
    wg.wait();
    out.close();
  });
  return out;
}

export function pipeline(): void {
  const ctx = background();
  for (const n of sq(ctx, sq(ctx, gen(ctx, [2, 3])))) println(`${n}`);
  const source = gen(ctx, [1, 2, 3, 4, 5]);
  let sum = 0;
  for (const n of merge(ctx, [sq(ctx, source), sq(ctx, source)])) sum += n;
  println(`sum ${sum}`);
}

export function cancelledPipeline(): void {
  const ctx = withCancel(background());
  const source = gen(ctx, [4, 4, 4, 4, 4]);
  const out = merge(ctx, [sq(ctx, source), sq(ctx, source)]);
  println(`${out.recv()}`);
  ctx.cancel();
  let more = 0;
  for (const n of out) more += n > 0 ? 1 : 0; // until all of it has ended
  println(`${more <= 4} ${ctx.err()!.message}`);
}

// ---- fan-in (Go Concurrency Patterns) ----------------------------------------------------------------------------------

function boring(name: string): Chan<string> {
  const out = new Chan<string>();
  go(() => {
    for (let i = 0; i < 3; i++) out.send(`${name} ${i}`);
    out.close();
  });
  return out;
}

export function fanIn(): void {
  let joe: Chan<string> | null = boring("joe");
  let ann: Chan<string> | null = boring("ann");
  const heard: string[] = [];
  while (joe || ann) {
    select()
      .recv(joe, (s, ok) => {
        if (ok) heard.push(s);
        else joe = null;
      })
      .recv(ann, (s, ok) => {
        if (ok) heard.push(s);
        else ann = null;
      })
      .wait();
  }
  heard.sort();
  for (const s of heard) println(s);
}

export function daisyChain(): void {
  const leftmost = new Chan<i32>();
  let right = leftmost;
  let left = leftmost;
  for (let i = 0; i < 10000; i++) {
    right = new Chan<i32>();
    go(pass(left, right));
    left = right;
  }
  go(right.send(1));
  println(`${leftmost.recv()}`);
}

function pass(left: Chan<i32>, right: Chan<i32>): void {
  left.send(1 + right.recv());
}

// ---- the sieve ---------------------------------------------------------------------------------------------------------

function generate(ch: Chan<i32>): void {
  for (let i = 2; ; i++) ch.send(i);
}

function filter(source: Chan<i32>, out: Chan<i32>, prime: i32): void {
  while (true) {
    const i = source.recv();
    if (i % prime != 0) out.send(i);
  }
}

export function primeSieve(): void {
  let ch = new Chan<i32>();
  go(generate(ch));
  let line = "";
  for (let i = 0; i < 50; i++) {
    const prime = ch.recv();
    line += `${prime} `;
    const next = new Chan<i32>();
    go(filter(ch, next, prime));
    ch = next;
  }
  println(line);
}

// ---- equivalent binary trees (A Tour of Go) ---------------------------------------------------------------------------

class Tree {
  left: Tree | null = null;
  right: Tree | null = null;
  constructor(public value: i32) {}
}

function insert(tree: Tree | null, value: i32): Tree {
  if (!tree) return new Tree(value);
  if (value < tree.value) tree.left = insert(tree.left, value);
  else tree.right = insert(tree.right, value);
  return tree;
}

function newTree(k: i32, step: i32): Tree {
  let tree: Tree | null = null;
  for (let i = 0; i < 10; i++) tree = insert(tree, (1 + ((i * step) % 10)) * k);
  return tree!;
}

function walk(tree: Tree | null, ch: Chan<i32>): void {
  if (!tree) return;
  walk(tree.left, ch);
  ch.send(tree.value);
  walk(tree.right, ch);
}

function walked(tree: Tree): Chan<i32> {
  const ch = new Chan<i32>();
  go(() => {
    walk(tree, ch);
    ch.close();
  });
  return ch;
}

function same(a: Tree, b: Tree): bool {
  const as = walked(a);
  const bs = walked(b);
  while (true) {
    const x = as.receive();
    const y = bs.receive();
    if (x.ok != y.ok || x.value != y.value) return false;
    if (!x.ok) return true;
  }
}

export function equivalentTrees(): void {
  println(`${same(newTree(1, 3), newTree(1, 7))}`);
  println(`${same(newTree(1, 3), newTree(2, 3))}`);
}

// ---- select ------------------------------------------------------------------------------------------------------------

export function timeouts(): void {
  const slow = new Chan<string>(1);
  go(() => {
    sleep(200 * Millisecond);
    slow.send("result 1");
  });
  select()
    .recv(slow, (s) => println(s))
    .after(20 * Millisecond, () => println("timeout 1"))
    .wait();
  const fast = new Chan<string>(1);
  go(() => {
    sleep(Millisecond);
    fast.send("result 2");
  });
  select()
    .recv(fast, (s) => println(s))
    .after(3000 * Millisecond, () => println("timeout 2"))
    .wait();
}

export function ticker(): void {
  const ticker = new Ticker(2 * Millisecond);
  let ticks = 0;
  for (const at of ticker.chan) {
    if (at <= 0) println("no time");
    if (++ticks == 5) break;
  }
  ticker.stop();
  sleep(10 * Millisecond);
  select()
    .recv(ticker.chan, () => println("a tick"))
    .otherwise(() => println(`stopped after ${ticks}`))
    .wait();
}

export function selectDefault(): void {
  const messages = new Chan<string>();
  const signals = new Chan<bool>();
  select()
    .recv(messages, (s) => println("received " + s))
    .otherwise(() => println("no message received"))
    .wait();
  select()
    .send(messages, "hi", () => println("sent"))
    .otherwise(() => println("no message sent"))
    .wait();
  select()
    .recv(messages, (s) => println("received " + s))
    .recv(signals, () => println("signal"))
    .otherwise(() => println("no activity"))
    .wait();
}

export function closingChannels(): void {
  const jobs = new Chan<i32>(5);
  const done = new Chan<bool>();
  go(() => {
    while (true) {
      const job = jobs.receive();
      if (!job.ok) break;
      println(`received job ${job.value}`);
    }
    println("received all jobs");
    done.send(true);
  });
  for (let j = 1; j <= 3; j++) jobs.send(j);
  jobs.close();
  done.recv();
  const after = jobs.receive();
  println(`${after.value} ${after.ok}`);
}

export function rangeOverChannels(): void {
  const queue = new Chan<string>(2);
  queue.send("one");
  queue.send("two");
  queue.close();
  for (const s of queue) println(s);
}
