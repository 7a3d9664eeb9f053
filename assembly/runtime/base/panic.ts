/**
 * Panics and fatal errors: the core finds the words, the host adds the stack and ends the program (or the goroutine).
 *
 * Any thread, on either stack: the import throws, through wasm, into the host that called.
 */
import { enterGate, leaveGate } from "./gate";
import { hostFatal, hostPanic } from "./imports";
import { m, setThrown } from "./registers";

/** A panic, or the end of a goroutine (`goroutine/unwind.ts`), while it is on its way through frames. */
export class Panic {
  /** Where it was thrown, as the host wrote it down. */
  trace: string = "";
  /** No panic: the goroutine ends. */
  isExit: bool = false;
  /** It has come up while the goroutine ended, which that goes on with if this is recovered. */
  exits: bool = false;

  constructor(
    readonly error: Error,
    /** What a report says: with what it has taken the place of. */
    public text: string,
  ) {}
}

/** AssemblyScript's own messages, in Go's words. */
function goWords(message: string): string {
  if (message == "Index out of range") return "runtime error: index out of range";
  if (message.startsWith("Unexpected 'null'")) return NIL;
  return message;
}

const NIL: string = "runtime error: invalid memory address or nil pointer dereference";

/** What AssemblyScript calls for `throw` and failed assertions. Does not return. */
export function abort(message: string | null, fileName: string | null, line: u32, column: u32): void {
  gopanic(message === null ? "assertion failed" : goWords(message));
}

/** What a program's own `throw` calls (`host/compiler/throws.ts`). Does not return. */
export function panicError(error: Error): void {
  if (changetype<usize>(error) == 0) gopanic(NIL);
  const text = goWords(error.message);
  setThrown(changetype<usize>(new Panic(error, text)));
  gopanic(text);
}

/** Panics the current goroutine with a message. Does not return. */
export function gopanic(message: string): void {
  const gated = changetype<usize>(m) != 0 && (enterGate() || m.gated);
  const text = String.UTF8.encode(message);
  if (gated) {
    // It is thrown through whatever has entered the gate, so that is left here.
    m.held = changetype<usize>(text);
    leaveGate();
  }
  hostPanic(changetype<usize>(text), text.byteLength);
  unreachable();
}

/** Ends the program with `fatal error: ` and a message. Does not return. */
export function throwFatal(message: string): void {
  if (changetype<usize>(m) != 0) enterGate();
  const text = String.UTF8.encode("fatal error: " + message + (message.endsWith("\n") ? "" : "\n"));
  hostFatal(changetype<usize>(text), text.byteLength);
  unreachable();
}

/** Ends the program for want of memory; takes none itself. Does not return. */
export function throwOutOfMemory(): void {
  const text = memory.data<u8>([
    102, 97, 116, 97, 108, 32, 101, 114, 114, 111, 114, 58, 32, 111, 117, 116, 32, 111, 102, 32, 109, 101, 109, 111,
    114, 121, 10,
  ]); // "fatal error: out of memory\n"
  hostFatal(text, 27);
  unreachable();
}
