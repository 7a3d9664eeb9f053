/**
 * The checks that operations on objects begin with, the core's and those of programs (`host/compiler/nullchecks.ts`, `indexing.ts`): for null, and
 * of an array's index. On a goroutine.
 */
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

/** The library's arrays check by this. `array` is 0 if it is null, so that its length was read as 0. */
@global @unsafe @inline
export function __checkIndex(index: i32, length: i32, array: usize): void {
  if (<u32>index >= <u32>length) __panicIndex(index, length, array);
}

/** Does not return. */
@global @unsafe
export function __panicIndex(index: i32, length: i32, array: usize): void {
  if (array == 0) nilPanic();
  const past = index < 0 ? "" : " with length " + length.toString();
  gopanic("runtime error: index out of range [" + index.toString() + "]" + past);
}

/** An element of an array without null is null: it was never set. Does not return. */
@global @unsafe
export function __panicHole(): void {
  gopanic("Element type must be nullable if array is holey");
}
