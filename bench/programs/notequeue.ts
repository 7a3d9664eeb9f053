/**
 * Notequeue: four producers put notes into a queue, one consumer takes them, on all cores; the time that this takes with the core's
 * lock-free queue, as a share of the time that it takes with a queue under a Mutex.
 *
 * In both the notes are there already, linked through a field of their own. A consumer that finds nothing waits for a value
 * on a channel, which the producer sends that finds the queue empty. What differs is the queue: the lock-free one is pushed to
 * with one compare-and-swap and emptied with one exchange; of the other a note is taken as one was put in, under the lock.
 */
import { Chan, go, Mutex, now, WaitGroup } from "skein";
import { mpscPush, mpscTake } from "skein/runtime/mpsc";
import { arg, check, result } from "./harness";

const producers: i32 = 4;
const each = arg(0, 200_000) / producers;

class Note {
  next: Note | null = null;
  from: i32 = 0;
  value: i32 = 0;
}

/** The notes of each producer, which every round uses again. */
const notes: Array<StaticArray<Note>> = [];

// Both queues have the same three members: `wake`; `push`, which says whether the queue was empty; and `take`, which gives the
// notes taken, the oldest first.

@final
class LockFree {
  wake: Chan<bool> = new Chan<bool>(1);
  private head: Note | null = null;

  push(note: Note): bool {
    return mpscPush(
      changetype<usize>(this) + offsetof<LockFree>("head"),
      changetype<usize>(note),
      offsetof<Note>("next"),
    );
  }

  take(): Note | null {
    const first = mpscTake(changetype<usize>(this) + offsetof<LockFree>("head"), offsetof<Note>("next"));
    return changetype<Note | null>(first);
  }
}


@final
class Locked {
  wake: Chan<bool> = new Chan<bool>(1);
  private mutex: Mutex = new Mutex();
  private first: Note | null = null;
  private last: Note | null = null;

  push(note: Note): bool {
    note.next = null;
    this.mutex.lock();
    const last = this.last;
    if (last) last.next = note;
    else this.first = note;
    this.last = note;
    this.mutex.unlock();
    return last == null;
  }

  take(): Note | null {
    this.mutex.lock();
    const first = this.first;
    if (first) {
      this.first = first.next;
      if (!first.next) this.last = null;
    }
    this.mutex.unlock();
    if (first) first.next = null;
    return first;
  }
}

function produce<Q>(queue: Q, from: i32, wg: WaitGroup): void {
  const own = notes[from];
  for (let i = 0; i < own.length; i++) {
    if (queue.push(unchecked(own[i]))) queue.wake.trySend(true);
  }
  wg.done();
}

/** Takes all notes, checking that each producer's come in their order. */
function consume<Q>(queue: Q): void {
  const next = new StaticArray<i32>(producers);
  for (let left = each * producers; left > 0;) {
    let note = queue.take();
    if (!note) queue.wake.recv();
    while (note) {
      if (note.value != unchecked(next[note.from]++)) check(false, "a note out of its order");
      left--;
      note = note.next;
    }
  }
}

/** How long the notes take through the queue, in nanoseconds. */
function time<Q>(queue: Q): i64 {
  const wg = new WaitGroup();
  const start = now();
  wg.add(producers);
  for (let from = 0; from < producers; from++) go(produce<Q>(queue, from, wg));
  consume<Q>(queue);
  const end = now();
  wg.wait();
  return end - start;
}

export function main(): void {
  for (let from = 0; from < producers; from++) {
    const own = new StaticArray<Note>(each);
    for (let i = 0; i < each; i++) {
      const note = new Note();
      note.from = from;
      note.value = i;
      own[i] = note;
    }
    notes.push(own);
  }
  for (const start = now(); now() - start < 300_000_000;) {
    time<LockFree>(new LockFree());
    time<Locked>(new Locked());
  }
  for (let i = arg(1, 5); i > 0; i--) {
    const free = time<LockFree>(new LockFree());
    const locked = time<Locked>(new Locked());
    result("x", <f64>free / <f64>locked);
  }
}
