import { pushNote, takeMail } from "../../assembly/runtime/js/mailbox";
import { allm, Note, sched } from "../../assembly/abi";
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
      expect(changetype<Note>(note).kind).toBe(i);
      expect(changetype<Note>(note).a).toBe(i * 2);
      expect(changetype<Note>(note).b).toBe(i * 3);
      note = changetype<Note>(note).next;
    }
    expect(note).toBe(0);
    expect(takeMail(allm(0))).toBe(0);
  });

  it("changes the wake word when it fills, and not again before it is drained", () => {
    const before = sched.mainWake;
    pushNote(1, 0, 0);
    expect(sched.mainWake).toBe(before + 1);
    pushNote(2, 0, 0);
    expect(sched.mainWake).toBe(before + 1);
    takeMail(allm(0));
    expect(sched.mainWake).toBe(before + 1);
    pushNote(3, 0, 0);
    expect(sched.mainWake).toBe(before + 2);
  });
});
