/**
 * A select with its bodies beside its cases, as Go's statement has them:
 *
 *     select()
 *       .recv(numbers, (n, ok) => { … })
 *       .send(out, x, () => { … })
 *       .after(Second, () => { … })
 *       .wait();
 *
 * It is a `Select` whose cases keep a function each, and what calls that with the values of its case. Bodies run on the goroutine that
 * waits, after the select is done: they may wait for something themselves, and use this statement again. One that is kept and waited
 * with again allocates nothing.
 *
 * On a goroutine.
 */
import { gopanic } from "../base/panic";
import { Timer } from "../goroutine/time";
import { Chan, ok } from "./chan";
import { Select } from "./select";

/** T as in `v: T`, but T is not inferred from `v`: a number takes the channel's type. */
type Elem<T> = T;

/** A select without cases; add them, then `wait`. */
export function select(): SelectStatement {
  return new SelectStatement();
}

/** A statement to begin anew with, if there is one from the last time (`host/compiler/selects.ts`). */
export function selectAgain(last: SelectStatement | null): SelectStatement {
  if (!last) return new SelectStatement();
  last.restart();
  return last;
}

/** Channel operations, each with what to do once it has been done. Belongs to one goroutine at a time. */
export class SelectStatement {
  /** The cases, numbered in the order added: `select` and `channel` change them. */
  readonly cases: Select = new Select();
  private timer: Timer | null = null;
  private timeout: i64 = 0;
  private timeoutCase: i32 = -1;
  private default: (() => void) | null = null;

  /** A case that receives: `body` gets the value, and whether it is one (false: the channel is closed and drained). */
  recv<T>(ch: Chan<T> | null, body: (v: T, ok: bool) => void): SelectStatement {
    const cases = this.cases;
    cases.setBody(cases.recv<T>(ch), changetype<usize>(body), (cases: Select, body: usize): void => {
      changetype<(v: T, ok: bool) => void>(body)(cases.value<T>(), ok());
    });
    return this;
  }

  /** A case that sends `v`. */
  send<T>(ch: Chan<T> | null, v: Elem<T>, body: () => void): SelectStatement {
    const cases = this.cases;
    cases.setBody(cases.send<T>(ch, v), changetype<usize>(body), deliverNothing);
    return this;
  }

  /** A case that is ready `d` nanoseconds after each `wait` begins. There is at most one. */
  after(d: i64, body: () => void): SelectStatement {
    if (this.timeoutCase >= 0) gopanic("select: a second after");
    let timer = this.timer;
    if (!timer) {
      timer = new Timer(d);
      timer.stop();
      this.timer = timer;
    }
    const cases = this.cases;
    this.timeout = d;
    this.timeoutCase = cases.recv<i64>(timer.chan);
    cases.setBody(this.timeoutCase, changetype<usize>(body), deliverNothing);
    return this;
  }

  /** What to do where no case is ready: `wait` then does not wait. */
  otherwise(body: () => void): SelectStatement {
    this.default = body;
    return this;
  }

  /**
   * Waits until a case can proceed, does it, calls its body, and returns its number, 0 for the first that was added; -1 where it was
   * `otherwise`.
   */
  wait(): i32 {
    const cases = this.cases;
    const body = this.default;
    if (body) {
      const i = cases.poll();
      if (i < 0) body();
      else cases.callBody(i);
      return i;
    }
    const timer = this.timeoutCase >= 0 ? this.timer : null;
    if (timer) timer.reset(this.timeout);
    const i = cases.wait();
    if (timer && i != this.timeoutCase) timer.stop();
    cases.callBody(i);
    return i;
  }

  /** Removes all cases. */
  clear(): void {
    this.cases.clear();
    this.restart();
  }


  @unsafe restart(): void {
    this.cases.restart();
    this.timeoutCase = -1;
    this.default = null;
  }
}

function deliverNothing(cases: Select, body: usize): void {
  changetype<() => void>(body)();
}
