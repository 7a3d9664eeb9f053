/**
 * A queue with many producers and one consumer, without locks: records that are linked through a field of their own.
 *
 * A Treiber stack (R. K. Treiber, "Systems Programming: Coping with Parallelism", 1986) that is only ever emptied whole,
 * so it has no ABA problem: a push links its record in front of whatever head it saw and installs it with one
 * compare-and-swap; the consumer takes everything with one exchange and reverses it. Pushes by one thread, and pushes
 * ordered by anything else, therefore come out first in, first out.
 *
 * Ordering: the two operations on the head are sequentially consistent, and each push's exchange continues the one it saw, so
 * whoever takes a record sees what was written to it, and to all before it, before it was pushed.
 *
 * A push says whether it found the queue empty. Who then wakes the consumer, who looks once more before it sleeps, loses no
 * record: a push that found the queue non-empty needs to wake nobody, since the one that made it so has, or is about to.
 *
 * Any thread, on either stack.
 */

/** Puts a record, whose link is at its offset `link`, into the queue whose head is at `head`; was the queue empty? */
@inline
export function mpscPush(head: usize, record: usize, link: usize): bool {
  let seen = atomic.load<usize>(head);
  while (true) {
    store<usize>(record + link, seen);
    const now = atomic.cmpxchg<usize>(head, seen, record);
    if (now == seen) return seen == 0;
    seen = now;
  }
}

/** Takes all records, the oldest first, each linked to the next; 0 if there are none. The consumer's. */
export function mpscTake(head: usize, link: usize): usize {
  // The exchange takes the line away from the producers: not for nothing.
  if (atomic.load<usize>(head) == 0) return 0;
  let record = atomic.xchg<usize>(head, 0);
  let first: usize = 0;
  while (record != 0) {
    const next = load<usize>(record + link);
    store<usize>(record + link, first);
    first = record;
    record = next;
  }
  return first;
}
