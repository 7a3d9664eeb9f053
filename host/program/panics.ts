/**
 * What a thrown value means, in Go's words.
 *
 * V8's wording of wasm traps is not specified, but it has been the same for years; what is not recognised is shown as it is.
 */
import { stackOf } from "../base/thrown.js";
import { ProgramPanic } from "./stops.js";
import { framesIn } from "./stacks.js";

const NIL = "runtime error: invalid memory address or nil pointer dereference";
const INDEX = "runtime error: index out of range";
const DIVIDE = "runtime error: integer divide by zero";

/** V8's trap messages, by how they begin. */
const TRAPS: readonly (readonly [prefix: string, message: string])[] = [
  ["memory access out of bounds", NIL],
  ["null function", NIL],
  ["function signature mismatch", NIL],
  ["table index is out of bounds", NIL],
  ["dereferencing a null pointer", NIL],
  ["divide by zero", DIVIDE],
  ["remainder by zero", DIVIDE],
  ["divide result unrepresentable", "runtime error: integer overflow"],
  ["float unrepresentable in integer range", "runtime error: float does not fit the integer type"],
];

/** What AssemblyScript's own library says when it aborts. */
const ABORTS: Readonly<Record<string, string>> = {
  "Index out of range": INDEX,
  "Unexpected 'null' (not assigned or failed cast)": NIL,
  "Division by zero": DIVIDE,
};

/** What panicked, without the word `panic`, or undefined if `thrown` is no failure of the program. */
export function panicMessage(thrown: unknown): string | undefined {
  if (thrown instanceof ProgramPanic) return ABORTS[thrown.message] ?? thrown.message;
  if (thrown instanceof WebAssembly.RuntimeError) {
    const known = TRAPS.find(([prefix]) => thrown.message.startsWith(prefix));
    return known?.[1] ?? `runtime error: ${thrown.message}`;
  }
  if (thrown instanceof RangeError && thrown.message.startsWith("Maximum call stack size exceeded")) {
    return "runtime error: stack overflow";
  }
  return undefined;
}

/** What the core is told of a panic that is caught: its message and, behind a 0, where it was thrown; undefined as above. */
export function thrownText(thrown: unknown): string | undefined {
  const message = panicMessage(thrown);
  return message === undefined ? undefined : `${message}\0${framesIn(stackOf(thrown) ?? "")}`;
}
