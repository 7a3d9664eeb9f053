// A select waits for the first of its cases that can proceed, does it, and says which one it was.

import { go, Chan, Select, WaitGroup, ok, after, memStats, select, sleep, Millisecond, gosched, println } from "skein";
import { check, same, settle } from "../expect";

function casesAreNumberedInTheOrderAdded(): void {
  const select = new Select();
  const ints = new Chan<i32>(1);
  const texts = new Chan<string>(1);
  same(select.recv<i32>(ints), 0, "the first");
  same(select.recv<string>(texts), 1, "the second");
  same(select.send<i32>(ints, 5), 2, "the third");
  same(select.recv<i32>(null), 3, "a null channel");
  same(select.send<string>(null, "x"), 4, "another");
}

function theReadyCaseIsDone(): void {
  const ints = new Chan<i32>(1);
  const texts = new Chan<string>(1);
  const select = new Select();
  select.recv<i32>(ints);
  select.recv<string>(texts);
  texts.send("t");
  same(select.wait(), 1, "the one that has a value");
  same(select.value<string>(), "t", "its value");
  check(ok(), "which is ok");
  ints.send(9);
  same(select.wait(), 0, "the other one");
  same(select.value<i32>(), 9, "its value");
  same(select.value<i32>(), 9, "its value, asked for again");
  same(ints.length + texts.length, 0, "values left");
}

function aSendCaseSends(): void {
  const ch = new Chan<string>(2);
  const select = new Select();
  select.send<string>(ch, "a");
  same(select.wait(), 0, "room for one");
  same(select.wait(), 0, "the case stays");
  same(select.poll(), -1, "no room for three");
  same(ch.recv() + ch.recv(), "aa", "what was sent");
}

function aBlockedSelectIsWokenByASender(): void {
  const a = new Chan<i32>();
  const b = new Chan<string>();
  const select = new Select();
  select.recv<i32>(a);
  select.recv<string>(b);
  go(() => {
    settle();
    b.send("late");
  });
  same(select.wait(), 1, "the case");
  same(select.value<string>(), "late", "the value");
  go(() => {
    settle();
    a.send(3);
  });
  same(select.wait(), 0, "the case");
  same(select.value<i32>(), 3, "the value");
  check(!a.trySend(1) && !b.trySend(""), "nothing of the select is left on its channels");
}

function aBlockedSelectIsWokenByAReceiver(): void {
  const a = new Chan<i32>();
  const b = new Chan<i32>();
  const got = new Chan<i32>();
  const select = new Select();
  select.send<i32>(a, 1);
  select.send<i32>(b, 2);
  go(() => {
    settle();
    got.send(b.recv());
  });
  same(select.wait(), 1, "the case");
  same(got.recv(), 2, "what the receiver got");
  a.tryRecv();
  check(!ok(), "the other case is gone from its channel");
}

function aBlockedSelectIsWokenByClose(): void {
  const a = new Chan<i32>();
  const b = new Chan<string>();
  const select = new Select();
  select.recv<i32>(a);
  select.recv<string>(b);
  go(() => {
    settle();
    b.close();
  });
  same(select.wait(), 1, "the closed one");
  check(!ok(), "the end is not ok");
  same(select.value<string>(), "", "the zero value");
  same(select.wait(), 1, "a closed channel stays ready");
  same(select.poll(), 1, "for poll too");
}

function twoSelectsMeet(): void {
  const ch = new Chan<i32>();
  const wg = new WaitGroup();
  wg.add(2);
  go(() => {
    const select = new Select();
    select.send<i32>(ch, 42);
    select.recv<i32>(new Chan<i32>());
    same(select.wait(), 0, "the sending select");
    wg.done();
  });
  go(() => {
    const select = new Select();
    select.recv<string>(new Chan<string>());
    select.recv<i32>(ch);
    same(select.wait(), 1, "the receiving select");
    same(select.value<i32>(), 42, "the value");
    wg.done();
  });
  wg.wait();
}

function aSelectDoesNotMeetItself(): void {
  const ch = new Chan<i32>();
  const select = new Select();
  select.send<i32>(ch, 1);
  select.recv<i32>(ch);
  same(select.poll(), -1, "both ends in one select");
  const timeout = after(5 * Millisecond);
  select.recv<i64>(timeout);
  same(select.wait(), 2, "only the timeout");
  go(() => {
    ch.send(5);
  });
  select.clear();
  select.send<i32>(ch, 1);
  select.recv<i32>(ch);
  same(select.wait(), 1, "another goroutine's send");
  same(select.value<i32>(), 5, "its value");
}

function nullChannelsAreNeverReady(): void {
  const live = new Chan<i32>(1);
  const select = new Select();
  select.recv<i32>(null);
  select.send<i32>(null, 1);
  same(select.poll(), -1, "only null channels");
  select.recv<i32>(live);
  live.send(1);
  same(select.wait(), 2, "the live one");
  select.recv<i64>(after(Millisecond));
  same(select.wait(), 3, "the timeout");
}

