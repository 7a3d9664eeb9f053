/**
 * `import { … } from "skein/signal"`: signals to programs of `skein run`, after Go's `os/signal`.
 *
 *     const signals = new Chan<i32>(1);
 *     notify(signals, SIGINT, SIGTERM);
 *     select().recv(signals, (n) => println(`signal ${n}`)).recv(done, () => {}).wait();
 *
 * A signal that some channel is told of does not end the program. Where a channel has no room for it, it is not told.
 *
 * On a goroutine.
 */
import { AskOp, NoteKind } from "./abi";
import { Cancellable, Context, withCancel } from "./context";
import { Chan } from "./runtime/chan/chan";
import { select } from "./runtime/chan/statement";
import { pushNote } from "./runtime/js/mailbox";
import { newproc as go } from "./runtime/goroutine/proc";
import { askHost, newAsk } from "./runtime/net/ask";
import { Mutex } from "./runtime/sync/mutex";

export const SIGHUP: i32 = 1;
export const SIGINT: i32 = 2;
export const SIGTERM: i32 = 15;

class Watcher {
  constructor(
    readonly chan: Chan<i32>,
    public mask: i32,
  ) {}
}

const mutex = new Mutex();
/** Under `mutex`, as the next. */
let watchers: Watcher[] = [];
let isWaiting = false;

/** Tells a channel of signals, besides those that it is told of already; of all three if none is named. */
export function notify(chan: Chan<i32>, ...signals: i32[]): void {
  let mask = 0;
  for (let i = 0; i < signals.length; i++) mask |= 1 << signals[i];
  if (signals.length == 0) mask = (1 << SIGHUP) | (1 << SIGINT) | (1 << SIGTERM);
  mutex.lock();
  let known = false;
  for (let i = 0; i < watchers.length; i++) {
    if (watchers[i].chan != chan) continue;
    watchers[i].mask |= mask;
    known = true;
  }
  if (!known) watchers.push(new Watcher(chan, mask));
  watch();
  if (!isWaiting) go(wait());
  isWaiting = true;
  mutex.unlock();
}

/** Tells the channel of nothing more. */
export function stop(chan: Chan<i32>): void {
  mutex.lock();
  const others: Watcher[] = [];
  for (let i = 0; i < watchers.length; i++) if (watchers[i].chan != chan) others.push(watchers[i]);
  watchers = others;
  watch();
  mutex.unlock();
}

/** A context that ends with the first of the signals. */
export function notifyContext(parent: Context, ...signals: i32[]): Context {
  const ctx = withCancel(parent);
  const chan = new Chan<i32>(1);
  for (let i = 0; i < signals.length; i++) notify(chan, signals[i]);
  if (signals.length == 0) notify(chan);
  go(cancelBy(ctx, chan));
  return ctx;
}

function cancelBy(ctx: Cancellable, chan: Chan<i32>): void {
  select()
    .recv(chan, (n) => ctx.cancel(new Error("signal " + n.toString())))
    .recv(ctx.done(), () => {})
    .wait();
  stop(chan);
}

/** Tells the main thread what is watched for. Under `mutex`. */
function watch(): void {
  let mask = 0;
  for (let i = 0; i < watchers.length; i++) mask |= watchers[i].mask;
  pushNote(NoteKind.Watch, mask, 0);
}

/** Hands on what comes, as long as the program runs. */
function wait(): void {
  const ask = newAsk(AskOp.Signal);
  while (true) {
    askHost(ask);
    const n = ask.status;
    mutex.lock();
    for (let i = 0; i < watchers.length; i++) {
      if ((watchers[i].mask & (1 << n)) != 0) watchers[i].chan.trySend(n);
    }
    mutex.unlock();
  }
}
