/**
 * Mailboxes: results and events on their way to a thread that runs JavaScript. Each M has one; M0's is the main thread's.
 *
 * A mailbox is a queue with many producers and one consumer (`mpsc.ts`), so notes that one thread posts, and notes whose
 * posting anything else orders, come out first in, first out.
 *
 * Waking: a push that found the mailbox empty wakes the owner. One that found it non-empty needs nothing: the one that made
 * it non-empty has woken the owner, or is about to. An M is unparked: it finds WOKEN when it is about to sleep, so it looks
 * again. The main thread reads `mainWake`, drains, sets `mainSleep`, and waits for `mainWake` to change from what it
 * read; a push changes `mainWake`, then reads `mainSleep`. Either the push sees that the main thread sleeps and notifies,
 * or the main thread sees the change and does not sleep. Or, for a moment, it blocks: it sets `mainSleep` to MainSleep.Blocked, sees that its
 * mailbox is empty, and waits for `mainSleep` to change, which a push has it do that sees MainSleep.Blocked.
 *
 * A note is any record that begins as one: the next note, and a kind. Who reads it frees it, or keeps it if it is
 * its own.
 *
 * Any thread, on either stack; `drain` on the owner's own.
 */
import { malloc } from "../memory/malloc";
import { m } from "../base/registers";
import { unpark } from "../sched/mp";
import { mpscPush, mpscTake } from "../base/mpsc";
import { M, MainSleep, Note, NoteKind, allm, addressOf, sched } from "../../abi";

/** Puts a note into the mailbox of an M's thread. */
export function post(mp: M, note: usize): void {
  if (mpscPush(addressOf(mp.mail), note, offsetof<Note>("next"))) wakeOwner(mp);
}

/** The same for the thread that was the M's `gen`th; where that has gone, the main thread gets it as an orphan. */
@host
export function postOwned(mid: i32, gen: i32, note: usize): void {
  let mp = allm(mid);
  if (atomic.load<i32>(addressOf(mp.gen)) != gen) {
    changetype<Note>(note).kind |= NoteKind.Orphan;
    mp = allm(0);
  }
  post(mp, note);
}

function wakeOwner(mp: M): void {
  if (mp.id != 0) {
    unpark(mp);
    return;
  }
  atomic.add<i32>(addressOf(sched.mainWake), 1);
  const how = atomic.load<i32>(addressOf(sched.mainSleep));
  if (how == MainSleep.Awake) return;
  if (how != MainSleep.Blocked) atomic.notify(addressOf(sched.mainWake), 1);
  else if (atomic.cmpxchg<i32>(addressOf(sched.mainSleep), MainSleep.Blocked, MainSleep.Awake) == MainSleep.Blocked)
    atomic.notify(addressOf(sched.mainSleep), 1);
}

/** Queues a note for the main thread. */
export function pushNote(kind: i32, a: usize, b: usize): void {
  const note = malloc(offsetof<Note>());
  changetype<Note>(note).kind = kind;
  changetype<Note>(note).a = a;
  changetype<Note>(note).b = b;
  post(allm(0), note);
}

/** Takes all notes of a mailbox, oldest first, linked by `next`; 0 if there are none. The owner's. */
export function takeMail(mp: M): usize {
  return mpscTake(addressOf(mp.mail), offsetof<Note>("next"));
}

/** All notes for this thread, oldest first; 0 if there are none. */
@host
export function drain(): usize {
  return takeMail(m);
}

/** Passes the panic of this thread's goroutine to the main thread; `text` is a Text that the main thread frees. */
@host
export function panicNote(text: usize): void {
  const gp = m.curg;
  pushNote(NoteKind.Panic, gp ? gp.call : 0, text);
}
