import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { CLOSED, closeNotes, pushNote, Signal, takeNotes } from "../../host/base/notequeue.js";

const HEAD = 0;
const WAKE = 1;
const LINKS = 16;
const THREADS = 4;
const EACH = 20_000;

const PUSHER = `
  const { workerData: { url, words, from, each } } = require("node:worker_threads");
  import(url).then(({ pushNote, Signal }) => {
    const signal = new Signal(words, ${WAKE});
    for (let i = 0; i < each; i++) {
      const note = from + i;
      if (pushNote(words, ${HEAD}, note, ${LINKS} + note) === 0) signal.raise();
    }
  });
`;

function linkOf(note: number): number {
  return LINKS + note;
}

function newQueue(notes: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * (LINKS + notes + 1)));
}

describe("the note queue", () => {
  it("hands over the notes of several threads, each once and in the order of its thread", async () => {
    const words = newQueue(THREADS * EACH);
    const url = new URL("../../../dist/base/notequeue.js", import.meta.url).href;
    const workers = Array.from({ length: THREADS }, (_, i) => {
      const workerData = { url, words, from: 1 + i * EACH, each: EACH };
      return new Worker(PUSHER, { eval: true, workerData });
    });
    const next = workers.map(() => 0);
    const signal = new Signal(words, WAKE);
    const anchor = setInterval(() => undefined, 1000);
    for (let left = THREADS * EACH; left > 0;) {
      const seen = signal.count;
      const notes = takeNotes(words, HEAD, linkOf);
      for (const note of notes) {
        const thread = Math.floor((note - 1) / EACH);
        assert.equal((note - 1) % EACH, next[thread]!++);
      }
      left -= notes.length;
      // No note is missed: whoever makes the queue non-empty after the take changes the count.
      if (left > 0 && notes.length === 0) await signal.changed(seen);
    }
    clearInterval(anchor);
    assert.deepEqual(
      next,
      workers.map(() => EACH),
    );
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

  it("says to whom it was empty, and refuses notes once it is closed", () => {
    const words = newQueue(3);
    assert.equal(pushNote(words, HEAD, 1, linkOf(1)), 0);
    assert.equal(pushNote(words, HEAD, 2, linkOf(2)), 1);
    assert.deepEqual(takeNotes(words, HEAD, linkOf), [1, 2]);
    assert.deepEqual(takeNotes(words, HEAD, linkOf), []);
    assert.equal(pushNote(words, HEAD, 3, linkOf(3)), 0);
    assert.deepEqual(closeNotes(words, HEAD, linkOf), [3]);
    assert.equal(pushNote(words, HEAD, 1, linkOf(1)), CLOSED);
  });
});
