// Producers of notes, and the consumer that drains them and sleeps when there are none.
import { addressOf, allm, MainSleep, Note, sched } from "../../../assembly/abi";
import { futexsleep } from "../../../assembly/runtime/base/lock";
import { mfree } from "../../../assembly/runtime/memory/malloc";
import { pushNote, takeMail } from "../../../assembly/runtime/js/mailbox";
import { fastrandn } from "../../../assembly/runtime/base/rand";
import { become, setup, spin, word } from "./setup";

const PRODUCERS: i32 = 4;
/** How long a producer that is too far ahead sleeps, in ns. */
const MOMENT: i64 = 50_000;
/** Notes out of their producer's order, or not as they were pushed. */
const WRONG = 0;
/** Drains that gave something. */
const FILLED = 1;
/** The next note expected of each producer. */
const NEXT = 2;

export function prepare(): void {
  setup(PRODUCERS);
  become(0, -1);
}

/**
 * Pushes `n` notes, with a P or (negative) without, never more than `ahead` before the consumer, so that neither is done
 * before the other begins; with pauses of up to so many turns.
 */
export function produce(id: i32, p: i32, n: i32, ahead: i32, pause: i32): void {
  become(id + 1, p); // M 0 is the consumer
  for (let i = 0; i < n; i++) {
    for (let seen = received(id); i - seen >= ahead; seen = received(id)) futexsleep(word(NEXT + id), seen, MOMENT);
    pushNote(id, i, ~i);
    if (fastrandn(8) == 0) spin(fastrandn(pause));
  }
}

/** Drains until it has seen `n` notes; with `sleep`, sleeps whenever there are none, as the main thread does. */
export function consume(n: i32, sleep: i32): void {
  become(0, -1);
  let wrong = 0;
  for (let seen = 0; seen < n;) {
    const wake = atomic.load<i32>(addressOf(sched.mainWake));
    let note = takeMail(allm(0));
    if (note != 0) atomic.add<i32>(word(FILLED), 1);
    else if (sleep) {
      atomic.store<i32>(addressOf(sched.mainSleep), MainSleep.Asleep);
      futexsleep(addressOf(sched.mainWake), wake, -1);
      atomic.store<i32>(addressOf(sched.mainSleep), MainSleep.Awake);
    }
    while (note != 0) {
      const next = changetype<Note>(note).next;
      const expected = word(NEXT + (changetype<Note>(note).kind & (PRODUCERS - 1)));
      const a = changetype<Note>(note).a;
      if (a != load<i32>(expected) || changetype<Note>(note).b != ~a) wrong++;
      atomic.store<i32>(expected, a + 1);
      mfree(note);
      note = next;
      seen++;
    }
  }
  store<i32>(word(WRONG), wrong);
}

export function wrong(): i32 {
  return load<i32>(word(WRONG));
}

export function filled(): i32 {
  return load<i32>(word(FILLED));
}

/** How many notes of a producer have come. */
export function received(id: i32): i32 {
  return atomic.load<i32>(word(NEXT + id));
}

export function wakes(): i32 {
  return load<i32>(addressOf(sched.mainWake));
}

/** Whether nothing is left. */
export function empty(): i32 {
  return takeMail(allm(0)) == 0 ? 1 : 0;
}
