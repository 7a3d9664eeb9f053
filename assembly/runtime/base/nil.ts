/** The check for null that every operation on an object begins with, the core's and those of programs (`host/compiler/nullchecks.ts`). On a goroutine. */
import { gopanic } from "./panic";

/** Address 0 is memory like any other in wasm: a method called on null would quietly use it. */
@inline
export function nilCheck(object: usize): void {
  if (object == 0) nilPanic();
}

/** Does not return. */
export function nilPanic(): void {
  gopanic("runtime error: invalid memory address or nil pointer dereference");
}
