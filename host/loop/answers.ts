/**
 * Answers to calls from other threads: asyncio's `run_coroutine_threadsafe`, both sides.
 *
 * Who calls takes a ticket, a block of the loop's mailbox, and sends its number with the call. The loop runs a task and writes into the
 * ticket what came of it; the caller waits for the ticket's state to change.
 *
 * - A ticket's state leaves Pending once, by a compare-and-swap: either the loop has answered, or the caller has given up.
 * - Answered: the caller reads the result and releases the ticket. It writes to it no more after it has seen the state.
 * - Given up: the caller sends a note that says so and forgets the ticket. The loop releases it when it has that note and the
 *   task is over, whichever comes last: only then can its number not be mistaken for that of another call.
 */
import { keepAlive, letGo } from "../base/timers.js";
import { CancelledError, LoopError, TimeoutError } from "./looperrors.js";
import { CANCEL, firstWord, type Mailbox, RUN } from "./mailbox.js";
import { packError, unpackError, type Packed } from "./packederrors.js";
import { outcomeOf, type Task } from "./task.js";

/** Words of a ticket after its header: its state, and the block that has the answer's value. */
const STATE = 0;
const VALUE = 1;
const TICKET_BYTES = 8;

const enum State {
  Pending,
  Returned,
  Thrown,
  Cancelled,
  GivenUp,
}

// ---- the loop's side ------------------------------------------------------------------------------------------------------

interface Call {
  /** Undefined before it has begun. */
  task: Task | undefined;
  givenUp: boolean;
  /** There was an answer, which found the caller gone; the note that says so is under way. */
  isOver: boolean;
}

/** The calls that a loop is to answer. */
export class Answers {
  private readonly calls = new Map<number, Call>();

  constructor(private readonly mailbox: Mailbox) {}

  /** A call has come. */
  open(ticket: number): void {
    this.calls.set(ticket, { task: undefined, givenUp: false, isOver: false });
  }

  /** Answers with what comes of the task that `run` gives, unless the caller has given up. */
  begin(ticket: number, run: () => Task): void {
    const call = this.calls.get(ticket);
    if (call === undefined) return;
    if (call.givenUp) return this.forget(ticket);
    let task: Task;
    try {
      task = run();
    } catch (error) {
      return this.refuse(ticket, error);
    }
    call.task = task;
    task.addDoneCallback(() => this.isDone(ticket, task));
  }

  /** Answers with an error in place of a task. */
  refuse(ticket: number, error: unknown): void {
    this.answer(ticket, State.Thrown, packError(error));
  }

  /** The caller has given up. */
  cancel(ticket: number, message: string | undefined): void {
    const call = this.calls.get(ticket);
    if (call === undefined) return;
    call.givenUp = true;
    if (call.isOver) this.forget(ticket);
    else call.task?.cancel(message);
  }

  /** Nothing will be answered any more. */
  close(): void {
    for (const ticket of [...this.calls.keys()]) this.refuse(ticket, new LoopError("Event loop is closed"));
  }

  private isDone(ticket: number, task: Task): void {
    const outcome = outcomeOf(task);
    if ("result" in outcome) this.answer(ticket, State.Returned, outcome.result);
    else if (task.cancelled()) this.answer(ticket, State.Cancelled, (outcome.error as Error).message);
    else this.answer(ticket, State.Thrown, packError(outcome.error));
  }

  private answer(ticket: number, state: State, value: unknown): void {
    const call = this.calls.get(ticket);
    if (call === undefined) return;
    if (call.givenUp) return this.forget(ticket);
    const { words } = this.mailbox;
    const at = firstWord(ticket);
    let block: number;
    try {
      block = this.mailbox.writeValues([value]);
    } catch (error) {
      state = State.Thrown;
      block = this.mailbox.writeValues([packError(error)]);
    }
    words[at + VALUE] = block;
    if (Atomics.compareExchange(words, at + STATE, State.Pending, state) === State.Pending) {
      Atomics.notify(words, at + STATE);
      this.calls.delete(ticket);
    } else {
      this.mailbox.release(block);
      call.isOver = true;
    }
  }

  private forget(ticket: number): void {
    this.calls.delete(ticket);
    this.mailbox.release(ticket);
  }
}

