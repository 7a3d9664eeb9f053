import { NOTE_A, NOTE_B, NOTE_KIND, NOTE_NEXT } from "../../assembly/layout";
import { pushNote, takeMail } from "../../assembly/runtime/js/mailbox";
import { allm, sched } from "../../assembly/abi";
import { reset } from "./support";

/** Pages for the notes. */
const PAGES: i32 = 16;

function prepare(): void {
  reset();
  sched.pageNext = memory.grow(PAGES);
  sched.maxPages = sched.heapPages + PAGES;
  takeMail(allm(0));
}

describe("the note queue", () => {
  beforeEach(prepare);

  it("gives nothing when it is empty", () => {
    expect(takeMail(allm(0))).toBe(0);
  });

  it("gives all notes at once, oldest first, as they were pushed", () => {
    for (let i = 1; i <= 100; i++) pushNote(i, i * 2, i * 3);
    let note = takeMail(allm(0));
    for (let i = 1; i <= 100; i++) {
      expect(load<i32>(note, NOTE_KIND)).toBe(i);
      expect(load<i32>(note, NOTE_A)).toBe(i * 2);
      expect(load<i32>(note, NOTE_B)).toBe(i * 3);
      note = load<usize>(note, NOTE_NEXT);
    }
    expect(note).toBe(0);
    expect(takeMail(allm(0))).toBe(0);
  });

  it("changes the wake word when it fills, and not again before it is drained", () => {
    const before = sched.hostWake;
    pushNote(1, 0, 0);
    expect(sched.hostWake).toBe(before + 1);
    pushNote(2, 0, 0);
    expect(sched.hostWake).toBe(before + 1);
    takeMail(allm(0));
    expect(sched.hostWake).toBe(before + 1);
    pushNote(3, 0, 0);
    expect(sched.hostWake).toBe(before + 2);
  });
});
