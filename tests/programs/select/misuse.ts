// A select that is used wrongly panics, and names the case where there is one.
//
// case: a value of another type than its case
// args: value
// exit: 2
// stderr-match: /^panic: .*\bcase 1\b.*\n\ngoroutine 1 \[running\]:\n/
//
// case: a value of another reference type than its case
// args: reference
// exit: 2
// stderr-match: /^panic: .*\bcase 0\b.*\n\ngoroutine 1 \[running\]:\n/
//
// case: set of another type
// args: set
// exit: 2
// stderr-match: /^panic: .*\bcase 0\b.*\n\ngoroutine 1 \[running\]:\n/
//
// case: set of what the channel's type cannot hold
// args: too-large
// exit: 2
// stderr-match: /^panic: select: the channel of case 0 carries i32, which cannot hold 4294967296\n/
//
// case: channel of another type
// args: channel
// exit: 2
// stderr-match: /^panic: .*\bcase 2\b.*\n\ngoroutine 1 \[running\]:\n/
//
// case: set on a receive case
// args: set-receive
// exit: 2
// stderr-match: /^panic: .*\n\ngoroutine 1 \[running\]:\n/
//
// case: a case that is not there
// args: index
// exit: 2
// stderr-match: /^panic: .*\n\ngoroutine 1 \[running\]:\n/
//
// case: two goroutines at once
// args: shared
// exit: 2
// stderr-match: /^panic: .*\n\ngoroutine \d+ \[running\]:\n/
//
// case: a send on a closed channel
// args: closed
// exit: 2
// stderr-match: /^panic: send on closed channel\n\ngoroutine 1 \[running\]:\n/
//
// case: a poll that sends on a closed channel
// args: closed-poll
// exit: 2
// stderr-match: /^panic: send on closed channel\n\ngoroutine 1 \[running\]:\n/
//
// case: a blocked send on a channel that is then closed
// args: closed-later
// exit: 2
// stderr-match: /^panic: send on closed channel\n\ngoroutine 1 \[running\]:\n/

import { go, args, Chan, Select, println } from "skein";
import { settle } from "../expect";

class A {}
class B {}

export function main(): void {
  const how = args()[0];
  const select = new Select();
  const ints = new Chan<i32>(1);
  const longs = new Chan<i64>(1);
  if (how == "value") {
    select.recv<i32>(ints);
    select.recv<i64>(longs);
    longs.send(1);
    select.wait();
    println(`${select.value<i32>()}`);
  } else if (how == "reference") {
    const ch = new Chan<A>(1);
    ch.send(new A());
    select.recv<A>(ch);
    select.wait();
    select.value<B>();
  } else if (how == "set") {
    select.send<i32>(ints, 1);
    select.set<f32>(0, 1.5);
  } else if (how == "too-large") {
    select.send<i32>(ints, 1);
    select.set<i64>(0, 1 << 32);
  } else if (how == "channel") {
    select.recv<i32>(ints);
    select.recv<i32>(ints);
    select.recv<i32>(ints);
    select.channel<i64>(2, longs);
  } else if (how == "set-receive") {
    select.recv<i32>(ints);
    select.set<i32>(0, 1);
  } else if (how == "index") {
    select.recv<i32>(ints);
    select.channel<i32>(1, ints);
  } else if (how == "shared") {
    select.recv<i32>(new Chan<i32>());
    go(() => {
      select.wait();
    });
    settle();
    select.wait();
  } else if (how == "closed") {
    ints.close();
    select.recv<i64>(longs);
    select.send<i32>(ints, 1);
    select.wait();
  } else if (how == "closed-poll") {
    ints.close();
    select.send<i32>(ints, 1);
    select.poll();
  } else if (how == "closed-later") {
    const ch = new Chan<i32>();
    select.send<i32>(ch, 1);
    select.recv<i64>(longs);
    go(() => {
      settle();
      ch.close();
    });
    select.wait();
  }
  println("not reached");
}