function pollNeverBlocks(): void {
  const select = new Select();
  same(select.poll(), -1, "no cases");
  const ch = new Chan<i32>(1);
  select.recv<i32>(ch);
  same(select.poll(), -1, "nothing there");
  ch.send(1);
  same(select.poll(), 0, "something there");
  same(select.value<i32>(), 1, "its value");
  same(select.poll(), -1, "nothing there again");
  const rendezvous = new Chan<i32>();
  const sends = new Select();
  sends.send<i32>(rendezvous, 4);
  same(sends.poll(), -1, "no receiver");
  const got = new Chan<i32>();
  go(() => {
    got.send(rendezvous.recv());
  });
  settle();
  same(sends.poll(), 0, "a receiver");
  same(got.recv(), 4, "what it got");
}

function clearSetAndChannelChangeTheCases(): void {
  const a = new Chan<i32>(10);
  const b = new Chan<i32>(10);
  const select = new Select();
  same(select.send<i32>(a, 1), 0, "the send");
  select.wait();
  select.set<i32>(0, 2);
  select.wait();
  select.channel<i32>(0, b);
  select.wait();
  select.channel<i32>(0, null);
  same(select.poll(), -1, "switched off");
  select.channel<i32>(0, a);
  select.set<i32>(0, 3);
  select.wait();
  same(a.recv() * 100 + a.recv() * 10 + a.recv(), 123, "what went to a");
  same(b.recv(), 2, "what went to b");
  select.clear();
  same(select.poll(), -1, "no cases");
  const texts = new Chan<string>(1);
  texts.send("x");
  same(select.recv<string>(texts), 0, "numbers begin again");
  same(select.wait(), 0, "the new case");
  same(select.value<string>(), "x", "of another type");
  select.channel<string>(0, null);
  const other = new Chan<string>(1);
  other.send("y");
  select.channel<string>(0, other);
  same(select.wait(), 0, "a receive case on another channel");
  same(select.value<string>(), "y", "its value");
}

/** The usual way to merge two channels until both are closed. */
function aChannelIsSwitchedOffWhenItEnds(): void {
  const a = new Chan<i32>();
  const b = new Chan<i32>(3);
  go(() => {
    for (let i = 0; i < 100; i++) a.send(i);
    a.close();
  });
  go(() => {
    for (let i = 0; i < 50; i++) b.send(1000);
    b.close();
  });
  const select = new Select();
  select.recv<i32>(a);
  select.recv<i32>(b);
  let open = 2;
  let sum = 0;
  while (open > 0) {
    const i = select.wait();
    if (ok()) sum += select.value<i32>();
    else {
      select.channel<i32>(i, null);
      open--;
    }
  }
  same(sum, 4950 + 50000, "the sum of both");
}

function aTimeoutIsACase(): void {
  const never = new Chan<i32>();
  const select = new Select();
  select.recv<i32>(never);
  select.recv<i64>(after(10 * Millisecond));
  same(select.wait(), 1, "the timeout");
  check(select.value<i64>() > 0, "carries the time");
}

function aSelectMayHaveManyCases(): void {
  const channels: Chan<i32>[] = [];
  const select = new Select();
  for (let i = 0; i < 300; i++) {
    channels.push(new Chan<i32>());
    same(select.recv<i32>(channels[i]), i, "the index");
  }
  go(() => {
    for (let i = 0; i < 300; i++) channels[(i * 7) % 300].send(i);
  });
  for (let i = 0; i < 300; i++) {
    const index = select.wait();
    same(index, (select.value<i32>() * 7) % 300, "the case that was sent to");
  }
}

class Payload {
  constructor(public n: i32) {}
}

function valuesOfManyTypesInOneSelect(): void {
  const f = new Chan<f64>(1);
  const b = new Chan<bool>(1);
  const o = new Chan<Payload>(1);
  const w = new Chan<i64>(1);
  const y = new Chan<u8>(1);
  const select = new Select();
  select.recv<f64>(f);
  select.recv<bool>(b);
  select.recv<Payload>(o);
  select.recv<i64>(w);
  select.recv<u8>(y);
  f.send(0.5);
  same(select.wait(), 0, "f64");
  same(select.value<f64>(), 0.5, "f64");
  b.send(true);
  same(select.wait(), 1, "bool");
  same(select.value<bool>(), true, "bool");
  o.send(new Payload(7));
  same(select.wait(), 2, "object");
  same(select.value<Payload>().n, 7, "object");
  w.send(-1);
  same(select.wait(), 3, "i64");
  same(select.value<i64>(), -1, "i64");
  y.send(255);
  same(select.wait(), 4, "u8");
  same(select.value<u8>(), 255, "u8");
}

/** Goroutines that select over the same channels in different orders take no locks in each other's way. */
function selectsOverManyChannelsInAnyOrder(): void {
  const n = 8;
  const channels: Chan<i32>[] = [];
  for (let i = 0; i < n; i++) channels.push(new Chan<i32>(i % 3));
  const wg = new WaitGroup();
  const turns = 400;
  for (let g = 0; g < 6; g++) {
    wg.add(2);
    go(() => {
      const select = new Select();
      for (let i = 0; i < n; i++) select.send<i32>(channels[(i * (2 * g + 1)) % n], 1);
      for (let t = 0; t < turns; t++) select.wait();
      wg.done();
    });
    go(() => {
      const select = new Select();
      for (let i = 0; i < n; i++) select.recv<i32>(channels[(n - i + g) % n]);
      for (let t = 0; t < turns; t++) {
        select.wait();
        check(ok(), "a value");
      }
      wg.done();
    });
  }
  wg.wait();
  for (let i = 0; i < n; i++) same(channels[i].length, 0, "values left");
}

