/**
 * `import { … } from "skein/exec"`: other programs of the system, after Go's `os/exec`. Only `skein run --allow-exec` lets a program run others.
 *
 *     const done = command("git", "log", "-1").run();
 *     if (done.error) eprintln(done.error!.message);       // exit status 128
 *     else print(done.text);
 *
 * The goroutine waits; other goroutines go on. What is still running when the program ends is killed.
 *
 * On a goroutine.
 */
import { AskOp, NoteKind } from "./abi";
import { afterFunc, Context } from "./context";
import { fromUtf8 } from "./encoding";
import { encode } from "./json";
import { malloc, mfree } from "./runtime/memory/malloc";
import { pushNote } from "./runtime/js/mailbox";
import { Atomic } from "./runtime/sync/atomic";
import { askHost, newAsk } from "./runtime/net/ask";

/** How many there have been. */
const runs = new Atomic<i32>();

/** What a program has left behind. */
export class Done {
  constructor(
    /** Its exit code; 128 and the signal's number if one has ended it; -1 if it could not be run. */
    readonly code: i32,
    /** What it wrote to standard output, and to standard error. */
    readonly output: Uint8Array,
    readonly errors: Uint8Array,
    /** `exit status 2` for a code that is not 0, or why it could not be run, or has been killed. */
    readonly error: Error | null,
  ) {}

  /** Its standard output as a text. */
  get text(): string {
    return fromUtf8(this.output);
  }
}

export class Command {
  /** What it reads from standard input. */
  input: Uint8Array = new Uint8Array(0);
  /** The directory that it runs in; this program's if empty. */
  dir: string = "";
  /** What its environment has besides this program's. */
  readonly env: Map<string, string> = new Map<string, string>();

  constructor(
    readonly name: string,
    readonly args: string[],
  ) {}

  /** Runs it until it ends, or is killed by the end of a context. */
  run(ctx: Context | null = null): Done {
    if (ctx && ctx.err()) return new Done(-1, new Uint8Array(0), new Uint8Array(0), ctx.err());
    const text =
      "[" + encode(this.name) + "," + encode(this.args) + "," + encode(this.dir) + "," + encode(this.env) + "]";
    const ask = newAsk(AskOp.Run);
    ask.length = text.length << 1;
    ask.text = copied(changetype<usize>(text), ask.length);
    ask.inputLength = this.input.length;
    ask.input = copied(this.input.dataStart, ask.inputLength);
    const id = runs.add(1);
    ask.id = id;
    const killing = ctx ? afterFunc(ctx, () => pushNote(NoteKind.Kill, id, 0)) : null;
    askHost(ask);
    if (killing) killing.stop();
    mfree(ask.text);
    mfree(ask.input);
    const code = ask.status;
    const output = taken(ask.output, ask.outputLength);
    const errors = taken(ask.errors, ask.errorsLength);
    mfree(changetype<usize>(ask));
    let error: Error | null = null;
    if (code < 0) error = new Error(fromUtf8(errors));
    else if (code != 0) error = ctx && ctx.err() ? ctx.err() : new Error("exit status " + code.toString());
    return new Done(code, output, errors, error);
  }
}

/** A program and its arguments; it is found as a shell finds it. */
export function command(name: string, ...args: string[]): Command {
  return new Command(name, args);
}

function copied(from: usize, length: i32): usize {
  const block = malloc(max(length, 1));
  memory.copy(block, from, length);
  return block;
}

function taken(block: usize, length: i32): Uint8Array {
  const bytes = new Uint8Array(length);
  memory.copy(bytes.dataStart, block, length);
  mfree(block);
  return bytes;
}
