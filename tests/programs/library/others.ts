// Other programs are run, and signals are told.
//
// case: as it may
// options: --allow-exec
//
// case: as it may not
// args: no

import { args, Chan, go, Millisecond, now, println, Second, sleep } from "skein";
import { background, withTimeout } from "skein/context";
import { utf8 } from "skein/encoding";
import { command } from "skein/exec";
import { notify, notifyContext, SIGINT, SIGTERM, stop } from "skein/signal";
import { check, same } from "../expect";

/** More than Node takes listeners of one event without a warning, which standard error would have. */
function manyAtOnce(): void {
  const codes = new Chan<i32>(12);
  for (let i = 0; i < 12; i++) go(() => codes.send(command("sh", "-c", "sleep 0.2; exit 7").run().code));
  for (let i = 0; i < 12; i++) same(codes.recv(), 7, "one of many");
}

function othersAreRun(): void {
  const sorting = command("sort", "-r");
  sorting.input = utf8("a\nc\nb\n");
  const sorted = sorting.run();
  same(sorted.text, "c\nb\na\n", "what it writes");
  check(sorted.code == 0 && sorted.error === null, "its end");
  const shell = command("sh", "-c", "echo $WHO; pwd; echo wrong >&2; exit 3");
  shell.env.set("WHO", "skein");
  shell.dir = "/";
  const done = shell.run();
  same(done.text, "skein\n/\n", "its surroundings");
  same(String.UTF8.decode(done.errors.buffer), "wrong\n", "what is wrong");
  same(done.error!.message, "exit status 3", "its code");
  const none = command("there-is-no-such-program").run();
  same(none.code, -1, "no program");
  same(none.error!.message, 'exec: "there-is-no-such-program": executable file not found in $PATH', "no program");
  const began = now();
  const ctx = withTimeout(background(), 50 * Millisecond);
  const killed = command("sleep", "60").run(ctx);
  check(now() - began < 20 * Second, "killed");
  same(killed.code, 137, "by a signal");
  same(killed.error!.message, "context deadline exceeded", "and why");
}

function signalsAreTold(): void {
  const signals = new Chan<i32>(4);
  notify(signals, SIGINT, SIGTERM);
  command("sh", "-c", "kill -INT $PPID").run();
  same(signals.recv(), SIGINT, "one");
  command("sh", "-c", "kill -TERM $PPID").run();
  same(signals.recv(), SIGTERM, "another");
  const ctx = notifyContext(background(), SIGINT);
  command("sh", "-c", "kill -INT $PPID").run();
  ctx.done().recv();
  same(ctx.cause()!.message, "signal 2", "a context");
  same(signals.recv(), SIGINT, "all hear it");
  stop(signals);
  sleep(20 * Millisecond);
  check(signals.length == 0, "nothing more");
}

export function main(): void {
  if (args().length > 0) {
    const refused = command("true").run().error!;
    same(refused.message, "exec: the program may not run others (skein run --allow-exec)", "refused");
  } else {
    othersAreRun();
    manyAtOnce();
    signalsAreTold();
  }
  println("ok");
}