function aSelectMayMoveToAnotherGoroutine(): void {
  const ch = new Chan<i32>(1);
  const select = new Select();
  select.recv<i32>(ch);
  ch.send(1);
  select.wait();
  const back = new Chan<Select>();
  go(() => {
    ch.send(2);
    same(select.wait(), 0, "the case in another goroutine");
    same(select.value<i32>(), 2, "the value in another goroutine");
    back.send(select);
  });
  const again = back.recv();
  ch.send(3);
  again.wait();
  same(again.value<i32>(), 3, "and back");
}

function aSendCaseTakesWhatTheChannelTakes(): void {
  const bytes = new Chan<u8>(1);
  const longs = new Chan<i64>(1);
  const floats = new Chan<f64>(1);
  const select = new Select();
  select.send(bytes); // values come later
  select.send(longs);
  select.send(floats);
  select.set(0, 255);
  select.set(1, -1);
  select.set(2, 5);
  for (let i = 0; i < 3; i++) select.wait();
  same(bytes.recv(), <u8>255, "an i32 as a u8");
  same(longs.recv(), -1, "an i32 as an i64");
  same(floats.recv(), 5.0, "an i32 as an f64");
}

function aStatementHasItsBodies(): void {
  const ints = new Chan<i32>(1);
  const texts = new Chan<string>(1);
  const objects = new Chan<Payload>(1);
  let log = "";
  ints.send(1);
  for (let i = 0; i < 6; i++) {
    const done = select()
      .recv(ints, (n, ok) => {
        log += `${n} ${ok}; `;
        texts.send("text");
      })
      .recv(texts, (s) => {
        log += s + "; ";
        objects.send(new Payload(7));
      })
      .recv(objects, (p, ok) => {
        log += ok ? `${p.n}; ` : "end; ";
        if (ok) objects.close();
      })
      .recv<f64>(null, () => check(false, "a null channel"))
      .after(Millisecond, () => check(false, "the time is up"))
      .wait();
    same(done, min(i, 2), "the case");
  }
  same(log, "1 true; text; 7; end; end; end; ", "what the bodies did");
  same(
    select()
      .recv(ints, () => {})
      .after(Millisecond, () => {
        log = "late";
      })
      .wait(),
    1,
    "a timeout",
  );
  same(
    select()
      .recv(ints, () => {})
      .otherwise(() => {
        log += "r";
      })
      .wait(),
    -1,
    "nothing ready",
  );
  same(
    select()
      .send(texts, "sent", () => {
        log += texts.recv();
      })
      .otherwise(() => {})
      .wait(),
    0,
    "a send",
  );
  same(log, "latersent", "what the other bodies did");
}

/** A statement that is kept goes on with its cases, and one whose object nobody sees is made once for a loop. */
function aStatementInALoopAllocatesOnce(): void {
  const ch = new Chan<i32>(1);
  let sum = 0;
  const kept = select().recv(ch, (n) => {
    sum += n;
  });
  const before = memStats().mallocs;
  for (let i = 0; i < 1000; i++) {
    ch.send(1);
    kept.wait();
    ch.send(1);
    select().recv(ch, noted).otherwise(nothing).wait();
  }
  same(sum + total, 2000, "the sum");
  check(memStats().mallocs - before < 50, "a thousand turns allocate nothing");
}

let total = 0;
function noted(n: i32, ok: bool): void {
  total += n;
}
function nothing(): void {
  total = -1;
}

function receiveSaysBoth(): void {
  const ch = new Chan<i64>(1);
  ch.send(9);
  ch.close();
  const first = ch.receive();
  const second = ch.receive();
  check(first.ok && first.value == 9, "a value");
  check(!second.ok && second.value == 0, "the end");
}

export function main(): void {
  aSendCaseTakesWhatTheChannelTakes();
  aStatementHasItsBodies();
  aStatementInALoopAllocatesOnce();
  receiveSaysBoth();
  casesAreNumberedInTheOrderAdded();
  theReadyCaseIsDone();
  aSendCaseSends();
  aBlockedSelectIsWokenByASender();
  aBlockedSelectIsWokenByAReceiver();
  aBlockedSelectIsWokenByClose();
  twoSelectsMeet();
  aSelectDoesNotMeetItself();
  nullChannelsAreNeverReady();
  pollNeverBlocks();
  clearSetAndChannelChangeTheCases();
  aChannelIsSwitchedOffWhenItEnds();
  aTimeoutIsACase();
  aSelectMayHaveManyCases();
  valuesOfManyTypesInOneSelect();
  selectsOverManyChannelsInAnyOrder();
  aSelectMayMoveToAnotherGoroutine();
  gosched();
  sleep(0);
  println("ok");
}