// ---- the caller's side ----------------------------------------------------------------------------------------------------

type Outcome<T> = { readonly result: T } | { readonly error: unknown };

/** What another thread's loop will make of a call: a promise that can be cancelled, or waited for without giving the thread away. */
export class RemoteFuture<T = unknown> extends Promise<T> {
  readonly #mailbox: Mailbox;
  /** 0 once it is settled. */
  #ticket: number;
  #settle: (outcome: Outcome<T>) => void;
  #outcome: Outcome<T> | undefined;

  /** What `then` gives is a promise like any other. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** @internal Made by `runCoroutineThreadsafe`. */
  constructor(mailbox: Mailbox, target: string | number, args: readonly unknown[]) {
    const ticket = takeTicket(mailbox, target, args);
    let settle!: (outcome: Outcome<T>) => void;
    super((resolve, reject) => {
      settle = (outcome) => {
        if ("error" in outcome) reject(outcome.error);
        else resolve(outcome.result);
      };
    });
    this.#mailbox = mailbox;
    this.#ticket = ticket;
    this.#settle = settle;
    keepAlive();
    const wait = Atomics.waitAsync(mailbox.words, firstWord(ticket) + STATE, State.Pending);
    if (wait.async) void wait.value.then(() => this.#take());
    else queueMicrotask(() => this.#take());
  }

  /** Cancels the task, of which nothing is heard any more, and rejects with a `CancelledError`; false if it is over. */
  cancel(message?: string): boolean {
    const { words } = this.#mailbox;
    const ticket = this.#ticket;
    const at = firstWord(ticket) + STATE;
    if (ticket === 0 || Atomics.compareExchange(words, at, State.Pending, State.GivenUp) !== State.Pending)
      return false;
    // The wait of the constructor ends; it finds nothing to take.
    Atomics.notify(words, at);
    // Whoever cancels it knows.
    this.catch(() => undefined);
    this.#end({ error: new CancelledError(message) });
    // A loop that was closed meanwhile has no task.
    if (!this.#mailbox.closed) this.#mailbox.push(CANCEL, [ticket, message]);
    return true;
  }

  /**
   * Blocks this thread until there is a result, and gives it, or throws. Not on the loop's own thread, which would wait for itself.
   *
   * @param ms milliseconds after which a `TimeoutError` is thrown; the task goes on
   */
  resultSync(ms = Infinity): T {
    if (this.#ticket !== 0) {
      const late =
        Atomics.wait(this.#mailbox.words, firstWord(this.#ticket) + STATE, State.Pending, ms) === "timed-out";
      if (late) throw new TimeoutError(`not done within ${ms} ms`);
      this.#take();
    }
    const outcome = this.#outcome as Outcome<T>;
    if (!("error" in outcome)) return outcome.result;
    // Whoever blocks for it has heard of it.
    this.catch(() => undefined);
    throw outcome.error;
  }

  #take(): void {
    const ticket = this.#ticket;
    if (ticket === 0) return;
    const mailbox = this.#mailbox;
    const at = firstWord(ticket);
    const state = Atomics.load(mailbox.words, at + STATE) as State;
    const block = mailbox.words[at + VALUE] as number;
    let outcome: Outcome<T>;
    try {
      const [value] = mailbox.read(block);
      if (state === State.Returned) outcome = { result: value as T };
      else if (state === State.Cancelled) outcome = { error: new CancelledError(value as string) };
      else outcome = { error: unpackError(value as Packed) };
    } catch (error) {
      outcome = { error };
    }
    mailbox.release(block);
    mailbox.release(ticket);
    this.#end(outcome);
  }

  #end(outcome: Outcome<T>): void {
    this.#ticket = 0;
    this.#outcome = outcome;
    letGo();
    this.#settle(outcome);
  }
}

function takeTicket(mailbox: Mailbox, target: string | number, args: readonly unknown[]): number {
  const ticket = mailbox.allocate(TICKET_BYTES);
  mailbox.words[firstWord(ticket) + VALUE] = 0;
  Atomics.store(mailbox.words, firstWord(ticket) + STATE, State.Pending);
  try {
    mailbox.push(RUN, [ticket, target, ...args]);
  } catch (error) {
    mailbox.release(ticket);
    throw error;
  }
  return ticket;
}
